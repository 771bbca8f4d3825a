"""`make airflow`: Airflow's scheduler and web interface on this machine, for these DAGs.

Like `airflow standalone`, with two differences: nothing listens on any address but 127.0.0.1
(the log servers of scheduler and triggerer would, and are not needed on one machine), and ending
it ends every process that it started.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from secrets import token_hex

import embedded
from rich.console import Console

COMPONENTS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "api-server": ["api-server", "--host", "127.0.0.1", "--workers", "1"],
}


def settings(port: str) -> dict[str, str]:
    """What a server needs beyond the embedded Airflow."""
    address = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": address,
        "AIRFLOW__API__SECRET_KEY": token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": token_hex(32),  # otherwise each component makes its own
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{address}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "2",  # the default starts 32 workers
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
    }


def start(name: str, logs: Path) -> subprocess.Popen[bytes]:
    """Start one component at the head of a process group of its own."""
    with (logs / f"airflow-{name}.log").open("w") as log:
        return subprocess.Popen(  # noqa: S603 (our own fixed arguments)
            [sys.executable, "-m", "airflow", *COMPONENTS[name]],
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a component and whatever it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(timeout=15)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


def watch(processes: dict[str, subprocess.Popen[bytes]]) -> str:
    """Wait until a component ends by itself; its name."""
    while True:
        for name, process in processes.items():
            if process.poll() is not None:
                return name
        time.sleep(1)


def serve(console: Console, home: Path) -> int:
    """Run the components until one ends by itself or somebody interrupts."""
    logs = home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    processes = {name: start(name, logs) for name in COMPONENTS}
    console.print(
        f"Airflow: {os.environ['AIRFLOW__API__BASE_URL']} (up in about a minute; Ctrl+C ends it)\n"
        f"User admin, password in {home}/airflow/*.generated\nLogs: {logs}"
    )
    try:
        console.print(f"[red]{watch(processes)} ended by itself; see its log.[/red]")
    except KeyboardInterrupt:
        return 0
    finally:
        for process in processes.values():
            stop(process)
    return 1


def main() -> int:
    """Prepare the metadata database and serve."""
    from pipeline.settings import get_settings

    home = get_settings().home.resolve()
    ours = settings(os.environ.get("AIRFLOW__API__PORT", "8080"))
    for name, value in {**embedded.environment(home), **ours}.items():
        os.environ.setdefault(name, value)
    console = Console(highlight=False)
    with console.status("Preparing Airflow …"):
        embedded.prepare()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return serve(console, home)


if __name__ == "__main__":
    sys.exit(main())
