-- The sectors of each version of a supplier; shares sum to 1.
with
labelled as (
    select
        v.supplier_id,
        v.source_id,
        v.from_date,
        l.sector_id,
        sum(method.exact(
            coalesce(t.sector.share_0_1, 1.0 / len(v.sectors)) * l.share_0_1
        )) as share
    from facts.supplier_versions as v, unnest(v.sectors) as t (sector)
    inner join facts.sector_labels as l
        on t.sector.vocabulary = l.vocabulary and t.sector."value" = l."value"
    group by all
)

select
    supplier_id,
    source_id,
    from_date,
    sector_id,
    cast(share as double)
    / cast(sum(share) over (partition by supplier_id, source_id, from_date) as double)
        as share_0_1
from labelled
