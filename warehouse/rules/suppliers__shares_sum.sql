-- Shares of a supplier's sectors, each a share and together not more than the whole.
with
shares as (
    select
        u.source_row,
        sum(t.sector.share_0_1) as total,
        min(t.sector.share_0_1) as least_share
    from staged.suppliers as u, unnest(u.sectors) as t (sector)
    where u.delivery_id = $delivery_id
    group by all
)

select
    source_row,
    'critical' as severity,
    case
        when least_share < 0 then 'a sector''s share is ' || least_share || ', below 0'
        else 'the shares of its sectors sum to ' || round(total, 4) || ', must be at most 1'
    end as reason,
    'Correct the shares at the source, then deliver again.' as remedy
from shares
where total > 1.001 or least_share < 0
