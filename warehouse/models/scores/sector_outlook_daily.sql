-- Every day and sector: how likely a calendar month that begins the next day has more hostile
-- incidents than the sector's mean month of the year before it.
select
    t.score_date,
    t.sector_id,
    t.threat_intensity,
    t.threat_points,
    case
        when t.threat_coverage_0_1 >= method.parameter('minimum_threat_coverage')
            then 1 / (1 + exp(
                -ln(o.calm_probability_0_1 / (1 - o.calm_probability_0_1))
                - method.parameter('outlook_log_odds_per_point') * t.threat_points
            ))
    end as above_usual_0_1
from scores.sector_threat_daily as t
inner join method.outlook as o on t.sector_id = o.sector_id
