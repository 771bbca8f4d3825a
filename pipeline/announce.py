"""The announcement of a publication: what the Summary says, in words, told once.

Whoever sends it (e-mail, chat) gets plain text that depends on the published scores alone.
"""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from pipeline.alerts import headlines
from pipeline.publish import Published, read_manifest
from pipeline.settings import Settings, get_settings
from pipeline.warehouse import Connection, open_snapshot

logger = logging.getLogger(__name__)

Part = Callable[[Connection, date, Settings], dict[str, list[str]]]


@dataclass(frozen=True)
class Announcement:
    """A subject of one line, and a text of several."""

    subject: str
    text: str


def _summary(con: Connection, day: date, settings: Settings) -> dict[str, list[str]]:
    from pipeline.export import summary_sentences

    return summary_sentences(con, day, settings)


def _alerts(con: Connection, day: date, settings: Settings) -> dict[str, list[str]]:
    return {"Alerts": headlines(con, day, tlp=settings.tlp)}


PARTS: tuple[Part, ...] = (_alerts, _summary)
"""What is said, in this order: each part gives sentences under headings, or nothing."""


def announcement(published: Published, settings: Settings | None = None) -> Announcement:
    """What to tell of a publication; the same publication gives the same text."""
    settings = settings or get_settings()
    day = date.fromisoformat(published.score_date)
    with open_snapshot(settings) as con:
        said = [part(con, day, settings) for part in PARTS]
    lines = [line for headings in said for line in _lines(headings)]
    workbook = settings.published_folder / published.workbook
    return Announcement(
        f"TLP:{settings.tlp} Sector Risk: scores of {day}",
        "\n".join(
            [
                *lines,
                f"Workbook: {workbook}",
                f"SHA-256: {published.workbook_sha256}",
                "Scores rank attention; they are not a forecast. "
                f"Marked TLP:{settings.tlp}. Questions: {settings.contact}.",
            ]
        ),
    )


def announce(
    day: date, tell: Callable[[str, str], object], settings: Settings | None = None
) -> bool:
    """Tell of the publication of `day`, unless that was done before; whether it was told now.

    It is noted before it is sent: a channel that breaks off half-way never makes it told twice.
    """
    settings = settings or get_settings()
    published = read_manifest(settings)
    if published is None or published.score_date != day.isoformat():
        logger.info("%s is not what is published: nothing to tell", day)
        return False
    notice = announcement(published, settings)
    if not _is_first(published, settings):
        logger.info("%s was told before", published.run_id)
        return False
    tell(notice.subject, notice.text)
    return True


def _is_first(published: Published, settings: Settings) -> bool:
    """Note the publication as told; False if it was noted before."""
    folder = settings.home / "announced"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        note = os.open(
            folder / f"{published.run_id}-{published.workbook_sha256[:12]}",
            os.O_CREAT | os.O_EXCL | os.O_WRONLY,
        )
    except FileExistsError:
        return False
    os.close(note)
    return True


def _lines(headings: dict[str, list[str]]) -> Iterator[str]:
    for heading, sentences in headings.items():
        if sentences:
            yield heading
            yield from (f"- {sentence}" for sentence in sentences)
            yield ""
