-- Where a report does not state the reliability of its author, that of its source counts, as before.
alter table staged.reports add column if not exists reliability varchar;
