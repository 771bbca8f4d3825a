-- Suppliers without a sector: no threat reaches them, so that they cannot be scored.
select
    u.source_row,
    'critical' as severity,
    'sectors is blank' as reason,
    'Give the supplier at least one sector at the source, then deliver again.' as remedy
from staged.suppliers as u
where
    u.delivery_id = $delivery_id
    and coalesce(len(u.sectors), 0) = 0
