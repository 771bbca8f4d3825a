"""Errors meant for the person who has to act on them.

Every message says what was expected, what was found, where, and what to do. An error of this
family is shown without a traceback; anything else is a fault of ours and keeps its traceback.
"""

from difflib import get_close_matches

LONGEST_PROBLEM = 600


class SectorRiskError(Exception):
    """Something outside the code is wrong and a person can put it right."""

    exit_code = 1


class DeliveryError(SectorRiskError):
    """One delivered file cannot be read as a whole; no other delivery is affected."""

    def __init__(self, name: str, problem: str, remedy: str) -> None:
        """Name the file, say what is wrong with it and where, and what to do."""
        short = problem if len(problem) <= LONGEST_PROBLEM else f"{problem[:LONGEST_PROBLEM]}…"
        super().__init__(f"{name}: {short} {remedy}")
        self.name, self.problem, self.remedy = name, short, remedy


class SettingsError(SectorRiskError):
    """Variables of the environment hold what no setting takes; nothing was started."""

    exit_code = 2


class FetchError(SectorRiskError):
    """A source did not deliver: unreachable, refused, too slow or too large."""


class GateError(SectorRiskError):
    """A gate held the run back; nothing was published."""

    exit_code = 3


class MethodError(SectorRiskError):
    """A version of the method that this program cannot compute."""


class ExportError(SectorRiskError):
    """What was asked for cannot be shown truthfully; nothing was written."""


class WarehouseLockedError(SectorRiskError):
    """Another process is writing to the warehouse."""

    exit_code = 4


class WarehouseDamagedError(SectorRiskError):
    """The warehouse file cannot be opened."""


class WarehouseVersionError(WarehouseDamagedError):
    """The warehouse file was made by another version, and this one cannot go on with it."""


class NeedsAPersonError(SectorRiskError):
    """The doctor found something; the message names the checks that were not passed."""


class StorageError(SectorRiskError):
    """The disk is full, or a folder cannot be written."""


class NothingPublishedError(SectorRiskError):
    """There is no snapshot to read yet."""


class UnknownNameError(SectorRiskError):
    """A name that is not in the list of known names; the message lists the nearest."""

    def __init__(self, what: str, name: str, known: list[str]) -> None:
        """Say which name is unknown and which known ones are nearest to it."""
        near = get_close_matches(name, known, n=5, cutoff=0.3) or sorted(known)[:8]
        super().__init__(f"{what} '{name}' is not known. Nearest: {', '.join(near)}.")
