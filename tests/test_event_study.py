"""January 2020: the threat part rises, peaks and falls in time, and nothing later moves it."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from small_world import january

from pipeline.backtest import event_study
from pipeline.backtest.event_study import INDICES, Study, read_index, study
from pipeline.errors import DeliveryError

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
GPR = DATA / "gpr" / "gpr_daily_2019-10_2020-03.csv"
LATER = (
    ("kev", "kev/known_exploited_vulnerabilities.json"),
    ("epss", "epss/epss_kev_nvd_2022-10-07.csv"),
    ("epss", "epss/epss_kev_nvd_2025-03-18.csv"),
    ("csaf", "csaf/cisa_csaf_ot_2017-2021.tar.xz"),
    ("news", "reports/annoctr_train_dev.tar.xz"),
    ("vulnrichment", "vulnrichment/cisa_vulnrichment_kev_subset_2024-10.tar.xz"),
)
needs_data = [
    pytest.mark.realdata,
    pytest.mark.gx,
    pytest.mark.skipif(not GPR.is_file(), reason="the public data is not beside the checkout"),
]


def write_index(folder, *, skip=None, value="100", columns="date,GPRD,GPRD_THREAT"):
    days = np.arange("2019-12-01", "2020-03-01", dtype="datetime64[D]").astype(str)
    lines = [columns, *(f"{day},{value},50.5" for day in days if day != skip)]
    file = folder / "gpr.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_the_index_is_read_day_by_day(tmp_path):
    found = read_index(write_index(tmp_path), date(2019, 12, 15), date(2020, 2, 15))
    assert {name: (len(found[name]), found[name].sum()) for name in INDICES} == {
        "GPRD": (63, 6300),
        "GPRD_THREAT": (63, 63 * 50.5),
    }


@pytest.mark.parametrize(
    "fault", [{"skip": "2020-01-06"}, {"value": "."}, {"columns": "day,GPRD,GPRD_THREAT"}]
)
def test_an_index_with_holes_says_how_it_should_be(tmp_path, fault):
    with pytest.raises(DeliveryError, match="columns date"):
        read_index(write_index(tmp_path, **fault), date(2019, 12, 15), date(2020, 2, 15))


def test_rise_and_peak_of_a_known_series():
    days = tuple(np.arange("2019-12-15", "2020-02-16", dtype="datetime64[D]").tolist())
    points = np.array([0.0] * 10 + [2.0] + [1.0] * 9 + [2.0, 3.0, 7.0, 6.0] + [5.0] * 39)
    found = Study("made up", days, {"energy": points, "finance": points}, {}, 1, 0, True, {})
    assert found.rises_on == date(2020, 1, 5)  # 2 points on the 4th were there before
    assert found.peaks_on == date(2020, 1, 6)
    assert found.on(date(2020, 1, 7)) == 6
    flat = Study("flat", days, {"energy": np.ones(63)}, {}, 1, 0, True, {})
    assert flat.rises_on is None


@pytest.mark.slow
def test_a_world_with_later_records_is_unmoved_by_them(tmp_path):
    world = january(tmp_path / "home")
    world.listed(date(2021, 11, 3), ["CVE-2019-0001"])
    world.report(date(2021, 5, 1), "later", "alert", [])
    found = study(world.con, write_index(tmp_path), "small world")
    assert found.n_later == 2
    assert found.is_unmoved
    assert found.rises_on == date(2020, 1, 3)
    assert all(np.isnan(each.value) for each in found.correlations.values())


@pytest.mark.slow
def test_it_notices_evidence_that_leaks_back(tmp_path, monkeypatch):
    world = january(tmp_path / "home")
    world.listed(date(2021, 11, 3), ["CVE-2019-0001"])
    real = event_study.score_range
    monkeypatch.setattr(
        event_study, "score_range", lambda *days, **options: real(*days, **options, knowledge="now")
    )
    world.con.execute(
        "update staged.exploited_vulnerabilities set disclosed_at = date '2020-01-01'"
    )
    assert not study(world.con, write_index(tmp_path), "leaking").is_unmoved


def check(found, rises_on):
    assert found.rises_on == rises_on
    assert date(2020, 1, 3) <= found.peaks_on <= date(2020, 1, 10)
    assert found.on(date(2020, 2, 6)) < 0.8 * found.on(found.peaks_on)
    assert found.is_unmoved


@pytest.mark.gx
@pytest.mark.slow
def test_the_sample_rises_peaks_and_falls(tmp_path):
    found = event_study.study_sample(write_index(tmp_path))
    check(found, date(2020, 1, 3))
    assert found.n_later > 0
    peak = found.days.index(date(2020, 1, 6))
    highest = sorted(found.points, key=lambda sector: -found.points[sector][peak])[:3]
    assert {"military", "energy"} < set(highest)


class TestRealData:
    pytestmark = needs_data

    def test_the_sample_moves_with_the_index_of_the_world(self):
        found = event_study.study_sample(GPR)
        assert found.correlations["GPRD"].low > 0
        assert found.correlations["GPRD_THREAT"].low > 0

    def test_the_real_reports_rise_peak_and_fall(self):
        reports = DATA / "reports"
        found = event_study.study_reports(
            GPR,
            [
                f"bulletin={reports / 'us_gov_alerts_iran_2020.jsonl'}",
                f"news={reports / 'news_2020-01-06_iran_retaliation.txt'}",
            ],
        )
        check(found, date(2020, 1, 4))

    def test_real_evidence_of_later_years_moves_no_table(self):
        given = [f"{source}={DATA / path}" for source, path in LATER]
        found = event_study.study_reports(GPR, given)
        assert found.n_later > 3_000
        assert found.n_reports > 600
        assert found.is_unmoved
