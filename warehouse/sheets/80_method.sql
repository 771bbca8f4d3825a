-- sheet: Method
-- workbooks: day range
-- title: How the scores are made
-- note: The method's tables as they were used for {day}; the full text is METHODOLOGY.md.
-- question: How is a score made, and what does it not say?
-- tab: reference
-- page: landscape
--
-- list: Sentences
-- | sentence | Sentence | 16 | sentence | A sentence on the method | Never blank |
select
    unnest([
        'Risk is how often (threat) x how likely to succeed (susceptibility) x how bad (consequence).',
        'A score is 10 x log2 of the risk, set so that a typical supplier on a calm day scores 40: ten points more is twice the risk.',
        'Threat comes from reports known by the end of the day, weighted by kind, severity, credibility and age; one event counts once.',
        'Susceptibility comes from the vulnerabilities open at the supplier and the probability that they are exploited within 30 days.',
        'Consequence comes from the supplier''s criticality in the register.',
        'A sector''s score is the same scale on the mean risk of its suppliers, weighted by their share in it.',
        'The 80 % interval says how far the score may be off, from doubtful and missing evidence. A blank is "not available", never zero.',
        'Bands are fixed limits: a score moves only when its own inputs move, not because others do.',
        'A score ranks attention. It does not say that an attack will happen, nor that a low score is safe.'
    ]) as sentence;

-- table: Bands
-- heading: Bands
-- | band | Band | 16 | band | Name of the band | Never blank |
-- | lower_score | From (points) | 14 | integer | Lowest score of the band | Never blank |
-- | upper_score | Below (points) | 12 | integer | Lowest score of the next band | No upper limit |
-- | reading | Reading | 62 | prose | What a score in the band says | Never blank |
-- | action | What to do | 62 | prose | The usual next step | Never blank |
select
    band,
    lower_score,
    if(upper_score > 100, null, upper_score) as upper_score,
    rationale as reading,
    action
from bands
order by lower_score;

-- table: ReportKinds
-- heading: Kinds of report
-- | kind | Kind | 16 | text | Kind of report | Never blank |
-- | weight | Weight | 14 | number | What one report of full severity and credibility adds, in multiples of the usual threat | Never blank |
-- | half_life | Half-life (days) | 12 | integer | Days after which it counts half | Never blank |
-- | title | Title | 62 | prose | The kind in words | Never blank |
-- | rationale | Reason | 62 | prose | Why this weight | Not stated |
select
    kind,
    weight,
    half_life_days as half_life,
    title,
    rationale
from method.report_kinds
order by weight desc, kind;

-- table: Parameters
-- heading: Parameters
-- | name | Parameter | 34 | text | Name in the method's tables | Never blank |
-- | value | Value | 14 | number | Value used | Never blank |
-- | unit | Unit | 16 | prose | Unit of the value | No unit |
-- | rationale | Reason | 62 | prose | Why this value | Not stated |
-- | source | Source | 62 | prose | Where it comes from | Not stated |
select
    name,
    value,
    unit,
    rationale,
    source
from method.parameters
order by name;
