-- Named evidence behind each score, strongest first. An event adds to a supplier what it adds to
-- the supplier's main sector.
create or replace temp table evidence as
with
events as (
    select d.*
    from shown_sector_drivers as d
    where d.score_date = getvariable('end_date') and d.driver_kind not in ('other', 'usual')
),

every as (
    select
        'Sector' as level,
        e.sector_id as subject_id,
        e.driver_kind,
        e.driver_id,
        e.driver_title,
        e.url,
        e.published_at,
        e.points
    from events as e
    inner join sector_now as s on e.sector_id = s.sector_id
    where s.published_score is not null
    union all
    select
        'Supplier',
        s.supplier_id,
        e.driver_kind,
        e.driver_id,
        e.driver_title,
        e.url,
        e.published_at,
        e.points
    from supplier_now as s
    inner join events as e on s.main_sector_id = e.sector_id and e.driver_rank <= 3
    where s.published_score is not null
    union all
    select
        'Supplier',
        d.supplier_id,
        d.driver_kind,
        d.driver_id,
        d.driver_title,
        case
            when regexp_full_match(d.driver_id, 'CVE-\d{4}-\d{4,}')
                then 'https://www.cve.org/CVERecord?id=' || d.driver_id
        end,
        null,
        d.points
    from shown_supplier_drivers as d
    inner join supplier_now as s on d.supplier_id = s.supplier_id
    where
        d.score_date = getvariable('end_date')
        and d.driver_kind not in ('other', 'usual')
        and s.published_score is not null
)

select
    level,
    subject_id,
    driver_kind,
    driver_id,
    driver_title,
    url,
    published_at,
    round(points, 1) as points,
    row_number() over (
        partition by level, subject_id order by round(points, 1) desc, driver_title, driver_id
    ) as place
from every
where round(points, 1) > 0;

create or replace temp table reasons as
select
    level,
    subject_id,
    driver_title as reason,
    url
from evidence
where place = 1;
