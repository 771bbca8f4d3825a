-- Every stored table, each column with its meaning and unit: this file is the data dictionary.
-- All timestamps are UTC without zone. A blank always means "not available", never zero.

create schema if not exists method;
create schema if not exists raw;
create schema if not exists staged;
create schema if not exists validated;
create schema if not exists quarantine;
create schema if not exists quality;
create schema if not exists facts;
create schema if not exists scores;

create table if not exists raw.deliveries (
    delivery_id varchar primary key,
    source_id varchar not null,
    name varchar not null,
    path varchar not null,
    url varchar,
    etag varchar,
    last_modified varchar,
    licence varchar not null,
    n_bytes bigint not null,
    sha256 varchar not null,
    delivered_at timestamp not null,
    published_on date,
    is_historical boolean not null,
    repeats_delivery_id varchar,
    status varchar not null,
    problem varchar
);
comment on table raw.deliveries is 'Manifest of the raw archive: one row per file received';
comment on column raw.deliveries.delivery_id is 'source_id/delivered_on/first 12 hex digits of the SHA-256';
comment on column raw.deliveries.path is 'Path of the archived bytes below the raw folder';
comment on column raw.deliveries.delivered_at is 'When it reached us (UTC)';
comment on column raw.deliveries.published_on is 'Publication date stated by whoever handed the file in';
comment on column raw.deliveries.is_historical is 'Its records count as known since their own disclosure, not since the delivery';
comment on column raw.deliveries.repeats_delivery_id is 'The earlier delivery with the same bytes, where there is one';
comment on column raw.deliveries.status is 'loaded, duplicate, held (by a gate; its rows are in quarantine) or failed';
comment on column raw.deliveries.problem is 'Why a failed delivery could not be read, and what to do';

create table if not exists raw.inbox_files (
    inbox_path varchar primary key,
    n_bytes bigint not null,
    mtime_ns bigint not null,
    delivery_id varchar not null
);
comment on table raw.inbox_files is 'Files of the inbox that have been received, so that a second look costs nothing';
comment on column raw.inbox_files.inbox_path is 'Path below the inbox';
comment on column raw.inbox_files.mtime_ns is 'Time of its last change, nanoseconds since 1970';

create table if not exists staged.reports (
    source_id varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    known_at timestamp not null,
    disclosed_at timestamp not null,
    report_key varchar,
    kind varchar,
    title varchar,
    publisher varchar,
    url varchar,
    published_at timestamp,
    modified_at timestamp,
    valid_until timestamp,
    supersedes_key varchar,
    is_withdrawn boolean,
    severity_0_10 double,
    reliability varchar,
    information_credibility_1_6 tinyint,
    confidence_0_1 double,
    tlp varchar,
    refs varchar[],
    facts struct(
        fact_type varchar,
        vocabulary varchar,
        "value" varchar,
        label varchar,
        stance varchar,
        confidence_0_1 double,
        sentence varchar
    )[],
    body varchar,
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
comment on table staged.reports is 'Threat reports of every format: one row per report and version received';
comment on column staged.reports.known_at is 'When we could first know it (UTC): the delivery, or for a historical import the record''s own disclosure';
comment on column staged.reports.disclosed_at is 'When the record itself says that it became known (UTC)';
comment on column staged.reports.report_key is 'Identity of the report within its source, the same in each version';
comment on column staged.reports.kind is 'One of method.report_kinds';
comment on column staged.reports.publisher is 'Who wrote it; two reports of one publisher do not corroborate each other';
comment on column staged.reports.valid_until is 'A notice is in force until then (UTC)';
comment on column staged.reports.supersedes_key is 'report_key of the notice that this one replaces';
comment on column staged.reports.is_withdrawn is 'Revoked by its author';
comment on column staged.reports.severity_0_10 is 'Severity as stated (CVSS or equivalent); blank = the default of its kind';
comment on column staged.reports.reliability is 'Admiralty reliability of its author, A to F, where the report states it; blank = that of the source';
comment on column staged.reports.information_credibility_1_6 is 'Admiralty information credibility: 1 confirmed … 5 improbable, 6 cannot be judged';
comment on column staged.reports.confidence_0_1 is 'Confidence stated by the author (STIX confidence / 100, estimative words)';
comment on column staged.reports.tlp is 'Traffic Light Protocol 2.0: CLEAR, GREEN, AMBER, AMBER+STRICT or RED';
comment on column staged.reports.refs is 'Identifiers and addresses that this report shares with others of the same event (advisory ids, URLs); never CVE ids';
comment on column staged.reports.facts is 'What the report says: sector, actor, cve, technique, action or date, each with its stance and supporting sentence';
comment on column staged.reports.body is 'Plain text';
comment on column staged.reports.record is 'The record as received';
comment on column staged.reports.is_repeat is 'An earlier document of the source, or its list before this one, held the identical record';

create table if not exists staged.exploited_vulnerabilities (
    source_id varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    known_at timestamp not null,
    disclosed_at timestamp not null,
    cve_id varchar,
    vendor varchar,
    product varchar,
    vulnerability_name varchar,
    added_date date,
    due_date date,
    is_ransomware boolean,
    required_action varchar,
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
comment on table staged.exploited_vulnerabilities is 'Vulnerabilities known to be exploited (KEV): one row per entry and delivery';
comment on column staged.exploited_vulnerabilities.added_date is 'Date added to the catalog';
comment on column staged.exploited_vulnerabilities.due_date is 'Date by which US agencies must act';
comment on column staged.exploited_vulnerabilities.is_ransomware is 'Known use in ransomware campaigns';

create table if not exists staged.epss_scores (
    source_id varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    known_at timestamp not null,
    disclosed_at timestamp not null,
    cve_id varchar,
    epss_date date,
    model_version varchar,
    epss_0_1 double,
    percentile_0_1 double,
    n_scores bigint,
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
comment on table staged.epss_scores is 'EPSS: probability of exploitation within 30 days, one row per CVE and file that ranks it otherwise, to one significant digit from the top, than the file before; a first row and a new model''s rows always';
comment on column staged.epss_scores.percentile_0_1 is 'Rank of the score among all CVEs of that day, 0 lowest to 1 highest; within the file where that gives none';
comment on column staged.epss_scores.n_scores is 'On the first row of a file: number of CVEs that it scores; blank on the others';

create table if not exists staged.vulnerabilities (
    source_id varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    known_at timestamp not null,
    disclosed_at timestamp not null,
    cve_id varchar,
    published_date date,
    cvss_version varchar,
    cvss_vector varchar,
    cvss_base_0_10 double,
    ssvc_exploitation varchar,
    ssvc_automatable boolean,
    vendor varchar,
    product varchar,
    statement_key varchar,
    is_withdrawn boolean,
    affected struct(
        status varchar,
        vendor varchar,
        product varchar,
        versions varchar,
        low varchar,
        is_low_open boolean,
        high varchar,
        is_high_open boolean,
        justification varchar
    )[],
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
comment on table staged.vulnerabilities is 'What is said of a CVE: one row per CVE, statement and delivery';
comment on column staged.vulnerabilities.ssvc_exploitation is 'SSVC exploitation: none, poc or active';
comment on column staged.vulnerabilities.ssvc_automatable is 'SSVC automatable';
comment on column staged.vulnerabilities.statement_key is 'Document that says it; a later revision of the document replaces all that it said';
comment on column staged.vulnerabilities.is_withdrawn is 'The advisory is withdrawn, or the CVE rejected';
comment on column staged.vulnerabilities.affected is 'Products that are affected, fixed or not_affected: versions all, range (with its ends, open = not included) or unknown; justification of not_affected';

create table if not exists staged.suppliers (
    source_id varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    known_at timestamp not null,
    disclosed_at timestamp not null,
    supplier_id varchar,
    supplier_name varchar,
    aliases varchar[],
    lei varchar,
    cage_code varchar,
    uei varchar,
    duns varchar,
    parent_id varchar,
    country varchar,
    sites varchar,
    sectors struct(vocabulary varchar, "value" varchar, share_0_1 double)[],
    criticality_1_5 tinyint,
    dependency_0_1 double,
    spend_eur double,
    contact_group varchar,
    valid_from date,
    valid_to date,
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
comment on table staged.suppliers is 'Supplier register: one row per supplier and delivery. A supplier that a delivery of the whole list no longer names has ended; one whose row was quarantined is named, so its last valid row stays';
comment on column staged.suppliers.sectors is 'Sectors as written by the source, with the share of the supplier''s business in each';
comment on column staged.suppliers.criticality_1_5 is '1 negligible … 5 vital to us';
comment on column staged.suppliers.dependency_0_1 is 'How much of the supply has no substitute; blank = 1';
comment on column staged.suppliers.valid_from is 'First day on which the row holds';
comment on column staged.suppliers.valid_to is 'First day on which it no longer holds; blank = open';

create table if not exists staged.assets (
    source_id varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    known_at timestamp not null,
    disclosed_at timestamp not null,
    asset_id varchar,
    supplier_id varchar,
    reach varchar,
    vendor varchar,
    product varchar,
    product_version varchar,
    cpe varchar,
    valid_from date,
    valid_to date,
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
comment on table staged.assets is 'Assets of suppliers: one row per asset and delivery';
comment on column staged.assets.reach is 'internet, ics or internal';

create table if not exists staged.findings (
    source_id varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    known_at timestamp not null,
    disclosed_at timestamp not null,
    supplier_id varchar,
    asset_id varchar,
    cve_id varchar,
    status varchar,
    first_seen date,
    last_seen date,
    fixed_on date,
    is_inferred boolean,
    justification varchar,
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
comment on table staged.findings is 'Vulnerabilities found at suppliers: one row per finding and delivery. A delivery covers the suppliers that it names, or of these only the assets that it says were scanned: a finding that it no longer lists there is closed by it, everything else keeps its findings';
comment on column staged.findings.status is 'open, fixed, not_affected, or scanned: the scan ran, of the asset given or of the supplier as a whole (no CVE in this row)';
comment on column staged.findings.first_seen is 'Day it was first found open';
comment on column staged.findings.fixed_on is 'First day on which it is no longer open';
comment on column staged.findings.is_inferred is 'Concluded from a product inventory, not seen by a scan';
comment on column staged.findings.justification is 'Why it is not, or no longer, affected';

create or replace view quality.sector_labels as
select
    'reports' as table_name, r.delivery_id, r.source_row, t.fact.vocabulary, t.fact."value",
    coalesce(t.fact.label, t.fact."value") as written
from staged.reports as r, unnest(r.facts) as t (fact)
where t.fact.fact_type = 'sector'
union all
select
    'suppliers', u.delivery_id, u.source_row, t.sector.vocabulary, t.sector."value",
    t.sector."value"
from staged.suppliers as u, unnest(u.sectors) as t (sector);
comment on view quality.sector_labels is 'Every sector label received, as its record has it';

create or replace view quality.supplier_references as
select 'assets' as table_name, delivery_id, source_row, supplier_id from staged.assets
union all
select 'findings', delivery_id, source_row, supplier_id from staged.findings;
comment on view quality.supplier_references is 'Every record that names a supplier whom a register must know';

create table if not exists quality.verdicts (
    table_name varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    rule_id varchar not null,
    severity varchar not null,
    reason varchar not null,
    remedy varchar not null
);
comment on table quality.verdicts is 'One row per record and rule that it breaks; a critical verdict quarantines the record';
comment on column quality.verdicts.severity is 'critical (quarantined), warning or info (loaded and noted)';

create table if not exists quality.ledger (
    delivery_id varchar not null,
    table_name varchar not null,
    n_received bigint not null,
    n_loaded bigint not null,
    n_quarantined bigint not null,
    n_duplicate bigint not null,
    content_hash varchar not null default '',
    primary key (delivery_id, table_name),
    check (n_received = n_loaded + n_quarantined + n_duplicate)
);
comment on table quality.ledger is 'What became of every received record: received = loaded + quarantined + duplicate';
comment on column quality.ledger.n_loaded is 'Valid records; of a list that is delivered whole each time, repeated ones too';
comment on column quality.ledger.n_duplicate is 'Valid records that were received before, or that say what the file before said; or records of a file that was received before';
comment on column quality.ledger.content_hash is 'Hash of the valid rows as staged; a replay or correction that changes them changes it';

create table if not exists quality.releases (
    delivery_id varchar primary key,
    reason varchar not null
);
comment on table quality.releases is 'Deliveries that a person let through although a gate held them';
comment on column quality.releases.reason is 'Why the delivery is right as it is';

create table if not exists quality.gates (
    delivery_id varchar,
    score_date date,
    gate varchar not null,
    severity varchar not null,
    is_passed boolean not null,
    expected varchar not null,
    found varchar not null,
    policy varchar not null,
    kind varchar not null
);
comment on table quality.gates is 'Checks of a delivery or of a scored day as a whole';
comment on column quality.gates.policy is 'What follows where it is not passed: warn (shown), hold (until a person decides) or stop';
comment on column quality.gates.kind is 'freshness, volume, schema, drift, row or score';

create table if not exists quality.scored_days (
    score_date date primary key,
    knowledge varchar not null,
    method_version varchar not null,
    inputs_sha256 varchar not null,
    run_id varchar not null,
    backfill_id varchar
);
comment on table quality.scored_days is 'Which method and inputs each stored day was computed from';
comment on column quality.scored_days.knowledge is 'then (as could be known that day) or now (hindsight)';
comment on column quality.scored_days.inputs_sha256 is 'Hash of the loaded deliveries known before the day''s cut-off, and of the knowledge mode';
comment on column quality.scored_days.run_id is 'Hash of the day, the method and the inputs; the same inputs give the same id';

comment on column quality.scored_days.backfill_id is 'The backfill that scored the day (quality.backfills); blank = a daily run';

create table if not exists quality.inputs (
    delivery_id varchar not null,
    content_hash varchar not null,
    first_date date not null,
    last_date date not null
);
comment on table quality.inputs is 'Deliveries by spans of scored days that were computed from them';
comment on column quality.inputs.content_hash is 'Hash of its valid rows as they were then; a replay or correction that changes them changes it';
comment on column quality.inputs.first_date is 'First day of the span';
comment on column quality.inputs.last_date is 'Last day of the span, included';

create table if not exists quality.method_files (
    method_version varchar not null,
    path varchar not null,
    content varchar not null,
    primary key (method_version, path)
);
comment on table quality.method_files is 'Every version of the method that was ever installed here, file by file';
comment on column quality.method_files.path is 'Path of the file below warehouse/';
comment on column quality.method_files.content is 'Its text';

create table if not exists quality.backfills (
    backfill_id varchar primary key,
    start_date date not null,
    end_date date not null,
    knowledge varchar not null,
    method_version varchar not null,
    sectors varchar[] not null,
    reason varchar not null,
    requested_by varchar not null,
    n_days integer not null,
    n_rows bigint not null,
    seconds double not null,
    inputs_sha256 varchar not null,
    state_sha256 varchar not null,
    swapped_at timestamp not null,
    rolled_back_at timestamp,
    rolled_back_by varchar,
    rollback_reason varchar
);
comment on table quality.backfills is 'Every backfill that was swapped in: what, why, by whom and from what';
comment on column quality.backfills.sectors is 'Sectors whose scores it replaced; empty = all';
comment on column quality.backfills.requested_by is 'Account that asked for it';
comment on column quality.backfills.n_days is 'Days that were computed';
comment on column quality.backfills.n_rows is 'Suppliers times days that were computed';
comment on column quality.backfills.seconds is 'Time that computing took';
comment on column quality.backfills.inputs_sha256 is 'Hash over the inputs of its days';
comment on column quality.backfills.state_sha256 is 'Hash over the runs of its days as it left them';
comment on column quality.backfills.swapped_at is 'When its scores took their place (UTC)';
comment on column quality.backfills.rolled_back_at is 'When the scores before it came back (UTC); blank = it stands';

create table if not exists quality.publications (
    score_date date not null,
    run_id varchar not null,
    outcome varchar not null,
    held_by varchar[] not null,
    decided_by varchar,
    decided_at timestamp,
    reason varchar,
    primary key (score_date, run_id)
);
comment on table quality.publications is 'What became of each run that was to be published';
comment on column quality.publications.outcome is 'published, held (waits for a person), approved or rejected (by one), or stopped (needs other inputs)';
comment on column quality.publications.held_by is 'What the gates that held it expected and found; empty = nothing held it';
comment on column quality.publications.decided_by is 'Who approved or rejected it; blank = nobody was needed or has answered';
comment on column quality.publications.decided_at is 'When that was (UTC)';
comment on column quality.publications.reason is 'Why, in the words of whoever decided';

create table if not exists quality.migrations (
    migration_number integer primary key,
    name varchar not null,
    sha256 varchar not null,
    recorded_at timestamp not null
);
comment on table quality.migrations is 'Changes of stored tables between versions of Sector Risk that this warehouse has behind it';
comment on column quality.migrations.migration_number is 'Its place in their order';
comment on column quality.migrations.name is 'File in warehouse/migrations/';
comment on column quality.migrations.sha256 is 'Hash of that file';
comment on column quality.migrations.recorded_at is 'When it was applied, or the warehouse was made in that form (UTC)';

create table if not exists quality.facts_inputs (
    basis varchar not null,
    delivery_id varchar not null,
    content_hash varchar not null
);
comment on table quality.facts_inputs is 'What the tables of facts were last made from';
comment on column quality.facts_inputs.basis is 'Version of the method, and the knowledge';
comment on column quality.facts_inputs.content_hash is 'Hash of the delivery''s valid rows as they were then';

create table if not exists facts.report_events (
    report_id varchar primary key,
    event_id varchar not null,
    parent_report_id varchar,
    nearest_report_id varchar,
    link_reason varchar not null,
    similarity_0_1 double,
    is_doubtful boolean not null
);
comment on table facts.report_events is 'Which event each report tells of: that of the earlier-known report it best matches, else its own';
comment on column facts.report_events.report_id is 'source_id/report_key';
comment on column facts.report_events.event_id is 'report_id of the first known report of the event';
comment on column facts.report_events.parent_report_id is 'The earlier report by which it joined the event; blank = it opened the event';
comment on column facts.report_events.nearest_report_id is 'The earlier report most like it, joined or not';
comment on column facts.report_events.link_reason is 'What speaks for the two being one event, as a sentence';
comment on column facts.report_events.similarity_0_1 is 'How surely the two are one event: 1 = stated or decided';
comment on column facts.report_events.is_doubtful is 'Too close to call by rule: a person may decide in method/event_decisions.csv';

create table if not exists facts.report_events_basis (basis varchar not null);
comment on table facts.report_events_basis is 'Fingerprint of the reports and the method that report_events was computed from';
comment on column facts.report_events_basis.basis is 'Hashes and counts; equal = nothing to do';

create table if not exists facts.supplier_identities (
    supplier_id varchar not null,
    from_date date not null,
    until_date date not null,
    identity_id varchar not null,
    reason varchar not null,
    primary key (supplier_id, from_date)
);
comment on table facts.supplier_identities is 'Supplier ids that are joined with others, and the id under which they count by days; ids that are not listed count under their own';
comment on column facts.supplier_identities.from_date is 'First day: when what joins them was known of both';
comment on column facts.supplier_identities.until_date is 'First day on which it no longer holds';
comment on column facts.supplier_identities.reason is 'The identifier that both have, or the decision';

create table if not exists facts.source_coverage_daily (
    score_date date not null,
    source_id varchar not null,
    last_delivered_on date,
    age_days integer,
    expected_every_days integer,
    coverage_state varchar not null,
    primary key (score_date, source_id)
);
comment on table facts.source_coverage_daily is 'Whether each source had arrived by the end of each day';
comment on column facts.source_coverage_daily.coverage_state is 'current, late or missing';

create table if not exists scores.sector_threat_daily (
    score_date date not null,
    sector_id varchar not null,
    base_rate_30d double not null,
    threat_intensity double not null,
    threat_rate_30d double not null,
    threat_points double not null,
    n_events integer not null,
    threat_coverage_0_1 double not null,
    primary key (score_date, sector_id)
);
comment on table scores.sector_threat_daily is 'Threat to each sector on each day';
comment on column scores.sector_threat_daily.base_rate_30d is 'Hostile attempts that matter per supplier and 30 days on a calm day';
comment on column scores.sector_threat_daily.threat_intensity is 'Sum of the decayed events, in multiples of the base rate';
comment on column scores.sector_threat_daily.threat_rate_30d is 'base_rate_30d * (1 + threat_intensity)';
comment on column scores.sector_threat_daily.threat_points is '10 * log2(1 + threat_intensity): what the events add to each score of the sector';

create table if not exists scores.mix_threat_daily (
    score_date date not null,
    mix_id varchar not null,
    threat_rate_30d double,
    threat_coverage_0_1 double not null,
    baseline_points double not null,
    threat_points double,
    primary key (score_date, mix_id)
);
comment on table scores.mix_threat_daily is 'Threat to each mix of sectors on each day';
comment on column scores.mix_threat_daily.mix_id is 'Sectors of the mix with their shares';
comment on column scores.mix_threat_daily.threat_rate_30d is 'Share-weighted hostile attempts that matter per 30 days; blank = not scored';

create table if not exists scores.mix_interval_daily (
    score_date date not null,
    mix_id varchar not null,
    gaps varchar not null,
    low_points double not null,
    high_points double not null,
    primary key (score_date, mix_id, gaps)
);
comment on table scores.mix_interval_daily is 'How far the 80 % interval reaches from the score, by mix of sectors and by what is missing of a supplier';
comment on column scores.mix_interval_daily.low_points is 'From the score down to the lower end (points, at most 0)';
comment on column scores.mix_interval_daily.high_points is 'From the score up to the upper end (points, at least 0)';

create table if not exists scores.supplier_spans (
    supplier_id varchar not null,
    first_date date not null,
    last_date date not null,
    supplier_name varchar,
    country varchar,
    mix_id varchar not null,
    main_sector_id varchar not null,
    sectors varchar not null,
    criticality_1_5 tinyint,
    consequence double not null,
    hazard double not null,
    susceptibility_0_1 double not null,
    n_open_vulnerabilities bigint,
    last_scan_date date,
    delivery_id varchar not null,
    source_row bigint not null,
    susceptibility_points double not null,
    usual_susceptibility_points double not null,
    consequence_points double not null,
    inferred_variance_points2 double not null,
    gaps varchar not null
);
comment on table scores.supplier_spans is 'Suppliers by spans of scored days on which nothing about them changed; days are served by scores.supplier_daily';
comment on column scores.supplier_spans.first_date is 'First day of the span';
comment on column scores.supplier_spans.last_date is 'Last day of the span, included';
comment on column scores.supplier_spans.hazard is 'Sum of -x c ln(1 - p) over the open vulnerabilities; at least the usual one where there is no scan';
comment on column scores.supplier_spans.usual_susceptibility_points is 'Susceptibility points of a supplier without any open vulnerability';
comment on column scores.supplier_spans.inferred_variance_points2 is 'Variance of the score from what is inferred of the supplier (points squared)';
comment on column scores.supplier_spans.gaps is 'What is missing; empty = nothing';

create table if not exists scores.vulnerability_spans (
    supplier_id varchar not null,
    cve_id varchar not null,
    first_date date not null,
    last_date date not null,
    probability double not null,
    reach varchar not null,
    n_assets bigint not null,
    credibility_0_1 double not null,
    inferred_from varchar,
    hazard double not null,
    delivery_id varchar not null,
    source_row bigint not null
);
comment on table scores.vulnerability_spans is 'Open vulnerabilities of suppliers by spans of scored days on which nothing about them changed';
comment on column scores.vulnerability_spans.probability is 'Probability of exploitation within 30 days';
comment on column scores.vulnerability_spans.reach is 'Best reach among the assets that have it: internet, ics, internal or unknown';
comment on column scores.vulnerability_spans.credibility_0_1 is 'How sure it is that an asset has it: 1 = a scan found it';
comment on column scores.vulnerability_spans.inferred_from is 'Product, ground and source of what no scan found but the inventory lets conclude';
comment on column scores.vulnerability_spans.hazard is '-x c ln(1 - p), x by reach, c the credibility: what it adds to the supplier''s hazard';

create table if not exists scores.sector_daily (
    score_date date not null,
    sector_id varchar not null,
    n_suppliers integer not null,
    risk double,
    baseline_points double,
    threat_points double,
    susceptibility_points double,
    consequence_points double,
    bound_points double,
    score_0_100 double,
    score_low_0_100 double,
    score_high_0_100 double,
    published_score decimal(4, 1),
    band_id varchar,
    worst_ten_share_0_1 double,
    coverage_0_1 double not null,
    coverage_state varchar not null,
    primary key (score_date, sector_id)
);
comment on table scores.sector_daily is 'Score of each sector on each day: the same scale on the mean risk of its suppliers';
comment on column scores.sector_daily.worst_ten_share_0_1 is 'Share of the sector''s risk carried by its ten riskiest suppliers';
comment on column scores.sector_daily.coverage_0_1 is 'Share of the expected evidence that was there';
comment on column scores.sector_daily.coverage_state is 'complete, partial, or not scored with the reason';

create table if not exists scores.sector_driver_daily (
    score_date date not null,
    sector_id varchar not null,
    driver_rank integer not null,
    driver_kind varchar not null,
    driver_id varchar,
    driver_title varchar not null,
    url varchar,
    published_at timestamp,
    share_0_1 double not null,
    points double not null,
    delivery_id varchar,
    source_row bigint,
    primary key (score_date, sector_id, driver_rank)
);
comment on table scores.sector_driver_daily is 'Events behind a sector''s threat points, largest first, and the rest as Other; points sum to threat_points';
comment on column scores.sector_driver_daily.driver_kind is 'report kind of the event''s strongest report, or other';
comment on column scores.sector_driver_daily.share_0_1 is 'Share of the sector''s threat intensity';

create table if not exists scores.alerts_daily (
    score_date date not null,
    alert_kind varchar not null,
    subject_kind varchar not null,
    subject_id varchar not null,
    sector_id varchar not null,
    supplier_id varchar,
    severity varchar not null,
    points double not null,
    sentence varchar not null,
    delivery_id varchar,
    source_row bigint,
    primary key (score_date, alert_kind, subject_kind, subject_id)
);
comment on table scores.alerts_daily is 'What a person should hear of on each day, each thing once';
comment on column scores.alerts_daily.alert_kind is 'band (clearly in another band), move (much within a day), event (strong new evidence) or exploitation (of an open vulnerability)';
comment on column scores.alerts_daily.subject_kind is 'sector, supplier, event or vulnerability';
comment on column scores.alerts_daily.subject_id is 'Its id';
comment on column scores.alerts_daily.sector_id is 'The sector; of a supplier its main one, of an event or vulnerability the one that it adds most to';
comment on column scores.alerts_daily.supplier_id is 'The supplier; of a vulnerability the one that it adds most to';
comment on column scores.alerts_daily.severity is 'critical (act today), warning (look at it) or info';
comment on column scores.alerts_daily.points is 'Change of the score, or what the event or vulnerability adds to it (points)';
comment on column scores.alerts_daily.sentence is 'What happened and why, with figures';
comment on column scores.alerts_daily.delivery_id is 'Delivery of the report that is named; of an exploitation that of the finding at that supplier';
