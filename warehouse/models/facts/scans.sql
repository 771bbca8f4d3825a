-- Each delivery of findings that covers a supplier, until the source's next scan of it.
select
    source_id,
    supplier_id,
    delivery_id,
    known_date as scan_date,
    lead(known_date, 1, date '9999-12-31') over (
        partition by source_id, supplier_id order by known_date, delivery_id
    ) as until_date
from (
    select source_id, supplier_id, delivery_id, max(known_date) as known_date
    from validated.findings
    group by all
)
