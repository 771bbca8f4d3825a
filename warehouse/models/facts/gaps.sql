-- What may be missing of a supplier, under the name that its days show, and the doubt that it brings.
select
    concat_ws(', ', nullif(s.gap, ''), nullif(c.gap, '')) as gaps,
    pow(s.sd_points, 2) + pow(c.sd_points, 2) as variance_points2
from (
    values
    ('', 0),
    ('no scan', method.parameter('no_scan_sd_points')),
    ('stale scan', method.parameter('stale_scan_sd_points'))
) as s (gap, sd_points)
cross join (
    values
    ('', 0),
    ('no criticality', method.parameter('no_criticality_sd_points'))
) as c (gap, sd_points)
