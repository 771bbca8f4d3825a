"""`make run`: the real DAGs over the bundled sample, one after the other in this process.

Airflow runs embedded: SQLite for its metadata and no server, everything below the data folder. What
Airflow has to say goes into a log file; the terminal shows the tasks as they happen.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from time import perf_counter
from typing import Any

import embedded
from rich.console import Console

SAMPLE = Path(__file__).resolve().parents[1] / "warehouse" / "sample"
FIRST_DAY, LAST_DAY = date(2019, 12, 15), date(2020, 2, 15)
RUNS: dict[str, dict[str, str]] = {
    "ingest_threat_reports": {},
    "ingest_sector_exposure": {},
    "backfill_scores": {
        "from": FIRST_DAY.isoformat(),
        "to": LAST_DAY.isoformat(),
        "reason": "first load of the bundled sample",
    },
    "score_sectors": {},
}


@dataclass
class Progress:
    """A line in the terminal for every finished task, and why the first one failed."""

    console: Console
    started: dict[str, float] = field(default_factory=dict)
    failure: str | None = None

    def show(self, mark: str, task_instance: Any) -> None:
        """Print the task with its mark and the time it took."""
        name = task_name(task_instance)
        seconds = perf_counter() - self.started.pop(name, perf_counter())
        self.console.print(f"  {mark} {name} [dim]{seconds:.1f} s[/dim]", highlight=False)


def task_name(task_instance: Any) -> str:
    """Name of the task, with the source where it is mapped."""
    mapped = getattr(task_instance, "rendered_map_index", None)
    return f"{task_instance.task_id} {mapped}" if mapped else str(task_instance.task_id)


def listener(progress: Progress) -> object:
    """What Airflow calls when a task starts, succeeds or fails."""
    from airflow.listeners import hookimpl

    from pipeline.errors import SectorRiskError

    class Listener:
        @hookimpl
        def on_task_instance_running(self, task_instance: Any) -> None:
            progress.started[task_name(task_instance)] = perf_counter()

        @hookimpl
        def on_task_instance_success(self, task_instance: Any) -> None:
            progress.show("[green]✓[/green]", task_instance)

        @hookimpl
        def on_task_instance_failed(self, task_instance: Any, error: BaseException | str) -> None:
            progress.show("[red]✗[/red]", task_instance)
            known = isinstance(error, SectorRiskError | str)
            reason = str(error) if known else f"{type(error).__name__}: {error}"
            progress.failure = progress.failure or f"{task_instance.task_id}: {reason}"

    return Listener()


@contextmanager
def quiet_into(log: Path) -> Iterator[Console]:
    """Everything written to the terminal goes into the log, except through the console given."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    out, err = os.dup(1), os.dup(2)
    with log.open("w") as file, os.fdopen(os.dup(out), "w") as terminal:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield Console(file=terminal)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)


def run_all(console: Console) -> str | None:
    """Run the DAGs in order; the reason if one fails."""
    with console.status("Starting Airflow …"):
        from airflow.sdk.listener import get_listener_manager

        embedded.prepare()
        dags = embedded.load_dags()
        progress = Progress(console)
        get_listener_manager().add_listener(listener(progress))
    moment = datetime.combine(LAST_DAY, time(), UTC)
    for dag_id, conf in RUNS.items():
        console.print(f"[bold]{dag_id}[/bold]")
        with console.status(f"{dag_id} …"):
            succeeded = embedded.run_dag(dags[dag_id], moment, conf)
        if not succeeded:
            return f"{dag_id}, {progress.failure}"
    return None


def main() -> int:
    """Run the sample and show what came out; 0 if everything succeeded."""
    from pipeline.settings import get_settings

    home = get_settings().home.resolve()
    for name, value in {**embedded.environment(home), "SECTOR_RISK_INBOX": str(SAMPLE)}.items():
        os.environ.setdefault(name, value)
    get_settings.cache_clear()
    log = home / "logs" / "make-run.log"
    with quiet_into(log) as console:
        failure = run_all(console)
    if failure:
        Console(stderr=True).print(f"[red]Failed:[/red] {failure}\nLog: {log}", highlight=False)
        return 1
    from pipeline.cli import show_day

    show_day(LAST_DAY)
    return 0


if __name__ == "__main__":
    sys.exit(main())
