-- sheet: Provenance
-- workbooks: day range
-- title: Where the numbers come from
-- note: The same method and inputs give this file again, byte for byte. The newest 500 deliveries
--   that count for {day} are listed; all are in the table raw.deliveries.
-- question: Which run, method and files is this made of?
-- tab: reference
-- page: landscape
--
-- table: Run
-- heading: Run
-- | item | Item | 42 | text | What is stated | Never blank |
-- | value | Value | 70 | text | The statement | Not known |
with
counts as (
    select
        (
            select count(*) from shown_suppliers as s
            where s.score_date = c.end_date
        ) as n_suppliers,
        (
            select count(*) from scores.sector_daily as s
            where s.score_date = c.end_date
        ) as n_sectors,
        (select count(*) from known_deliveries) as n_deliveries
    from chosen as c
),

approvals as (
    select
        run_id,
        if(
            decided_by is null,
            'Not needed: no gate held it back',
            format('Approved by {} on {} UTC', decided_by, strftime(decided_at, '%Y-%m-%d %H:%M'))
            || if(reason = '', '', ': ' || reason)
        ) as approval
    from quality.publications
    where outcome = 'published'
)

select
    unnest([
        { 'item': 'Run', 'value': p.run_id },
        { 'item': 'Scores for', 'value': p.score_date },
        { 'item': 'Knowledge', 'value': p.knowledge },
        { 'item': 'Cut-off (UTC)', 'value': strftime(c.end_date + 1, '%Y-%m-%d 00:00') },
        { 'item': 'Method version', 'value': p.method_version },
        { 'item': 'Inputs (SHA-256)', 'value': p.inputs_sha256 },
        { 'item': 'Data state', 'value': p.data_state },
        { 'item': 'Approval', 'value': a.approval },
        { 'item': 'Marking', 'value': p.tlp },
        { 'item': 'Rows scores.supplier_daily', 'value': n.n_suppliers::varchar },
        { 'item': 'Rows scores.sector_daily', 'value': n.n_sectors::varchar },
        { 'item': 'Deliveries', 'value': n.n_deliveries::varchar }
    ], recursive := true)
from document_properties as p
left join approvals as a on p.run_id = a.run_id
cross join chosen as c
cross join counts as n;

-- table: Inputs
-- heading: Inputs
-- | delivery_id | Delivery | 42 | text | = raw.deliveries.delivery_id | Never blank |
-- | sha256 | SHA-256 | 70 | text | Hash of the bytes received | Never blank |
-- | name | File | 40 | text | Name of the file as delivered | Never blank |
-- | delivered_at | Delivered (UTC) | 17 | time | = raw.deliveries.delivered_at | Never blank |
-- | n_bytes | Size (bytes) | 12 | integer | Size of the file | Never blank |
-- | n_rows | Rows | 10 | integer | Records in the file | Not read |
-- | status | Status | 11 | text | = raw.deliveries.status | Never blank |
-- | licence | Licence | 44 | prose | Terms of the data | Never blank |
select
    d.delivery_id,
    d.sha256,
    d.name,
    d.delivered_at,
    d.n_bytes,
    sum(l.n_received) as n_rows,
    d.status,
    d.licence
from known_deliveries as d
left join quality.ledger as l on d.delivery_id = l.delivery_id
group by all
order by d.delivered_at desc, d.delivery_id
limit 500;
