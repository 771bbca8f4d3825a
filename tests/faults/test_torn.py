"""A delivery that was cut off on its way: refused, or every row that counts was sent so."""

import random
import shutil
from contextlib import suppress

import pytest
from reader_helpers import received_bytes
from sample import FIRST, LAST, collect_all, content, copy_of

from pipeline import flow
from pipeline.errors import DeliveryError
from pipeline.settings import ROOT, Settings

SAMPLE = ROOT / "warehouse" / "sample"
# Prose has no end that could be missed: a torn story says less, and the whole one replaces it.
FILES = sorted(file for file in SAMPLE.glob("*/*/*") if file.parts[-3] != "news")


def sound_rows(source_id, data, folder, name):
    found = received_bytes(source_id, data, folder, name=name)
    return {
        repr((table, sorted(row.items(), key=str)))
        for table, rows in found.items()
        for row in rows
        if not row.get("problems")
    }


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES, ids=lambda file: "/".join(file.parts[-3:]))
def test_no_row_of_a_torn_file_says_what_was_not_sent(file, tmp_path):
    data, source_id = file.read_bytes(), file.parts[-3]
    whole = sound_rows(source_id, data, tmp_path, file.name)
    chance = random.Random(file.name)
    for _ in range(25):
        torn = data[: chance.randrange(1, len(data))]
        with suppress(DeliveryError):
            assert sound_rows(source_id, torn, tmp_path, file.name) <= whole


@pytest.mark.gx
@pytest.mark.slow
def test_once_the_whole_files_are_in_every_table_is_as_if_nothing_had_been_torn(
    collected, tmp_path
):
    inbox = shutil.copytree(SAMPLE, tmp_path / "inbox")
    chance = random.Random(1)
    for sent in FILES:
        file = inbox / sent.relative_to(SAMPLE)
        torn = file.with_name(f"0-{file.name}")
        torn.write_bytes(file.read_bytes()[: chance.randrange(1, file.stat().st_size)])
    disturbed = Settings(home=tmp_path / "disturbed", inbox=inbox)
    collect_all(disturbed)
    undisturbed = copy_of(collected, tmp_path / "undisturbed")
    for settings in (disturbed, undisturbed):
        flow.score_range(FIRST, LAST, settings=settings)
    assert content(disturbed) == content(undisturbed)
