-- Mixes of sectors: one row per mix and sector. Suppliers of one mix share one threat.
with
mixes as (
    select
        string_agg(sector_id || ':' || share_0_1, ' ' order by sector_id) as mix_id,
        list({ 'sector_id': sector_id, 'share_0_1': share_0_1 } order by sector_id) as members
    from facts.supplier_sectors
    group by supplier_id, source_id, from_date
)

select distinct m.mix_id, t.member.sector_id, t.member.share_0_1
from mixes as m, unnest(m.members) as t (member)
