-- Sectors on a day beside the last day published (`before_sectors`): what readers would see change.
with
last_published as (
    select *
    from before_sectors
    where score_date = (select max(score_date) from before_sectors)
)

select
    m.title as sector,
    b.score_date as before_date,
    b.published_score as before,
    s.published_score as score,
    printf('%+.1f', s.published_score - b.published_score) as change,
    if(
        was.title is null or was.title = band.title, band.title, was.title || ' to ' || band.title
    ) as bands,
    coalesce(printf('%s (%+.1f points)', d.driver_title, d.points), 'no current event') as reason
from scores.sector_daily as s
inner join method.sectors as m on s.sector_id = m.sector_id
left join last_published as b on s.sector_id = b.sector_id
left join method.bands as band on s.band_id = band.band_id
left join method.bands as was on b.band_id = was.band_id
left join shown_sector_drivers as d
    on s.score_date = d.score_date and s.sector_id = d.sector_id and d.driver_rank = 1
where s.score_date = $day
order by abs(s.published_score - b.published_score) desc nulls last, m.title
