-- What the facts were made from is kept delivery by delivery in quality.facts_inputs.
drop table if exists quality.facts_state;
