"""A generated warehouse of any size, written straight into the staged tables by SQL."""

from dataclasses import dataclass
from datetime import date

from pipeline.warehouse import Connection


@dataclass(frozen=True)
class World:
    """Sizes: `n_findings` open findings per supplier over `n_days` days from `start`."""

    n_suppliers: int = 20_000
    n_days: int = 365
    n_reports: int = 1_000
    n_cves: int = 5_000
    n_findings: int = 20
    start: date = date(2021, 1, 1)


def fill(con: Connection, world: World) -> None:
    """Insert the deliveries and rows of a world; the same sizes give the same rows."""
    sizes = {
        "suppliers": world.n_suppliers,
        "days": world.n_days,
        "reports": world.n_reports,
        "cves": world.n_cves,
        "findings": world.n_findings,
        "start": world.start,
    }
    for statement in _STATEMENTS:
        used = {name: value for name, value in sizes.items() if f"${name}" in statement}
        con.execute(statement, used)


def _provenance(source_id: str, row: str, known: str) -> str:
    return (
        f"'{source_id}' as source_id, '{source_id}/1' as delivery_id, {row} as source_row, "
        f"{known} as known_at, {known} as disclosed_at, '' as record, "
        f"md5(cast({row} as varchar)) as record_md5, false as is_repeat"
    )


_DELIVERIES = """
    insert into raw.deliveries by name
    select
        source_id || '/1' as delivery_id, source_id, source_id as name, source_id as path,
        '' as licence, 1 as n_bytes, source_id as sha256, cast($start as timestamp) as delivered_at,
        false as is_historical, 'loaded' as status
    from unnest(['supplier_register', 'scanner_findings', 'nvd', 'news']) as t (source_id)
"""

_SUPPLIERS = f"""
    insert into staged.suppliers by name
    select
        {_provenance("supplier_register", "i", "cast($start as timestamp)")},
        'S-' || i as supplier_id, 'Supplier ' || i as supplier_name, 'NL' as country,
        list_transform(range(1 + (i % 10 = 0)::integer), lambda n: {{
            'vocabulary': 'sector',
            'value': ['energy', 'finance', 'government', 'healthcare', 'logistics',
                      'manufacturing', 'military', 'transit'][1 + (i + n * 3) % 8],
            'share_0_1': cast(null as double)
        }}) as sectors,
        1 + hash(i) % 5 as criticality_1_5, (1 + hash(i * 7) % 10) / 10 as dependency_0_1
    from range($suppliers) as t (i)
"""

_FINDINGS = f"""
    insert into staged.findings by name
    select
        {_provenance("scanner_findings", "i", "cast($start as timestamp)")},
        'S-' || (i % $suppliers) as supplier_id, 'A-' || i as asset_id,
        'CVE-2020-' || (10000 + hash(i * 3) % $cves) as cve_id, 'open' as status,
        $start + cast(hash(i * 5) % $days as integer) as first_seen,
        $start + cast(hash(i * 5) % $days + 20 + hash(i * 11) % 90 as integer) as fixed_on
    from range($suppliers * $findings) as t (i)
"""

_VULNERABILITIES = f"""
    insert into staged.vulnerabilities by name
    select
        {_provenance("nvd", "i", "cast($start as timestamp)")},
        'CVE-2020-' || (10000 + i) as cve_id, hash(i) % 100 / 10 as cvss_base_0_10
    from range($cves) as t (i)
"""

_REPORTS = f"""
    insert into staged.reports by name
    select
        {_provenance("news", "i", "known")},
        'R-' || i as report_key, ['alert', 'news', 'incident', 'advisory'][1 + i % 4] as kind,
        'Report ' || i as title, known as published_at, 'Publisher ' || i % 50 as publisher,
        [{{
            'fact_type': 'sector', 'vocabulary': 'sector',
            'value': ['energy', 'finance', 'government', 'healthcare', 'logistics',
                      'manufacturing', 'military', 'transit'][1 + i % 8],
            'label': '', 'stance': 'threatened', 'confidence_0_1': 0.9, 'sentence': ''
        }}] as facts
    from (
        select
            i, cast($start + cast(hash(i * 13) % $days as integer) as timestamp) as known
        from range($reports) as t (i)
    )
"""

_STATEMENTS = (_DELIVERIES, _SUPPLIERS, _FINDINGS, _VULNERABILITIES, _REPORTS)
