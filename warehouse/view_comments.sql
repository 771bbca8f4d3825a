-- Meanings of the views' columns, read by the data dictionary.

comment on view scores.supplier_daily is 'Score of each supplier on each day; the five kinds of points sum to the score';
comment on column scores.supplier_daily.sectors is 'Sectors with shares, largest first';
comment on column scores.supplier_daily.threat_rate_30d is 'Share-weighted hostile attempts that matter per 30 days';
comment on column scores.supplier_daily.susceptibility_0_1 is 'Probability that an attempt succeeds';
comment on column scores.supplier_daily.consequence is 'Harm to us, 1 = criticality 1; doubles with each step';
comment on column scores.supplier_daily.risk is 'threat_rate_30d * susceptibility_0_1 * consequence';
comment on column scores.supplier_daily.baseline_points is 'Score of a typical supplier on a calm day';
comment on column scores.supplier_daily.bound_points is 'What the bounds 0 and 100 took away or added; 0 otherwise';
comment on column scores.supplier_daily.score_low_0_100 is 'Lower end of the 80 % interval (points)';
comment on column scores.supplier_daily.score_high_0_100 is 'Upper end of the 80 % interval (points)';
comment on column scores.supplier_daily.published_score is 'score_0_100 rounded to one decimal; changes are computed from it';
comment on column scores.supplier_daily.loss_probability_30d is 'Probability of a successful attempt within 30 days';
comment on column scores.supplier_daily.last_scan_date is 'Day on which the newest scan known was delivered';
comment on column scores.supplier_daily.coverage_state is 'complete, or what is missing: no scan, stale scan, no criticality, threat sources';
comment on view scores.supplier_driver_daily is 'Open vulnerabilities behind a supplier''s susceptibility, largest first, and the rest as Other';
comment on column scores.supplier_driver_daily.share_0_1 is 'Share of the sum of -x ln(1 - p)';

comment on view scores.sector_outlook_daily is 'How likely a month that begins the next day is worse than usual for the sector';
comment on column scores.sector_outlook_daily.above_usual_0_1 is 'Probability that the month has more hostile incidents (hacking, malware, social engineering) than the sector''s mean month of the year before; not shown to be better than the sector''s past share of such months';
