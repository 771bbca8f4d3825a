"""Which day a run means: stated by parameter, partition or logical date, never by the clock."""

from datetime import date, datetime, time

from pipeline.errors import SectorRiskError


def resolve_day(
    *,
    stated: str | None = None,
    partition_key: str | None = None,
    logical_date: datetime | None = None,
) -> date:
    """The one day that the run states.

    A logical date counts only at midnight: with any other time it is the moment at which
    somebody pressed a button, and says nothing about the day meant.

    Args:
        stated: parameter `day`, as 2020-02-15.
        partition_key: the run's partition, which begins with the day.
        logical_date: the run's logical date.

    Raises:
        SectorRiskError: no day is stated, several are, or one is not a date.
    """
    said = {
        "parameter day": _as_day("parameter day", stated),
        "partition": _as_day("partition", partition_key),
        "logical date": _midnight(logical_date),
    }
    days = {day for day in said.values() if day}
    if len(days) > 1:
        named = ", ".join(f"{what} {day}" for what, day in said.items() if day)
        raise SectorRiskError(f"The run names several days ({named}): name one.")
    if not days:
        raise SectorRiskError(
            "The run does not say which day to score: trigger it again with the parameter day, "
            "for example 2020-02-15, or with a partition key."
        )
    return days.pop()


def _as_day(what: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise SectorRiskError(
            f"The run's {what} is '{text}', not a day such as 2020-02-15."
        ) from None


def _midnight(moment: datetime | None) -> date | None:
    return moment.date() if moment and moment.time() == time() else None
