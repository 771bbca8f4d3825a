-- Intervals are kept by mix and gap, no longer as variances, so that days scored before are to be scored again.
delete from quality.scored_days
where exists (
    select 1 from duckdb_columns()
    where column_name = 'exposure_variance_points2' and database_name = current_database()
);
delete from scores.supplier_spans
where not exists (select 1 from quality.scored_days);
delete from scores.vulnerability_spans
where not exists (select 1 from quality.scored_days);
delete from scores.sector_threat_daily
where not exists (select 1 from quality.scored_days);
delete from scores.mix_threat_daily
where not exists (select 1 from quality.scored_days);
delete from scores.sector_daily
where not exists (select 1 from quality.scored_days);
delete from scores.sector_driver_daily
where not exists (select 1 from quality.scored_days);
alter table scores.supplier_spans drop column if exists exposure_variance_points2;
alter table scores.supplier_spans drop column if exists drivers;
alter table scores.supplier_spans add column if not exists hazard double;
alter table scores.supplier_spans add column if not exists inferred_variance_points2 double;
alter table scores.mix_threat_daily drop column if exists threat_variance_points2;
alter table scores.sector_threat_daily drop column if exists threat_intensity_variance;
