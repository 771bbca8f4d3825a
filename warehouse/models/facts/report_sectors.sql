-- How far each version of a report concerns each sector: named in it, else implied by the targets
-- that its actor was known for by then.
with
stated as (
    select
        v.report_id, v.known_date, v.published_date, t.fact,
        coalesce(t.fact.confidence_0_1, 1) * s.relevance_0_1 as relevance_0_1
    from facts.report_versions as v, unnest(v.facts) as t (fact)
    inner join method.stances as s
        on t.fact.fact_type = s.fact_type and t.fact.stance = s.stance
),

named as (
    select
        f.report_id, f.known_date, l.sector_id, f.relevance_0_1 * l.share_0_1 as relevance_0_1,
        { 'basis': 'named', 'label': f.fact.label, 'sentence': f.fact.sentence } as ground
    from stated as f
    inner join facts.sector_labels as l
        on f.fact.vocabulary = l.vocabulary and f.fact."value" = l."value"
    where f.fact.fact_type = 'sector'
),

implied as (
    select
        f.report_id,
        f.known_date,
        a.sector_id,
        f.relevance_0_1 * a.relevance_0_1 * method.parameter('actor_relevance') as relevance_0_1,
        { 'basis': 'implied', 'label': f.fact.label, 'sentence': f.fact.sentence } as ground
    from stated as f
    inner join method.actor_targets as a
        on f.fact."value" = a.actor_id and a.known_since <= f.published_date
    where f.fact.fact_type = 'actor'
)

select
    report_id,
    known_date,
    sector_id,
    max(relevance_0_1) as relevance_0_1,
    max_by(ground, (relevance_0_1, ground)) as ground
from (
    from named
    union all
    from implied
)
where relevance_0_1 > 0
group by all
