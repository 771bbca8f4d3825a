"""Every public file through the whole ingest: nothing lost, nothing loaded twice."""

import pytest
from reader_helpers import SHARED, realdata

from pipeline import raw, stage
from pipeline.settings import Settings
from pipeline.sources import get_source
from pipeline.warehouse import open_warehouse

pytestmark = [*realdata, pytest.mark.gx]

RECEIVED_AND_QUARANTINED = {
    ("kev", "kev/known_exploited_vulnerabilities.json"): {"exploited_vulnerabilities": (1_404, 0)},
    ("csaf", "csaf/cisa_csaf_ot_2017-2021.tar.xz"): {
        "reports": (1_270, 0),
        "vulnerabilities": (3_482, 0),
    },
    ("icsadv", "icsadv/CISA_ICS_ADV_Master_20231219.csv"): {"reports": (2_718, 18)},
    ("veris", "vcdb/vcdb_dev.jsonl.xz"): {"reports": (6_533, 3)},
    ("misp", "misp/eset_misp_events.tar.xz"): {"reports": (27, 1)},
    ("stix", "stix/oasis_cti_documentation_examples.tar.xz"): {"reports": (293, 0)},
    ("stix", "stix/oasis_stix2_json_schemas_examples.tar.xz"): {"reports": (260, 1)},
    ("stix", "attack/ics-attack-8.0.json"): {"reports": (683, 0)},
    ("stix", "attack/ics-attack-13.1.json"): {"reports": (1_258, 0)},
    ("stix", "attack/enterprise-attack_mitre-cti-421deac_stix20.json.gz"): {"reports": (21_925, 0)},
    ("vulnrichment", "vulnrichment/cisa_vulnrichment_kev_subset_2024-10.tar.xz"): {
        "vulnerabilities": (251, 0)
    },
    ("news", "reports/news_2020-01-06_iran_retaliation.txt"): {"reports": (1, 0)},
    # One more for each ending that is no text: annotations and tables are set aside, and say so.
    ("news", "reports/annoctr_train_dev.tar.xz"): {"reports": (86 + 2, 2)},
    ("news", "reports/tram_reports.tar.xz"): {"reports": (151 + 1, 1)},
    ("bulletin", "reports/us_gov_alerts_iran_2020.jsonl"): {"reports": (3, 0)},
    ("epss", "epss/epss_kev_nvd_2025-03-18.csv"): {"epss_scores": (1_275, 0)},
}


def test_all_of_it_is_accounted_for_and_loads_once(tmp_path):
    settings = Settings(home=tmp_path)
    with open_warehouse(settings) as con:
        first = {key: load(con, settings, *key) for key in RECEIVED_AND_QUARANTINED}
        n_rows = counts(con)
        again = {key: load(con, settings, *key) for key in RECEIVED_AND_QUARANTINED}
        assert counts(con) == n_rows
    assert again == first
    assert {
        key: {line.table: (line.n_received, line.n_quarantined) for line in lines}
        for key, lines in first.items()
    } == RECEIVED_AND_QUARANTINED
    for lines in first.values():
        for line in lines:
            assert line.status == "loaded"
            assert line.n_received == line.n_loaded + line.n_quarantined + line.n_duplicate


def load(con, settings, source_id, path):
    arrival = raw.archive_file(
        con, settings, get_source(source_id), SHARED / path, is_historical=True
    )
    return stage.load(con, settings, arrival)


def counts(con):
    tables = ("reports", "vulnerabilities", "exploited_vulnerabilities", "epss_scores")
    return [con.execute(f"select count(*) from staged.{table}").fetchone() for table in tables]
