-- The stored tables of the first version that kept deliveries (commit 96b25b1), without comments.
create schema method;
create schema raw;
create schema staged;
create schema validated;
create schema quarantine;
create schema quality;
create schema facts;
create schema scores;
create table raw.deliveries (
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
create table raw.inbox_files (
    inbox_path varchar primary key,
    n_bytes bigint not null,
    mtime_ns bigint not null,
    delivery_id varchar not null
);
create table staged.reports (
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
create table staged.exploited_vulnerabilities (
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
create table staged.epss_scores (
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
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
create table staged.vulnerabilities (
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
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
create table staged.suppliers (
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
create table staged.assets (
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
create table staged.findings (
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
    record varchar not null,
    record_md5 varchar not null,
    is_repeat boolean not null
);
create table quality.verdicts (
    table_name varchar not null,
    delivery_id varchar not null,
    source_row bigint not null,
    rule_id varchar not null,
    severity varchar not null,
    reason varchar not null,
    remedy varchar not null
);
create table quality.ledger (
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
create table quality.releases (
    delivery_id varchar primary key,
    reason varchar not null
);
create table quality.gates (
    delivery_id varchar,
    score_date date,
    gate varchar not null,
    severity varchar not null,
    is_passed boolean not null,
    expected varchar not null,
    found varchar not null
);
create table quality.scored_days (
    score_date date primary key,
    knowledge varchar not null,
    method_version varchar not null,
    inputs_sha256 varchar not null,
    run_id varchar not null
);
create table quality.facts_state (
    knowledge varchar not null,
    inputs_sha256 varchar not null
);
create table facts.report_events (
    report_id varchar primary key,
    event_id varchar not null,
    parent_report_id varchar,
    nearest_report_id varchar,
    link_reason varchar not null,
    similarity_0_1 double,
    is_doubtful boolean not null
);
create table facts.report_events_basis (basis varchar not null);
create table facts.source_coverage_daily (
    score_date date not null,
    source_id varchar not null,
    last_delivered_on date,
    age_days integer,
    expected_every_days integer,
    coverage_state varchar not null,
    primary key (score_date, source_id)
);
create table scores.sector_threat_daily (
    score_date date not null,
    sector_id varchar not null,
    base_rate_30d double not null,
    threat_intensity double not null,
    threat_intensity_variance double not null,
    threat_rate_30d double not null,
    threat_points double not null,
    n_events integer not null,
    threat_coverage_0_1 double not null,
    primary key (score_date, sector_id)
);
create table scores.mix_threat_daily (
    score_date date not null,
    mix_id varchar not null,
    threat_rate_30d double,
    threat_coverage_0_1 double not null,
    baseline_points double not null,
    threat_points double,
    threat_variance_points2 double,
    primary key (score_date, mix_id)
);
create table scores.supplier_spans (
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
    susceptibility_0_1 double not null,
    n_open_vulnerabilities bigint,
    last_scan_date date,
    drivers struct(
        cve_id varchar, share_0_1 double, delivery_id varchar, source_row bigint
    )[],
    delivery_id varchar not null,
    source_row bigint not null,
    susceptibility_points double not null,
    usual_susceptibility_points double not null,
    consequence_points double not null,
    exposure_variance_points2 double not null,
    gaps varchar not null
);
create table scores.sector_daily (
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
create table scores.sector_driver_daily (
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
