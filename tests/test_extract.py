"""Free text to facts, sentence by sentence: the specification of pipeline/extract."""

from datetime import date, datetime
from pathlib import Path

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extract import MAX_CHARACTERS, Extraction, TextTooLongError, extract

DAY = date(2020, 1, 6)
REPORTS = next(
    (p / "shared/data/reports" for p in Path(__file__).parents if (p / "shared/data").is_dir()),
    Path("shared/data/reports"),
)
ARTICLE = REPORTS / "news_2020-01-06_iran_retaliation.txt"


def facts(text: str, fact_type: str, published_on: date = DAY) -> dict[str, str]:
    """Value → stance of the facts of one type; the last stance named wins."""
    found = extract(text, published_on).facts
    return {f["value"]: f["stance"] for f in found if f["fact_type"] == fact_type}


SECTORS = [
    (
        "Possible targets include oil and gas plants and hospitals.",
        {"oil and gas": "threatened", "hospital": "threatened"},
    ),
    ("Attackers could target power plants next.", {"power plant": "threatened"}),
    ("The port authority was hit by ransomware on Friday.", {"port authority": "attacked"}),
    (
        "Hackers defaced the page of example.gov over the weekend.",
        {"government website": "attacked"},
    ),
    ("Banks were not affected by the campaign.", {"bank": "excluded"}),
    ("The product is used by hospitals; it contains a flaw.", {"hospital": "affected"}),
    ("In 2012 attackers flooded the sites of banks.", {"bank": "history"}),
    (
        "About a decade ago a worm broke machines in a nuclear facility.",
        {"nuclear facility": "history"},
    ),
    ("Last June hackers attacked airlines.", {"airline": "history"}),
    ("Last week hackers attacked airlines.", {"airline": "attacked"}),
    ("The central bank warned about fraud.", {"central bank": "mentioned"}),
    ("A banking trojan was found.", {"banking": "mentioned"}),
    ("The mails posed as an airline to attack users.", {"airline": "mentioned"}),
    (
        "The firm worked with law enforcement agencies on the attack.",
        {"law enforcement": "mentioned"},
    ),
    ("Rockets struck a military base.", {"military base": "mentioned"}),
    ("The gang promised not to attack hospitals.", {"hospital": "excluded"}),
    ("Members were barred from attacking hospitals.", {"hospital": "excluded"}),
    ("The mails purport to be from parcel or energy companies.", {"energy company": "mentioned"}),
    ("Hospitals were hit, but banks were spared.", {"hospital": "attacked", "bank": "excluded"}),
    ("Since 2013 the group has attacked banks.", {"bank": "attacked"}),
    ("Likely targets are hospitals, analysts said.", {"hospital": "threatened"}),
    ("Read https://example.com/attacks-on-banks about the attack.", {}),
    ("The power of this method is its energy.", {}),
    ("The military commander was killed in a strike.", {}),
    ("The Iranian government rejected the offer.", {}),
    ("The trojan brings financial gain to its authors.", {}),
]


@pytest.mark.parametrize(("text", "expected"), SECTORS)
def test_sector_and_stance(text, expected):
    assert facts(text, "sector") == expected


def test_list_of_sectors_shares_head_and_stance():
    text = "Agencies warn that energy, transport and financial companies may be attacked."
    assert facts(text, "sector") == {
        "energy": "threatened",
        "transport": "threatened",
        "financial": "threatened",
    }


def test_bullets_below_a_heading_take_its_stance():
    text = "Sectors targeted by the group:\n\n* Healthcare\n* Public transit\n"
    assert facts(text, "sector") == {"healthcare": "attacked", "public transit": "attacked"}


def test_history_carries_on_until_a_new_time_is_told():
    text = (
        "In 2012 hackers flooded banks with traffic.\n\n"
        "Two years later, hackers returned with attacks on a casino.\n\n"
        "Following those attacks, insurers were hit too.\n\n"
        "On Saturday, a hospital was hacked."
    )
    assert facts(text, "sector") == {
        "bank": "history",
        "casino": "history",
        "insurer": "history",
        "hospital": "attacked",
    }
    assert facts(text, "date") == {
        "2012-01-01": "history",
        "2014-01-01": "history",
        "2020-01-04": "event",
    }


ACTORS = [
    ("Iranian hackers attacked a port.", {"iran": "named"}),
    ("The attack was claimed by a group claiming to be linked to Iran.", {"iran": "claimed"}),
    (
        "There was no evidence that it was the work of Iranian state-sponsored groups.",
        {"iran": "denied"},
    ),
    ("The intrusion is believed to be the work of APT33.", {"apt33": "suspected"}),
    ("In 2012 Iran-backed hackers attacked banks.", {"iran": "history"}),
    ("The flood of traffic was blamed on Russia.", {"russia": "named"}),
    ("Hackers attacked a bank in Iran.", {}),
    ("Indian banks were hit by hackers.", {}),
    ("They used Discovery (TA0007).", {}),
    ("Cyber attacks against Iran continued.", {}),
    ("The Elfin group, also known as APT33, sent lures.", {"apt33": "named"}),
    ("Operators that we call TA998 sent lures.", {"ta998": "named"}),
    ("Volt Typhoon is a storm over the sea.", {}),
    ("In silence he opened the dragonfly folder.", {}),
]


@pytest.mark.parametrize(("text", "expected"), ACTORS)
def test_actor_and_stance(text, expected):
    assert facts(text, "actor") == expected


def test_an_actor_is_matched_only_once_its_name_was_in_use():
    text = "Volt Typhoon attacked a port."
    assert facts(text, "actor", date(2024, 1, 1)) == {"volt-typhoon": "named"}
    assert facts(text, "actor", date(2020, 1, 1)) == {}


def test_advice_is_kept_with_its_words():
    found = extract("The agency urged firms to patch VPN servers and review logs.", DAY).facts
    actions = {f["value"]: f["label"] for f in found if f["fact_type"] == "action"}
    assert set(actions) == {"patch", "segment", "monitor"}
    assert actions["patch"] == "urged firms to patch VPN servers and review logs."


def test_a_patch_of_the_past_is_no_advice():
    assert facts("The vendor patched the flaw.", "action") == {}


def test_identifiers():
    text = "Actors exploit cve-2019-19781 (T1190) and CVE 2018 13379. CVSS base score 9.8."
    assert facts(text, "cve") == {"CVE-2019-19781": "named", "CVE-2018-13379": "named"}
    assert facts(text, "technique") == {"T1190": "named"}
    assert extract(text, DAY).severity_0_10 == 9.8


EXPIRIES = [
    (
        "This bulletin will expire on or before January 18, 2020 at 1:00pm EST.",
        datetime(2020, 1, 18, 18, 0),
    ),
    ("The notice is valid until 18 March 2020.", datetime(2020, 3, 18, 23, 59, 59)),
    ("The notice expired on December 1, 2019.", None),
    ("The certificate was replaced.", None),
]


@pytest.mark.parametrize(("text", "expected"), EXPIRIES)
def test_end_of_validity(text, expected):
    assert extract(text, DAY).valid_until == expected


KINDS = [
    ("The agency is sharing the following information: hospitals may be attacked.", "alert"),
    ("Officials have warned that banks are at risk, a spokesman said.", "news"),
    ("This bulletin is in effect until March.", "bulletin"),
    ("Clinic was hit by ransomware and shuts down its servers.", "incident"),
    ("Affected products: successful exploitation of this vulnerability is simple.", "advisory"),
    ("Technical analysis: we analyzed the payload and unpacked it.", "analysis"),
    ("An espionage campaign against ministries is ongoing.", "campaign"),
    ("Hospitals may be attacked.", "news"),
    ("The weather is fine.", "analysis"),
]


@pytest.mark.parametrize(("text", "kind"), KINDS)
def test_kind(text, kind):
    extraction = extract(text, DAY)
    assert extraction.kind == kind
    assert extraction.facts[-1]["value"] == kind


def test_a_title_given_apart_is_read_like_the_text():
    extraction = extract("Details follow.", DAY, title="Hospitals at risk")
    assert extraction.title == "Hospitals at risk"
    assert [f["value"] for f in extraction.facts if f["fact_type"] == "sector"] == ["hospital"]


def test_every_fact_keeps_the_sentence_that_says_it():
    text = "A new group appeared. Hackers attacked banks in Spain. The end."
    (fact,) = (f for f in extract(text, DAY).facts if f["fact_type"] == "sector")
    assert fact["sentence"] == "Hackers attacked banks in Spain."
    assert fact["label"] == "banks"


def test_abbreviations_end_no_sentence():
    text = "The U.S. Dept. of Energy said that Example Inc. was hit. Power plants are at risk."
    values = {f["sentence"] for f in extract(text, DAY).facts if f["value"] == "power plant"}
    assert values == {"Power plants are at risk."}


def test_lines_wrapped_by_hand_are_one_sentence():
    text = "Analysts expect that those who stayed quiet so far will target\nhospitals in spring."
    sentences = {f["sentence"] for f in extract(text, DAY).facts if f["value"] == "hospital"}
    assert sentences == {text.replace("\n", " ")}


def test_a_text_beyond_all_reports_is_refused():
    with pytest.raises(TextTooLongError, match="at most 5,000,000"):
        extract("a" * (MAX_CHARACTERS + 1), DAY)


@given(st.text(max_size=400))
def test_any_text_gives_an_extraction(text):
    extraction = extract(text, DAY)
    assert isinstance(extraction, Extraction)
    assert all(0 <= fact["confidence_0_1"] <= 1 for fact in extraction.facts)


@pytest.mark.parametrize(
    ("text", "actors"),
    [
        ("An actor known as FIN7 or Carbanak sent mail.", {"fin7", "carbanak"}),
        ("Used by “[Gorgon Group](https://a.example/x)” and “[Patchwork](https://a.example/y)”.",
         {"gorgon-group", "patchwork"}),
        ("FIN7 sent mail with the Carbanak malware.", {"fin7"}),
        ("Russia and Patchwork are different.", set()),
    ],
)  # fmt: skip
def test_a_name_that_means_other_things_counts_beside_an_actors_name(text, actors):
    found = extract(text, date(2022, 1, 6)).facts
    assert {f["value"] for f in found if f["fact_type"] == "actor"} == actors


def test_who_uses_tactics_is_no_target():
    found = extract("Activists exposed the tactics used by security forces.", DAY).facts
    assert {f["stance"] for f in found if f["fact_type"] == "sector"} == {"mentioned"}


TIMES = ["January 32, 2020", "in 2012", "two years later", "999 decades ago", "last June", "30 May"]
TIMES += ["expires today at 11:59 pm PST", "13:99 pm EST", "2020-13-45", "on Monday", "this week"]


@pytest.mark.slow
@given(st.lists(st.sampled_from(TIMES), max_size=6), st.dates())
def test_any_times_on_any_day_are_read(times, published_on):
    assert extract("Banks were hit " + " and ".join(times), published_on).facts


WORDS = ["Banks", "were", "hit", "by", "APT33", "in", "2012", "and", "may", "next.", "CVE-2020-1"]
BLANKS = [" ", "  ", " \t", "\u00a0 "]


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(BLANKS)), max_size=25))
@examples(25)
def test_more_blanks_change_nothing(pairs):
    spaced = "".join(word + blank for word, blank in pairs)
    assert extract(spaced, DAY) == extract(" ".join(word for word, _ in pairs), DAY)


def test_more_empty_lines_and_repeated_paragraphs_change_no_fact():
    parts = ["Banks may be attacked.", "In 2012 APT33 hit airlines.", "Patch your VPN servers."]
    once = extract("\n\n".join(parts), DAY)
    assert extract("\n \n\n\n".join(parts), DAY) == once
    assert extract("\n\n".join(parts * 3), DAY).facts == once.facts


HOSTILE = ["[", "a-", "in 2012 ", "bank, ", "a.a.gov ", "APT-C-1 ", "1", "(", "Iran hackers "]


@pytest.mark.slow
@pytest.mark.parametrize("unit", HOSTILE)
def test_a_long_run_of_one_pattern_ends(unit):
    assert extract((unit * 20_000)[:20_000], DAY).facts is not None


@pytest.mark.realdata
@pytest.mark.skipif(not ARTICLE.exists(), reason="no public data beside the checkout")
def test_the_article_of_january_2020():
    extraction = extract(ARTICLE.read_text(encoding="utf-8"), DAY)
    by_stance: dict[tuple[str, str], set[str]] = {}
    for fact in extraction.facts:
        by_stance.setdefault((fact["fact_type"], fact["stance"]), set()).add(fact["value"])
    assert extraction.kind == "news"
    assert by_stance["sector", "threatened"] == {
        "oil and gas",
        "transit system",
        "manufacturing facility",
        "healthcare",
        "logistics",
        "military facility",
    }
    assert by_stance["sector", "attacked"] == {"federal", "government website"}
    assert by_stance["sector", "history"] >= {"bank", "nasdaq", "new york stock exchange", "casino"}
    assert by_stance["sector", "history"] >= {"nuclear facility", "oil tanker"}
    assert "iran" in by_stance["actor", "named"] & by_stance["actor", "denied"]
    assert by_stance["action", "named"] == {"patch"}
    assert {"2012-01-01", "2013-01-01", "2014-01-01"} <= by_stance["date", "history"]
    assert all(fact["sentence"] for fact in extraction.facts)
