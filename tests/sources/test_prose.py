from datetime import datetime

from pipeline.sources.prose import actor_fact, facts_in, marking, told


def test_a_text_becomes_the_columns_of_a_report():
    row = told("Ransomware hit a hospital on Monday.", datetime(2020, 1, 7), "Hospital hit")
    assert row["title"] == "Hospital hit"
    assert ("sector", "hospital") in {(one["fact_type"], one["value"]) for one in row["facts"]}
    assert {one["fact_type"] for one in row["facts"]} >= {"kind"}


def test_a_passage_has_no_kind_of_its_own():
    facts = facts_in("Ransomware hit a hospital on Monday.", datetime(2020, 1, 7))
    assert "kind" not in {one["fact_type"] for one in facts}
    assert facts_in(None, datetime(2020, 1, 7)) == []


def test_an_actor_is_known_by_its_aliases():
    by_name, by_alias = actor_fact("APT 10", "named"), actor_fact("Nameless", "named", ["APT10"])
    assert by_name["value"] == by_alias["value"] == "menupass"
    assert actor_fact("Quiet  Otter!", "named")["value"] == "quiet-otter"


def test_a_marking_counts_only_at_the_head():
    assert marking("TLP:AMBER+STRICT\nText") == "AMBER+STRICT"
    assert marking("Text " * 1_000 + "TLP:RED") is None
