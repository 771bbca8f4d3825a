-- What the sheets read: the chosen day or days (`chosen`, one row) and suppliers (`portfolio`),
-- joined and rounded once. Changes are differences of published scores.
create or replace temp macro quoted(words, most) as format('"{}"', if(length(words) > most, left(words, most - 1) || '…', words));

create or replace temp macro counted(n, thing) as format('{:,} {}{}', n, thing, if(n = 1, '', 's'));

create or replace temp view bands as
select
    band_id,
    title as band,
    lower_score,
    lead(lower_score, 1, 101) over (order by lower_score) as upper_score,
    action,
    fill,
    ink,
    rationale
from method.bands
order by lower_score;

create or replace temp table supplier_then as
select
    s.*,
    c.end_date - s.score_date as age_days
from shown_suppliers as s
cross join chosen as c
where
    list_contains(getvariable('compared_dates'), s.score_date)
    and (not c.is_portfolio or s.supplier_id in (select p.supplier_id from portfolio as p));

create or replace temp table sector_then as
select
    s.*,
    c.end_date - s.score_date as age_days
from scores.sector_daily as s
cross join chosen as c
where list_contains(getvariable('compared_dates'), s.score_date);

create or replace temp table supplier_now as
with
earlier as (
    select
        supplier_id,
        max(published_score) filter (where age_days = 1) as score_1,
        max(published_score) filter (where age_days = 7) as score_7,
        max(published_score) filter (where age_days = 30) as score_30,
        max(band_id) filter (where age_days = 1) as band_id_1
    from supplier_then
    where age_days > 0
    group by supplier_id
),

placed as (
    select
        s.* exclude (consequence),
        s.published_score is not null as is_scored,
        if(is_scored, round(s.baseline_points, 1), null) as baseline,
        if(is_scored, round(s.threat_points, 1), null) as threat,
        if(is_scored, round(s.susceptibility_points, 1), null) as susceptibility,
        if(is_scored, round(s.consequence_points, 1), null) as consequence,
        row_number() over (
            order by s.published_score desc nulls last, s.supplier_name, s.supplier_id
        ) as place
    from supplier_then as s
    where s.age_days = 0
)

select
    p.*,
    sector.title as sector,
    b.band,
    b.lower_score,
    high.lower_score <= b.lower_score as is_high,
    e.band_id_1,
    before.band as band_1,
    p.published_score - e.score_1 as change_1,
    p.published_score - e.score_7 as change_7,
    p.published_score - e.score_30 as change_30,
    e.score_1,
    round(
        p.published_score::double - p.baseline - p.threat - p.susceptibility - p.consequence, 1
    ) as rest
from placed as p
left join earlier as e on p.supplier_id = e.supplier_id
left join bands as b on p.band_id = b.band_id
left join bands as before on e.band_id_1 = before.band_id
left join bands as high on high.band_id = 'high'
left join method.sectors as sector on p.main_sector_id = sector.sector_id;

create or replace temp table sector_now as
with
earlier as (
    select
        sector_id,
        max(published_score) filter (where age_days = 1) as score_1,
        max(published_score) filter (where age_days = 7) as score_7,
        max(published_score) filter (where age_days = 30) as score_30
    from sector_then
    where age_days > 0
    group by sector_id
),

history as (
    select
        d.sector_id,
        min(d.published_score) as low_90,
        max(d.published_score) as high_90,
        count(d.published_score) as n_days_90,
        count(*) filter (where d.published_score >= t.published_score) as n_days_at_or_above
    from scores.sector_daily as d
    cross join chosen as c
    inner join sector_then as t on d.sector_id = t.sector_id and t.age_days = 0
    where d.score_date between c.end_date - 89 and c.end_date
    group by d.sector_id
)

select
    s.*,
    sector.title as sector,
    b.band,
    row_number() over (order by s.published_score desc nulls last, sector.title) as place,
    e.score_1,
    s.published_score - e.score_1 as change_1,
    s.published_score - e.score_7 as change_7,
    s.published_score - e.score_30 as change_30,
    h.* exclude (sector_id),
    round(s.baseline_points, 1) as baseline,
    round(s.threat_points, 1) as threat,
    round(s.susceptibility_points, 1) as susceptibility,
    round(s.consequence_points, 1) as consequence,
    round(s.published_score::double - baseline - threat - susceptibility - consequence, 1) as rest
from sector_then as s
inner join method.sectors as sector on s.sector_id = sector.sector_id
left join earlier as e on s.sector_id = e.sector_id
left join history as h on s.sector_id = h.sector_id
left join bands as b on s.band_id = b.band_id
where s.age_days = 0;
