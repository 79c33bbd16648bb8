"""What a trial's process does once it is forked: the Procfile's commands, and builds that only trials have."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable

import app  # noqa: F401 - imported before the fork, so that a start costs a moment
from config.settings import ROOT
from tests.faults import builds, group_builds


def run(entry: str, environment: dict[str, str], log: str, options: dict) -> None:
    """Be a process of its own: own group, own environment, own log; dies with its parent (Linux)."""
    os.setpgid(0, 0)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    os.chdir(ROOT)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ.clear()
    os.environ.update(environment)
    ENTRIES[entry](**options)


def flask(*, arguments: list[str]) -> None:
    """`flask <arguments>`."""
    from flask.cli import main

    sys.argv = ["flask", *arguments]
    main()


def web() -> None:
    """The Procfile's web process."""
    gunicorn("app:create_app()")


def preloaded_web(*, application: str) -> None:
    """The web process, started anew, so that LD_PRELOAD of its environment is heeded."""
    _anew("gunicorn", "-c", "gunicorn.conf.py", application)


def preloaded_flask(*, arguments: list[str]) -> None:
    """`flask <arguments>`, started anew."""
    _anew("flask", *arguments)


def preloaded_worker(*, how: list[str]) -> None:
    """`worker_built`, started anew."""
    _anew("tests.faults.builds", *how)


def _anew(module: str, *arguments: str) -> None:
    os.execve(sys.executable, [sys.executable, "-m", module, *arguments], os.environ)


def gunicorn(application: str) -> None:
    from gunicorn.app.wsgiapp import run as start

    sys.argv = ["gunicorn", "-c", "gunicorn.conf.py", application]
    start()


def simulator(*, arguments: list[str]) -> None:
    from simulator.__main__ import main

    sys.exit(main(arguments))


ENTRIES: dict[str, Callable[..., None]] = {
    "eraser": builds.eraser,
    "flask": flask,
    "web": web,
    "gunicorn": gunicorn,
    "preloaded_flask": preloaded_flask,
    "preloaded_web": preloaded_web,
    "preloaded_worker": preloaded_worker,
    "simulator": simulator,
    "worker_with_failpoint": builds.worker_with_failpoint,
    "worker_that_asks_no_epoch": builds.worker_that_asks_no_epoch,
    "worker_that_believes_any_commit": group_builds.worker_that_believes_any_commit,
    "worker_that_reclaims": builds.worker_that_reclaims,
    "worker_that_sends_first": group_builds.worker_that_sends_first,
    "worker_built": builds.worker_built,
}
