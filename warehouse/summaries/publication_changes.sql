-- Measures of what publishing a day would change for readers; `before` is what is published.
with
days as (
    select score_date
    from quality.scored_days
    where score_date between $start_date and $end_date
),

revisions as (
    select
        n.score_date,
        n.sector_id,
        abs(n.published_score - b.published_score) as points
    from scores.sector_daily as n
    inner join before_sectors as b on n.score_date = b.score_date and n.sector_id = b.sector_id
    where n.published_score <> b.published_score
),

history as (
    select
        cast(max(points) as double) as widest_revision,
        count(distinct score_date) as n_revised_days,
        format(
            '{} of {} by {} points; days revised: {}',
            arg_max(sector_id, (points, score_date)),
            arg_max(score_date, (points, score_date)),
            max(points),
            count(distinct score_date)
        ) as revised
    from revisions
),

suppliers as (
    select
        score_date,
        count(*) as n_suppliers,
        (select n_suppliers from before_size) as n_suppliers_before
    from scores.supplier_daily
    where score_date between $start_date and $end_date
    group by score_date
),

lost_columns as (
    select
        count(*) as n_columns_lost,
        string_agg(b.column_name, ', ' order by b.column_name) as columns_lost
    from before_columns as b
    anti join (
        select
            table_name || '.' || column_name as column_name,
            data_type
        from duckdb_columns()
        where schema_name = 'scores' and database_name = current_database()
    ) as n on b.column_name = n.column_name and b.data_type = n.data_type
)

select
    d.score_date,
    h.widest_revision,
    h.n_revised_days,
    if(h.n_revised_days = 0, 'nothing revised', h.revised) as revised,
    s.n_suppliers,
    s.n_suppliers_before,
    s.n_suppliers / s.n_suppliers_before as suppliers_ratio,
    c.n_columns_lost,
    coalesce(c.columns_lost, 'none') as columns_lost
from days as d
cross join history as h
cross join lost_columns as c
left join suppliers as s on d.score_date = s.score_date
order by d.score_date
