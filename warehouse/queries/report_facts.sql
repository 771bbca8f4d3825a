-- What the reports of one delivery say, each fact with the sentence that supports it.
select
    r.kind,
    t.fact.fact_type as fact,
    coalesce(t.fact."value", t.fact.label) as "value",
    t.fact.stance as stance,
    t.fact.confidence_0_1 as confidence,
    t.fact.sentence as sentence
from validated.reports as r, unnest(r.facts) as t (fact)
where r.delivery_id = $delivery_id
order by r.source_row, fact, stance, "value", sentence
