-- What statements say of products, why a finding is set aside, and how sure a vulnerability is. Records taken in before
-- say nothing of it until they are read anew ('sector-risk restore'); scans had found every vulnerability of before.
alter table staged.vulnerabilities add column if not exists statement_key varchar;
alter table staged.vulnerabilities add column if not exists is_withdrawn boolean;
alter table staged.vulnerabilities add column if not exists affected struct(
    status varchar, vendor varchar, product varchar, versions varchar, low varchar, is_low_open boolean, high varchar,
    is_high_open boolean, justification varchar
)[];
alter table staged.findings add column if not exists justification varchar;
create table if not exists scores.vulnerability_spans (
    supplier_id varchar not null,
    cve_id varchar not null,
    first_date date not null,
    last_date date not null,
    probability double not null,
    reach varchar not null,
    n_assets bigint not null,
    hazard double not null,
    delivery_id varchar not null,
    source_row bigint not null
);
alter table scores.vulnerability_spans add column if not exists credibility_0_1 double default 1;
alter table scores.vulnerability_spans add column if not exists inferred_from varchar;
