-- Days on which a scan of a supplier became known, from any scanner.
select distinct supplier_id, scan_date
from facts.scans
