"""Work done in a process of its own that is killed with SIGKILL at a chosen moment.

The processes are forked from a server that has the heavy imports behind it, so that a moment lies
in the work and not in starting up.
"""

import multiprocessing
import os
import signal
import sys
import threading

PREPARED = multiprocessing.get_context("forkserver")
PREPARED.set_forkserver_preload(["faults.warmed", "faults.killing"])
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.truncate", "os.link"}


def killed_before_change(number, settings, work, *arguments):
    """Whether `work` was killed before its change `number` of a file below the home folder."""
    return _is_killed(_work_until, number, settings, work, arguments)


def killed_after(seconds, settings, work, *arguments):
    """Whether `work` was killed, `seconds` after it began."""
    return _is_killed(_work_for, seconds, settings, work, arguments)


def _is_killed(run, moment, settings, work, arguments):
    process = PREPARED.Process(target=run, args=(moment, settings, work, arguments))
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def _work_until(number, settings, work, arguments):
    left = number

    def count(event, details):
        nonlocal left
        if _changes_a_file(event, details, str(settings.home)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    work(settings, *arguments)


def _work_for(seconds, settings, work, arguments):
    killer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGKILL))
    killer.daemon = True
    killer.start()
    work(settings, *arguments)


def _changes_a_file(event, details, home):
    if event == "open":
        path, _, flags = details
        is_written = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        return bool(is_written) and isinstance(path, str) and path.startswith(home)
    return event in CHANGES and str(details[0]).startswith(home)
