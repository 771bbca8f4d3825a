-- What became of the incidents, with those outside the months judged apart.
select
    case
        when fate <> 'counted' then fate
        when incident_month between $start_date and $end_date then 'counted'
        else 'outside the months judged'
    end as what_became,
    count(*) as n_incidents
from backtest.incidents
group by all
order by n_incidents desc, what_became
