-- Every sector label in use and our sectors that it stands for; codes of NAICS and NACE match by prefix.
with
labels as (
    select distinct t.fact.vocabulary, t.fact."value"
    from validated.reports as r, unnest(r.facts) as t (fact)
    where t.fact.fact_type = 'sector'
    union
    select distinct t.sector.vocabulary, t.sector."value"
    from validated.suppliers as u, unnest(u.sectors) as t (sector)
),

matches as (
    select
        l.vocabulary,
        l."value",
        a.sector_id,
        a.share_0_1,
        length(a."value") = max(length(a."value")) over (partition by l.vocabulary, l."value")
            as is_longest
    from labels as l
    inner join method.sector_aliases as a
        on
            l.vocabulary = a.vocabulary
            and (
                l."value" = a."value"
                or (l.vocabulary in ('naics', 'nace', 'veris') and starts_with(l."value", a."value"))
            )
)

select vocabulary, "value", sector_id, cast(share_0_1 as double) as share_0_1
from matches
where is_longest and sector_id is not null and share_0_1 > 0
