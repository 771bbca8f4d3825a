-- sheet: Sources
-- workbooks: day
-- title: Data received by {day}
-- note: One row for each source. Rows received = loaded + in quarantine + repeated, over all
--   deliveries that count for this day. Age in days at the end of the day (UTC).
-- question: Did the data arrive?
-- tab: reference
-- page: landscape
-- freeze: B
--
-- table: Sources
-- | source | Source | 40 | prose | What delivers | Never blank |
-- | state | Data state | 12 | text | = facts.source_coverage_daily.coverage_state | Never blank |
-- | expected | Expected at least every (days) | 12 | integer | Longest usual gap between deliveries | Delivers when something happens |
-- | last_on | Last received (UTC) | 14 | date | Day of the last delivery | Never received |
-- | age | Age (days) | 8 | integer | Days since the last delivery | Never received |
-- | effect | Effect on these scores | 64 | prose | What the state means for the scores | Never blank |
-- | n_deliveries | Deliveries | 11 | integer | Files received | Never received |
-- | n_failed | Unreadable files | 13 | integer | Files that could not be read as a whole | Never received |
-- | n_received | Rows received | 11 | integer | Records in the files | Never received |
-- | n_loaded | Rows loaded | 11 | integer | Records that count | Never received |
-- | n_quarantined | Rows in quarantine | 13 | integer | Records set aside, see Quarantine | Never received |
-- | n_duplicate | Rows repeated | 11 | integer | Records received before | Never received |
-- | share | In quarantine (share) | 13 | share | Rows in quarantine divided by rows received | Nothing received |
-- | source_id | Source id | 24 | text | Name of the source in files and tables | Never blank |
select
    coalesce(s.title, s.source_id) as source,
    upper(s.coverage_state[1]) || s.coverage_state[2:] as state,
    s.expected_every_days as expected,
    s.last_delivered_on as last_on,
    s.age_days as age,
    case s.coverage_state
        when 'current' then 'None: as expected.'
        when 'late'
            then
                format(
                    'Nothing newer than {} is known from it. Scores that rest on it have a wider '
                    || 'interval and are marked partial.',
                    s.last_delivered_on
                )
        else
            'Nothing was ever received from it. Scores do without it; their interval is wider '
            || 'where it counts.'
    end as effect,
    s.n_deliveries,
    s.n_failed,
    s.n_received,
    s.n_loaded,
    s.n_quarantined,
    s.n_duplicate,
    s.n_quarantined / nullif(s.n_received, 0) as share,
    s.source_id
from source_now as s
order by s.coverage_state = 'current', source, s.source_id;
