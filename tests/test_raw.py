import os
import stat
from datetime import date

import pytest

from pipeline import raw
from pipeline.errors import SectorRiskError
from tests.deliveries import REPORTS, put, settings_in, warehouse

DAY = "2020-01-06"


@pytest.fixture
def con(tmp_path):
    with warehouse(tmp_path) as con:
        yield con


def archived(con, folder, until=None):
    return raw.archive(con, settings_in(folder), REPORTS, until=until)


def test_a_file_is_archived_by_its_content_and_stays_in_the_inbox(con, tmp_path):
    file = put(tmp_path, "test_reports", DAY, "a.json", "[]")
    (arrival,) = archived(con, tmp_path)
    assert arrival.delivery_id == f"test_reports/{DAY}/4f53cda18c2b"
    assert arrival.path.relative_to(tmp_path).as_posix() == (
        f"home/raw/test_reports/{DAY}/4f53cda18c2b-a.json"
    )
    assert arrival.path.read_bytes() == file.read_bytes() == b"[]"
    assert (arrival.n_bytes, arrival.delivered_at.isoformat()) == (2, f"{DAY}T23:59:59")


def test_archived_bytes_cannot_be_written_to(con, tmp_path):
    put(tmp_path, "test_reports", DAY, "a.json", "[]")
    (arrival,) = archived(con, tmp_path)
    assert stat.S_IMODE(arrival.path.stat().st_mode) == 0o444


def test_a_run_killed_after_archiving_finds_the_file_again(con, tmp_path):
    put(tmp_path, "test_reports", DAY, "a.json", "[]")
    assert archived(con, tmp_path) == archived(con, tmp_path)


def test_half_copied_files_of_a_killed_run_are_removed(con, tmp_path):
    leftover = tmp_path / "home" / "raw" / ".incoming" / "left"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    archived(con, tmp_path)
    assert not leftover.exists()


def test_a_damaged_archive_is_refused(con, tmp_path):
    put(tmp_path, "test_reports", DAY, "a.json", "[]")
    (arrival,) = archived(con, tmp_path)
    arrival.path.chmod(0o644)
    arrival.path.write_bytes(b"other")
    with pytest.raises(SectorRiskError, match="no longer holds the bytes"):
        archived(con, tmp_path)


def test_days_after_until_are_left_alone(con, tmp_path):
    put(tmp_path, "test_reports", "2020-01-05", "a.json", "[]")
    put(tmp_path, "test_reports", "2020-01-06", "b.json", "[1]")
    names = [each.name for each in archived(con, tmp_path, until=date(2020, 1, 5))]
    assert names == ["a.json"]


def test_a_file_without_a_day_arrives_now(con, tmp_path):
    file = put(tmp_path, "test_reports", None, "a.json", "[]")
    os.utime(file, (1_600_000_000, 1_600_000_000))
    before = raw.utc_now()
    (arrival,) = archived(con, tmp_path)
    assert before <= arrival.delivered_at <= raw.utc_now()


def test_deliveries_of_one_day_have_an_order(con, tmp_path):
    for name in ("b.json", "a.json", "c.json"):
        put(tmp_path, "test_reports", DAY, name, f'["{name}"]')
    arrivals = archived(con, tmp_path)
    assert [each.name for each in arrivals] == ["a.json", "b.json", "c.json"]
    assert len({each.delivered_at for each in arrivals}) == 3
    assert sorted(each.delivered_at for each in arrivals) == [e.delivered_at for e in arrivals]


def test_files_being_written_are_not_taken(con, tmp_path, monkeypatch):
    put(tmp_path, "test_reports", DAY, "a.json.part", "[]")
    put(tmp_path, "test_reports", DAY, "b.tmp", "[]")
    put(tmp_path, "test_reports", DAY, ".hidden.json", "[]")
    assert archived(con, tmp_path) == []


def test_a_file_that_grows_while_it_is_copied_waits_for_the_next_run(con, tmp_path, monkeypatch):
    file = put(tmp_path, "test_reports", DAY, "a.json", "[]")
    copy_in = raw._copy_in

    def copy_slowly(settings, path):
        copied = copy_in(settings, path)
        file.write_text("[1]")
        os.utime(file, (1_600_000_000, 1_600_000_000))
        return copied

    monkeypatch.setattr(raw, "_copy_in", copy_slowly)
    assert archived(con, tmp_path) == []
    monkeypatch.undo()
    (arrival,) = archived(con, tmp_path)
    assert arrival.path.read_text() == "[1]"


@pytest.mark.parametrize("place", ["test_reports/evil.json", "test_reports/2020-01-06/evil.json"])
def test_links_are_refused(con, tmp_path, place, caplog):
    secret = tmp_path / "secret.json"
    secret.write_text("[]")
    link = tmp_path / "inbox" / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(secret)
    assert archived(con, tmp_path) == []
    assert "not a plain file" in caplog.text


def test_a_linked_folder_is_refused(con, tmp_path, caplog):
    put(tmp_path, "elsewhere", DAY, "a.json", "[]")
    (tmp_path / "inbox" / "test_reports").mkdir()
    (tmp_path / "inbox" / "test_reports" / DAY).symlink_to(tmp_path / "inbox" / "elsewhere" / DAY)
    assert archived(con, tmp_path) == []
    assert "not a plain file" in caplog.text


@pytest.mark.parametrize("day", ["2999-01-01", "yesterday"])
def test_folders_that_are_no_past_day_are_reported(con, tmp_path, day, caplog):
    put(tmp_path, "test_reports", day, "a.json", "[]")
    assert archived(con, tmp_path) == []
    assert "not the folder of a past day" in caplog.text


def test_files_with_other_endings_are_reported(con, tmp_path, caplog):
    put(tmp_path, "test_reports", DAY, "a.exe", "[]")
    assert archived(con, tmp_path) == []
    assert "does not end in .json" in caplog.text


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("a b.json", "a_b.json"),
        ("../../etc/passwd.json", "passwd.json"),
        ("..\\..\\boot.json", "boot.json"),
        ("...json", "json"),
        ("a\nb\x00.json", "a_b_.json"),
        ("", "unnamed"),
        ("rapport-é.json", "rapport-é.json"),
    ],
)
def test_names_are_cleaned(name, cleaned):
    assert raw.clean_name(name) == cleaned


def test_long_names_keep_their_ending():
    cleaned = raw.clean_name("é" * 400 + ".tar.gz")
    assert cleaned.endswith(".tar.gz")
    assert len(cleaned.encode()) <= raw.LONGEST_NAME


def test_a_file_handed_in_keeps_what_is_said_of_it(con, tmp_path):
    file = put(tmp_path, "elsewhere", None, "a.json", "[]")
    arrival = raw.archive_file(
        con,
        settings_in(tmp_path),
        REPORTS,
        file,
        published_on=date(2020, 1, 6),
        is_historical=True,
        url="https://example.org/a.json",
    )
    assert (arrival.published_on, arrival.is_historical) == (date(2020, 1, 6), True)
    assert arrival.url == "https://example.org/a.json"


def test_a_missing_file_is_named(con, tmp_path):
    with pytest.raises(SectorRiskError, match=r"gone\.json: there is no such file"):
        raw.archive_file(con, settings_in(tmp_path), REPORTS, tmp_path / "gone.json")
