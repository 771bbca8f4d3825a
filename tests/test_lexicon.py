"""The word lists hold together: no loose keys, no label counted twice."""

import json
from collections import Counter, defaultdict

import pytest
from reader_helpers import SHARED, realdata

from pipeline.extract.lexicon import match, read_table
from pipeline.sources.fields import label_key

SECTOR_IDS = {row["sector_id"] for row in read_table("sectors")}
ALIASES = read_table("sector_aliases")
FILES = ("sector", "naics", "taxonomy_dhs-ciip-sectors")


def test_labels_are_written_as_they_are_looked_up():
    values = [row["value"] for row in ALIASES]
    assert values == [" ".join(value.lower().split()) for value in values]


def test_each_label_names_a_sector_once_and_shares_add_to_at_most_one():
    keys = Counter((r["vocabulary"], r["value"], r["sector_id"]) for r in ALIASES)
    assert [key for key, n in keys.items() if n > 1] == []
    shares: dict[tuple[str, str], float] = defaultdict(float)
    for row in ALIASES:
        shares[row["vocabulary"], row["value"]] += float(row["share_0_1"])
    assert [key for key, share in shares.items() if share > 1 + 1e-9] == []


def test_a_label_without_sector_has_no_share_and_a_reason():
    assert {r["sector_id"] for r in ALIASES} - {""} == SECTOR_IDS
    assert all(float(r["share_0_1"]) == 0 for r in ALIASES if not r["sector_id"])
    assert all(r["rationale"] for r in ALIASES)


@pytest.mark.parametrize(
    ("code", "sectors"),
    [
        ("454310", {"energy"}),  # fuel dealers until 2017
        ("457210", {"energy"}),  # the same in 2022
        ("221118", {"energy"}),
        ("334510", {"healthcare", "manufacturing"}),
        ("485111", {"transit"}),
        ("484110", {"logistics"}),
        ("928110", {"military"}),
        ("517111", {""}),  # known, and outside our eight
    ],
)
def test_codes_of_each_edition_of_naics_fit_the_longest_prefix(code, sectors):
    fitting = [r for r in ALIASES if r["vocabulary"] == "naics" and code.startswith(r["value"])]
    longest = max(len(row["value"]) for row in fitting)
    assert {r["sector_id"] for r in fitting if len(r["value"]) == longest} == sectors


class TestRealData:
    pytestmark = realdata

    def test_every_sector_that_misp_names_is_known(self):
        known = defaultdict(set)
        for row in ALIASES:
            known[row["vocabulary"]].add(row["value"])
        told = {name: json.loads((SHARED / "misp" / f"{name}.json").read_text()) for name in FILES}
        sectors = [value["value"] for value in told["sector"]["values"]]
        entries = [e for each in told["taxonomy_dhs-ciip-sectors"]["values"] for e in each["entry"]]
        codes = [value["value"] for value in told["naics"]["values"]]
        assert {label_key(label) for label in sectors} <= known["misp"]
        assert {label_key(entry["value"]) for entry in entries} <= known["dhs"]
        assert [c for c in codes if not c.startswith(tuple(known["naics"]))] == []


def test_words_that_need_context_are_words_of_the_text_vocabulary():
    text = {row["value"] for row in ALIASES if row["vocabulary"] == "text"}
    assert {row["value"] for row in read_table("lexicon_sector_context")} <= text


def test_every_alias_leads_to_an_actor():
    actors = {row["actor_id"] for row in read_table("lexicon_actors")}
    assert {row["actor_id"] for row in read_table("lexicon_actor_aliases")} <= actors


def test_every_kind_is_a_kind_of_the_method():
    kinds = {row["kind"] for row in read_table("report_kinds")}
    assert {row["kind"] for row in read_table("lexicon_kinds")} <= kinds


@pytest.mark.parametrize(
    ("text", "group", "expected"),
    [
        ("Oil and gas plants", "sector", ["oil and gas"]),
        ("refineries", "sector", ["refinery"]),
        ("bankruptcy", "sector", []),
        ("İİİ banks", "sector", ["bank"]),
        ("retaliation", "threat", ["retaliat*"]),
        ("COVID-19 vaccine makers", "sector", ["vaccine maker"]),
    ],
)
def test_the_longest_whole_phrase_is_found(text, group, expected):
    assert [hit.entry.value for hit in match(text, 0).found(group)] == expected


def test_targets_belong_to_listed_actors_and_sectors():
    targets = read_table("actor_targets")
    assert {t["actor_id"] for t in targets} <= {a["actor_id"] for a in read_table("lexicon_actors")}
    assert {t["sector_id"] for t in targets} <= SECTOR_IDS
    keys = Counter((t["actor_id"], t["sector_id"]) for t in targets)
    assert max(keys.values()) == 1
