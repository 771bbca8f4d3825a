-- Gates are of a kind and have a policy; before, a critical one stopped and any other warned.
alter table quality.gates add column if not exists policy varchar;
alter table quality.gates add column if not exists kind varchar;
update quality.gates set
    policy = coalesce(policy, if(severity = 'critical', 'stop', 'warn')),
    kind = coalesce(kind, if(score_date is null, 'volume', 'score'));
