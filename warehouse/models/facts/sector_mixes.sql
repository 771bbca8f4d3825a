-- Mixes of sectors: one row per mix and sector, and since when any supplier has it. Suppliers of one mix
-- share one threat.
with
mixes as (
    select
        from_date,
        string_agg(sector_id || ':' || share_0_1, ' ' order by sector_id) as mix_id,
        list({ 'sector_id': sector_id, 'share_0_1': share_0_1 } order by sector_id) as members
    from facts.supplier_sectors
    group by supplier_id, source_id, from_date
)

select
    m.mix_id,
    t.member.sector_id,
    t.member.share_0_1,
    min(m.from_date) as since_date
from mixes as m, unnest(m.members) as t (member)
group by all
