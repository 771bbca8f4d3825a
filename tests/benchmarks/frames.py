"""The scores of supplier-days by SQL, pandas and polars: nothing else, and from the same facts."""

from datetime import date, timedelta

import numpy as np

from pipeline.warehouse import Connection

SCORES = """
    select score_date, supplier_id, score_0_100
    from scores.supplier_daily
    where score_date between $start and $end
"""
FACTS = {
    "open": "select supplier_id, from_date, until_date, cast(hazard as double) as hazard "
    "from facts.open_vulnerabilities",
    "suppliers": "select v.supplier_id, m.mix_id, pow(2, coalesce(v.criticality_1_5, "
    "method.parameter('default_criticality')) - 1) * greatest(coalesce(v.dependency_0_1, 1), "
    "method.parameter('dependency_minimum')) as consequence from facts.supplier_versions as v "
    "inner join facts.supplier_mixes as m using (supplier_id, from_date)",
    "threat": "select score_date, mix_id, baseline_points + threat_points as points "
    "from scores.mix_threat_daily where score_date between $start and $end",
}


SQL = f"""
    with
    suppliers as ({FACTS["suppliers"]}),
    threat as ({FACTS["threat"]}),
    steps as (
        select supplier_id, greatest(from_date, $start) as day, cast(hazard as double) as step
        from facts.open_vulnerabilities
        where from_date <= $end and until_date > $start
        union all
        select supplier_id, until_date, -cast(hazard as double)
        from facts.open_vulnerabilities
        where until_date > $start and until_date <= $end
        union all
        select supplier_id, $start, 0
        from suppliers
    ),
    sums as (
        select
            supplier_id,
            day,
            sum(step) over own as hazard,
            lead(day, 1, $end + 1) over own as until_day
        from (select supplier_id, day, sum(step) as step from steps group by all)
        window own as (partition by supplier_id order by day)
    ),
    points as (
        select
            supplier_id,
            v.mix_id,
            10 * log2(($low + (1 - $low) * (1 - exp(-s.hazard))) / $typical_susceptibility)
            + 10 * log2(v.consequence / $typical_consequence) as points,
            cast(unnest(generate_series(s.day, s.until_day - 1, interval 1 day)) as date)
                as score_date
        from sums as s
        inner join suppliers as v using (supplier_id)
    )
    select p.score_date, p.supplier_id, greatest(0, least(100, t.points + p.points)) as score_0_100
    from points as p
    inner join threat as t using (mix_id, score_date)
"""


def parameters(con: Connection) -> dict[str, float]:
    """The method's numbers."""
    return dict(con.execute('select name, "value" from method.parameters').fetchall())


def facts(con: Connection, start: date, end: date) -> dict[str, object]:
    """The same facts for both, as Arrow tables."""
    days = {"start": start, "end": end}
    return {
        name: con.sql(sql, params=days if "$" in sql else None).to_arrow_table()
        for name, sql in FACTS.items()
    }


def with_sql(con: Connection, method: dict[str, float], start: date, end: date):
    """Score of each supplier-day: hazard between its days of change, then the days of each."""
    limits = {"start": start, "end": end, "low": method["susceptibility_minimum"]}
    typical = ("typical_susceptibility", "typical_consequence")
    given = limits | {name: method[name] for name in typical}
    return con.sql(SQL, params=given).to_arrow_table()


def with_pandas(tables: dict[str, object], method: dict[str, float], start: date, end: date):
    """Score of each supplier-day: steps of hazard on a grid of days, added up along it."""
    import pandas as pd

    found = tables["open"].to_pandas()
    first, n_days = np.datetime64(start), (end - start).days + 1
    place = pd.Index(tables["suppliers"]["supplier_id"].to_pandas())
    grid = np.zeros((len(place), n_days + 1))
    row = place.get_indexer(found["supplier_id"])
    for name, sign in (("from_date", 1), ("until_date", -1)):
        day = (found[name].to_numpy("datetime64[D]") - first).astype(int).clip(0, n_days)
        np.add.at(grid, (row, day), sign * found["hazard"].to_numpy())
    long = pd.DataFrame(
        {
            "supplier_id": np.repeat(place.to_numpy(), n_days),
            "score_date": np.tile(pd.date_range(start, end), len(place)),
            "hazard": grid.cumsum(axis=1)[:, :n_days].ravel(),
        }
    )
    threat = tables["threat"].to_pandas().astype({"score_date": long["score_date"].dtype})
    long = long.merge(tables["suppliers"].to_pandas(), on="supplier_id")
    long = long.merge(threat, on=["mix_id", "score_date"])
    low = method["susceptibility_minimum"]
    susceptibility = low + (1 - low) * (1 - np.exp(-long["hazard"]))
    long["score_0_100"] = (
        long["points"]
        + 10 * np.log2(susceptibility / method["typical_susceptibility"])
        + 10 * np.log2(long["consequence"] / method["typical_consequence"])
    ).clip(0, 100)
    return long[["score_date", "supplier_id", "score_0_100"]]


def with_polars(tables: dict[str, object], method: dict[str, float], start: date, end: date):
    """Score of each supplier-day: steps of hazard on its days of change, added up along them."""
    import polars as pl

    found = pl.from_arrow(tables["open"]).lazy()
    steps = pl.concat(
        found.select(
            "supplier_id",
            pl.col(name).clip(start, end + timedelta(days=1)).alias("score_date"),
            step=sign * pl.col("hazard"),
        )
        for name, sign in (("from_date", 1), ("until_date", -1))
    )
    suppliers = pl.from_arrow(tables["suppliers"]).lazy()
    days = pl.LazyFrame({"score_date": pl.date_range(start, end, eager=True)})
    daily = steps.group_by("supplier_id", "score_date").agg(pl.col("step").sum())
    low = method["susceptibility_minimum"]
    return (
        suppliers.join(days, how="cross")
        .join(daily, on=["supplier_id", "score_date"], how="left")
        .sort("supplier_id", "score_date")
        .with_columns(hazard=pl.col("step").fill_null(0).cum_sum().over("supplier_id"))
        .join(pl.from_arrow(tables["threat"]).lazy(), on=["mix_id", "score_date"])
        .with_columns(susceptibility=low + (1 - low) * (1 - (-pl.col("hazard")).exp()))
        .select(
            "score_date",
            "supplier_id",
            score_0_100=(
                pl.col("points")
                + 10 * (pl.col("susceptibility") / method["typical_susceptibility"]).log(2)
                + 10 * (pl.col("consequence") / method["typical_consequence"]).log(2)
            ).clip(0, 100),
        )
        .collect()
    )
