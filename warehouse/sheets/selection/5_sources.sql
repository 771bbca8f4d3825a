-- What has been delivered for the chosen day, and what it means.
create or replace temp view known_deliveries as
select d.*
from shown_deliveries as d
cross join chosen as c
where d.delivered_at < c.end_date + 1 or d.is_historical;

create or replace temp table source_now as
with
counts as (
    select
        d.source_id,
        count(distinct d.delivery_id) as n_deliveries,
        count(distinct d.delivery_id) filter (where d.status = 'failed') as n_failed,
        max(d.delivered_at) as last_delivered_at,
        sum(l.n_received) as n_received,
        sum(l.n_loaded) as n_loaded,
        sum(l.n_quarantined) as n_quarantined,
        sum(l.n_duplicate) as n_duplicate
    from known_deliveries as d
    left join quality.ledger as l on d.delivery_id = l.delivery_id
    group by d.source_id
)

select
    f.*,
    s.title,
    n.* exclude (source_id)
from facts.source_coverage_daily as f
inner join chosen as c on f.score_date = c.end_date
left join method.sources as s on f.source_id = s.source_id
left join counts as n on f.source_id = n.source_id;
