"""Evaluation of the extraction against gold spans."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from pipeline.errors import DeliveryError
from pipeline.evaluate import Score, _actor_ids, evaluate_extraction, read_corpus

CORPUS = next(
    (
        p / "shared/data/reports/annoctr_train_dev.tar.xz"
        for p in Path(__file__).parents
        if (p / "shared/data").is_dir()
    ),
    Path("absent"),
)
TEXT = "Hackers of APT33 attacked banks. Energy firms and a zoo were hit."


def line(text: str, sectors: dict[str, str], groups: dict[str, str]) -> str:
    tokens = text.replace(".", " .").split()
    return json.dumps(
        {
            "text": text,
            "tokens": tokens,
            "ne_tags": [sectors.get(t, "O") for t in tokens],
            "ce_tags": [groups.get(t, "O") for t in tokens],
        }
    )


@pytest.fixture
def archive(tmp_path):
    first = line("Hackers of APT33 attacked banks.", {"banks": "B-SECTOR"}, {"APT33": "B-GROUP"})
    second = line("Energy firms and a zoo were hit.", {"zoo": "B-SECTOR"}, {})
    path = tmp_path / "corpus.tar"
    with tarfile.open(path, "w") as tar:
        for name, content in {
            "x/text/dev/lab_2020-01-06_one.txt": TEXT,
            "x/ner_json/lab_2020-01-06_one.json": f"{first}\n{second}\n",
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content.encode()))
    return path


def test_what_is_found_is_compared_with_gold(archive):
    evaluation = evaluate_extraction(archive)["dev"]
    assert evaluation.n_reports == 1
    assert evaluation.sectors_by_report.n_right == 1
    assert evaluation.sectors_by_report.wrong == {"energy": 1}
    assert evaluation.sectors_by_span.missed == {"zoo": 1}
    assert evaluation.unmapped == {"zoo": 1}
    assert evaluation.confusion == {("finance", "finance"): 1, ("-", "energy"): 1}
    rows = {title: figures for title, *figures in evaluation.rows()}
    assert rows["sectors told of, by report"] == [1, 0.5, 1.0, pytest.approx(2 / 3)]
    assert rows["actors, by report"] == [1, 1.0, 1.0, 1.0]


def test_spans_are_read_from_the_tags(archive):
    (report,) = read_corpus(archive)
    assert list(report.gold("GROUP")) == ["APT33"]
    assert str(report.published_on) == "2020-01-06"


def test_a_gold_name_is_whom_it_names_with_or_without_a_noun():
    assert _actor_ids("TrickBot groups") == {"trickbot-gang"}
    assert _actor_ids("Cobalt") == {"cobalt-group"}
    assert _actor_ids("Winnti Group ( APT41 )") == {"winnti-group", "apt41"}
    assert _actor_ids("Quiet Otter") == {"quietotter"}


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no archive")
    with pytest.raises(DeliveryError, match="Give the AnnoCTR archive"):
        evaluate_extraction(path)


def test_nothing_found_and_nothing_there_counts_as_right():
    score = Score()
    assert (score.precision, score.recall, score.f1) == (1.0, 1.0, 1.0)


@pytest.mark.realdata
@pytest.mark.skipif(not CORPUS.exists(), reason="no public data beside the checkout")
def test_measured_floors_hold():
    evaluations = evaluate_extraction(CORPUS)
    assert {e.split: e.n_reports for e in evaluations.values()} == {"train": 70, "dev": 16}
    dev = evaluations["dev"]
    assert dev.sectors_by_report.f1 >= 0.85
    assert dev.actors_by_report.f1 >= 0.83
    assert dev.actors_by_span.f1 >= 0.91
    train = evaluations["train"]
    assert train.sectors_by_report.f1 >= 0.86
    assert train.actors_by_report.f1 >= 0.87
    assert train.actors_by_span.f1 >= 0.83
