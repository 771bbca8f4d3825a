-- Sector labels without an alias; an alias with a blank sector says: known, outside our eight.
with
labels as (
    select distinct source_row, vocabulary, "value", written
    from quality.sector_labels
    where table_name = $table_name and delivery_id = $delivery_id
),

unknown as (
    select l.*
    from labels as l
    where not exists (
        select 1
        from method.sector_aliases as a
        where
            l.vocabulary = a.vocabulary
            and (
                l."value" = a."value"
                or (
                    l.vocabulary in ('naics', 'nace', 'veris')
                    and starts_with(l."value", a."value")
                )
            )
    )
),

near as (
    select
        u.vocabulary,
        u."value",
        list(
            a."value" order by jaro_winkler_similarity(u."value", a."value") desc, a."value"
        ) as known_values
    from (select distinct vocabulary, "value" from unknown) as u
    inner join (select distinct vocabulary, "value" from method.sector_aliases) as a
        on u.vocabulary = a.vocabulary
    group by all
)

select
    u.source_row,
    'critical' as severity,
    'sector ''' || coalesce(u.written, 'blank') || ''' is not a known label of vocabulary '
    || coalesce(u.vocabulary, 'blank')
    || coalesce('; nearest: ' || array_to_string(n.known_values[1:3], ', '), '') as reason,
    'Add the label to warehouse/method/sector_aliases.csv '
    || '(with a blank sector where it is none of ours), then replay.' as remedy
from unknown as u
left join near as n on u.vocabulary = n.vocabulary and u."value" = n."value"
