-- Suppliers all of whose sectors lie outside the eight: loaded, but no threat reaches them.
with
labels as (
    select u.source_row, t.sector.vocabulary as vocabulary, t.sector."value" as label
    from staged.suppliers as u, unnest(u.sectors) as t (sector)
    where u.delivery_id = $delivery_id
),

meanings as (
    select
        l.source_row,
        l.label,
        max(a.share_0_1) as share_0_1
    from labels as l
    inner join method.sector_aliases as a
        on
            l.vocabulary = a.vocabulary
            and (
                l.label = a."value"
                or (l.vocabulary in ('naics', 'nace', 'veris') and starts_with(l.label, a."value"))
            )
    group by l.source_row, l.label, length(a."value")
    qualify length(a."value") = max(length(a."value")) over (partition by l.source_row, l.label)
)

select
    source_row,
    'warning' as severity,
    'its sectors lie outside the eight: ' || string_agg(label, ', ' order by label)
    || '. It is not scored' as reason,
    'Nothing, or give the sector in which it matters to us at the source.' as remedy
from meanings
group by source_row
having max(share_0_1) = 0
