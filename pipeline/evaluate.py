"""How well free text is turned into facts, measured against a corpus with gold spans.

The corpus (AnnoCTR) marks names of sectors and of groups in dated threat reports. A report's gold
sectors are those that our table of aliases gives to its gold spans; since that table also serves
the extraction, the spans themselves are compared too, without any table.
"""

import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import orjson

from pipeline.errors import DeliveryError
from pipeline.extract import extract
from pipeline.extract.actors import actor_facts
from pipeline.extract.facts import Fact, Moment
from pipeline.extract.lexicon import Sentence, known_actors, match, read_table
from pipeline.extract.sectors import sector_facts

SMALLEST_SHARE = 0.25

_DATE = re.compile(r"_(\d{4}-\d\d-\d\d)_")
_NOT_TEXT = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Report:
    """One report of the corpus: its text and, sentence by sentence, its gold spans."""

    name: str
    split: str
    text: str
    sentences: list[tuple[str, dict[str, list[str]]]]

    @property
    def published_on(self) -> date:
        """The date in the report's name."""
        found = _DATE.search(self.name)
        return date.fromisoformat(found[1]) if found else date.max

    def gold(self, label: str) -> Iterator[str]:
        """All gold spans of one label."""
        for _, spans in self.sentences:
            yield from spans.get(label, ())


@dataclass
class Score:
    """Counts of what was found rightly, wrongly and not at all, with the cases behind them."""

    n_right: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)

    def add(self, gold: set[str], found: set[str]) -> None:
        """Compare two sets."""
        self.n_right += len(gold & found)
        self.wrong.update(found - gold)
        self.missed.update(gold - found)

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 1 where nothing was found."""
        found = self.n_right + self.wrong.total()
        return self.n_right / found if found else 1.0

    @property
    def recall(self) -> float:
        """Share of what is there that was found; 1 where nothing is there."""
        there = self.n_right + self.missed.total()
        return self.n_right / there if there else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass
class Evaluation:
    """Scores of one split of the corpus.

    Attributes:
        sectors_by_report: sectors of which a report says more than their name.
        mentions_by_report: sectors that it names at all.
        sectors_by_span: names of sectors, sentence by sentence; no table of aliases involved.
        actors_by_report: actors by id; countries are left out, since the corpus does not mark them.
        actors_by_span: names of actors, sentence by sentence.
        unmapped: gold names of sectors that our aliases do not know; no report's gold has them.
        confusion: (gold sector, found sector) by report; `-` = none.
    """

    split: str
    n_reports: int = 0
    sectors_by_report: Score = field(default_factory=Score)
    mentions_by_report: Score = field(default_factory=Score)
    sectors_by_span: Score = field(default_factory=Score)
    actors_by_report: Score = field(default_factory=Score)
    actors_by_span: Score = field(default_factory=Score)
    unmapped: Counter[str] = field(default_factory=Counter)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)

    def rows(self) -> Iterator[tuple[str, int, float, float, float]]:
        """What was measured, number of gold items, precision, recall, F1."""
        for title, score in (
            ("sectors told of, by report", self.sectors_by_report),
            ("sectors named at all, by report", self.mentions_by_report),
            ("names of sectors, by span", self.sectors_by_span),
            ("actors, by report", self.actors_by_report),
            ("names of actors, by span", self.actors_by_span),
        ):
            n_gold = score.n_right + score.missed.total()
            yield title, n_gold, score.precision, score.recall, score.f1


def evaluate_extraction(archive: Path) -> dict[str, Evaluation]:
    """Evaluations by split (`train`, `dev`) of an AnnoCTR archive.

    Raises:
        DeliveryError: the file is no such archive.
    """
    results: dict[str, Evaluation] = {}
    for report in read_corpus(archive):
        evaluation = results.setdefault(report.split, Evaluation(report.split))
        evaluation.n_reports += 1
        _score_sectors(report, evaluation)
        _score_actors(report, evaluation)
    if not results:
        raise DeliveryError(archive.name, "holds no annotated report.", "Give the AnnoCTR archive.")
    return results


def read_corpus(archive: Path) -> Iterator[Report]:
    """Reports of the archive, in order of their names."""
    try:
        with tarfile.open(archive) as tar:
            files = {m.name: f.read() for m in tar if (f := tar.extractfile(m)) is not None}
    except (tarfile.TarError, OSError, EOFError) as error:
        raise DeliveryError(
            archive.name, f"cannot be read as a tar archive: {error}.", "Give the AnnoCTR archive."
        ) from error
    annotations = {Path(n).stem: n for n in files if n.endswith(".json")}
    for name in sorted(files):
        path = Path(name)
        if path.suffix == ".txt" and path.stem in annotations:
            sentences = [_sentence(line) for line in files[annotations[path.stem]].splitlines()]
            yield Report(path.stem, path.parent.name, files[name].decode("utf-8"), sentences)


def _sentence(line: bytes) -> tuple[str, dict[str, list[str]]]:
    record = orjson.loads(line)
    spans = {
        "SECTOR": _spans(record["tokens"], record["ne_tags"], "SECTOR"),
        "GROUP": _spans(record["tokens"], record["ce_tags"], "GROUP"),
    }
    return record["text"], spans


def _spans(tokens: list[str], tags: list[str], label: str) -> list[str]:
    spans: list[list[str]] = []
    is_open = False
    for token, tag in zip(tokens, tags, strict=True):
        if tag == f"B-{label}":
            spans.append([token])
            is_open = True
        elif tag == f"I-{label}" and is_open:
            spans[-1].append(token)
        else:
            is_open = False
    return [" ".join(span) for span in spans]


def _score_sectors(report: Report, evaluation: Evaluation) -> None:
    facts = extract(report.text, report.published_on).facts
    named = [f for f in facts if f["fact_type"] == "sector" and f["stance"] != "excluded"]
    found = _sectors(f["value"] for f in named if f["stance"] != "mentioned")
    gold = _sectors(value for span in report.gold("SECTOR") for value in _values_in(span))
    evaluation.sectors_by_report.add(gold, found)
    evaluation.mentions_by_report.add(gold, _sectors(f["value"] for f in named))
    evaluation.unmapped.update(s.lower() for s in report.gold("SECTOR") if not _values_in(s))
    evaluation.confusion.update(_confused(gold, found))
    for text, spans in report.sentences:
        labels = [f.label for f in sector_facts(match(text, 0), Moment(is_past=False))]
        _add_spans(evaluation.sectors_by_span, spans["SECTOR"], labels)


def _score_actors(report: Report, evaluation: Evaluation) -> None:
    gold = {actor for span in report.gold("GROUP") for actor in _actor_ids(span)}
    found: set[str] = set()
    for text, spans in report.sentences:
        facts = list(_groups(match(text, 0), report.published_on))
        found.update(fact.value for fact in facts)
        _add_spans(evaluation.actors_by_span, spans["GROUP"], [fact.label for fact in facts])
    evaluation.actors_by_report.add(gold, found)


def _groups(sentence: Sentence, published_on: date) -> Iterator[Fact]:
    """Actors but for countries, which the corpus does not mark."""
    for fact in actor_facts(sentence, Moment(is_past=False), published_on):
        known = known_actors().get(fact.value)
        if known is None or known["origin"] != "Country as sponsor":
            yield fact


def _values_in(span: str) -> list[str]:
    return [hit.entry.value for hit in match(span, 0).found("sector")]


def _sectors(values: Iterable[str]) -> set[str]:
    """Our sectors that these words stand for; labels spread over all sectors name none."""
    shares = _shares()
    return {s for value in values for s, share in shares[value] if share >= SMALLEST_SHARE}


def _shares() -> dict[str, list[tuple[str, float]]]:
    shares: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for row in read_table("sector_aliases"):
        if row["vocabulary"] == "text":
            shares[row["value"]].append((row["sector_id"], float(row["share_0_1"])))
    return shares


def _confused(gold: set[str], found: set[str]) -> Iterator[tuple[str, str]]:
    """Pairs of gold and found sector; `-` where the other side has none."""
    for sector in sorted(gold & found):
        yield sector, sector
    for sector in sorted(gold - found):
        yield sector, "-"
    for sector in sorted(found - gold):
        yield "-", sector


def _actor_ids(span: str) -> set[str]:
    """Whom a gold span names: by our aliases, with or without a noun; else by its own letters."""
    key = _NOT_TEXT.sub("", span.lower())
    bare = re.sub(r"(group|gang|actor|type)s?$", "", key)
    for one in (key, bare, f"{bare}group", f"{bare}gang"):
        if one in _actor_keys():
            return {_actor_keys()[one]}
    return {hit.entry.value for hit in match(span, 0).found("actor")} or {key}


def _actor_keys() -> dict[str, str]:
    rows = read_table("lexicon_actor_aliases")
    return {_NOT_TEXT.sub("", row["alias"].lower()): row["actor_id"] for row in rows}


def _add_spans(score: Score, gold: list[str], found: list[str]) -> None:
    """Match spans of one sentence: right where one text holds the other."""
    left = [_NOT_TEXT.sub("", span.lower()) for span in found]
    for span in gold:
        key = _NOT_TEXT.sub("", span.lower())
        partner = next((f for f in left if f and (f in key or key in f)), None)
        if partner is None:
            score.missed[span.lower()] += 1
        else:
            left.remove(partner)
            score.n_right += 1
    score.wrong.update(left)
