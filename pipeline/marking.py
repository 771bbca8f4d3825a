"""What may leave under a marking of the Traffic Light Protocol; views withhold the rest."""

from typing import TYPE_CHECKING

from pipeline.settings import ROOT

if TYPE_CHECKING:
    from pipeline.warehouse import Connection

MARKING_FILE = ROOT / "warehouse" / "marking.sql"


def mark(con: "Connection", tlp: str) -> None:
    """Create the views `shown_…`, which withhold what is marked above `tlp`, on this connection."""
    con.execute("set variable tlp = ?::varchar", [tlp])
    con.execute(MARKING_FILE.read_text(encoding="utf-8"))
