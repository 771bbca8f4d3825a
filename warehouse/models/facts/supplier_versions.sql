-- Versions of each supplier, one at a time, under the id by which it is known then. Where several
-- rows say something of it on the same day, the more reliable source and its own id go first.
with
identified as (
    select
        coalesce(i.identity_id, r.supplier_id) as supplier_id,
        r.supplier_id as given_id,
        r.* exclude (supplier_id, from_date, until_date),
        greatest(r.from_date, coalesce(i.from_date, r.from_date)) as from_date,
        least(r.until_date, coalesce(i.until_date, r.until_date)) as until_date
    from facts.register_versions as r
    left join facts.supplier_identities as i
        on
            r.supplier_id = i.supplier_id
            and r.from_date < i.until_date
            and r.until_date > i.from_date
),

contested as (
    select supplier_id
    from identified
    group by supplier_id
    having count(distinct(given_id, source_id)) > 1
),

changes as (
    select supplier_id, from_date from identified semi join contested using (supplier_id)
    union
    select supplier_id, until_date from identified semi join contested using (supplier_id)
),

spans as (
    select
        supplier_id,
        from_date,
        lead(from_date) over (partition by supplier_id order by from_date) as until_date
    from changes
),

ranked as (
    select
        i.* replace (s.from_date as from_date, s.until_date as until_date),
        row_number() over (
            partition by s.supplier_id, s.from_date
            order by
                m.reliability, i.given_id = i.supplier_id desc, i.from_date desc,
                i.given_id, i.delivery_id, i.source_row
        ) as place
    from spans as s
    inner join identified as i
        on
            s.supplier_id = i.supplier_id
            and s.from_date >= i.from_date
            and s.from_date < i.until_date
    left join method.sources as m on i.source_id = m.source_id
),

chosen as (
    select
        *,
        coalesce(
            delivery_id = lag(delivery_id) over own
            and source_row = lag(source_row) over own
            and from_date = lag(until_date) over own,
            false
        ) as is_continued
    from ranked
    where place = 1
    window own as (partition by supplier_id order by from_date)
),

runs as (
    select
        *,
        sum(cast(not is_continued as integer)) over (
            partition by supplier_id order by from_date
            rows between unbounded preceding and current row
        ) as run
    from chosen
)

select
    * exclude (given_id, place, is_continued, run)
    replace (max(until_date) over (partition by supplier_id, run) as until_date)
from runs
qualify not is_continued
union all by name
select * exclude (given_id) from identified anti join contested using (supplier_id)
