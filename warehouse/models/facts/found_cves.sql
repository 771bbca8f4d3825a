-- CVEs that some supplier has or had: of all others it does not matter how likely their exploitation is.
select distinct cve_id from facts.open_findings
