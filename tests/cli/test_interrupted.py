"""Ctrl-C at any moment of a start, as a terminal sends it: no traceback, 130 or a good end, nothing left."""

import contextlib
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cli import interrupted
from cli.commands import WHERE
from cli.interrupted import Stop
from config.settings import ROOT
from tests.application import SETTINGS
from tests.ports import free_port

pytestmark = pytest.mark.storm

FLASK = (".venv/bin/flask",)
PYTHON = ".venv/bin/python"
MORE = {
    "simulator": ("--port", "0"),
    "sources": ("list",),
    "policy": ("show",),
    "leads": ("list",),
    "do-not-call": ("list",),
    "users": ("list",),
    "alarms": ("list",),
    "pause": ("--why", "a test"),
    "resume": ("--why", "a test"),
    "restore": ("--check",),
}
# What is started -> how long its start takes at most, in seconds.
STARTS: dict[tuple[str, ...], float] = {(*FLASK, name, *MORE.get(name, ())): 1.2 for name in WHERE if name != "demo"}
STARTS |= {
    (PYTHON, "-m", "flask", "leads", "list"): 0.8,
    (".venv/bin/gunicorn", "-c", "gunicorn.conf.py", "app:create_app()"): 1.5,
    (PYTHON, "-m", "simulator", "--port", "0"): 0.3,
    (*FLASK, "routes"): 1.2,
    ("make", "run"): 2.5,
}
SHOTS = int(os.environ.get("SHOTS", "3"))
ENDED = (-signal.SIGINT, 128 + signal.SIGINT)  # a shell counts both as 130
# How else it may end: no backup is there; a shot came after the account was resumed, and nothing is paused any more;
# `make` counts what it started; Flask's own commands are click's, which says "Aborted!".
OTHERWISE = {"restore": 1, "resume": 1, "make": 2, "routes": 1}
# Python itself, of which it has not read a line of ours yet: some thousandths of a second.
TOO_EARLY = ("<frozen site>", "Fatal Python error: init")


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """The code in a folder of its own, with a `.venv` as `deploy/setup.sh` leaves it."""
    folder = tmp_path_factory.mktemp("house")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    for name in names:
        if name and not name.startswith(("docs/", "bench/", "tests/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=folder, check=True)
    for word in ("flask", "gunicorn"):
        script = (Path(sys.prefix) / "bin" / word).read_text().partition("\n")[2]
        (folder / ".venv/bin" / word).write_text(f"#!{folder}/.venv/bin/python\n{script}")
        (folder / ".venv/bin" / word).chmod(0o755)
    (packages,) = folder.glob(".venv/lib/python3*/site-packages")
    (packages / "shared.pth").write_text("".join(f"{path}\n" for path in sys.path if path.endswith("site-packages")))
    subprocess.run(["sh", "deploy/setup.sh"], cwd=folder, check=True)
    digest = "import hashlib; print(hashlib.sha256(open('requirements.txt', 'rb').read()).hexdigest()[:16])"
    said = subprocess.run([sys.executable, "-c", digest], cwd=folder, capture_output=True, text=True, check=True)
    (folder / f".venv/.installed-requirements.txt-{said.stdout.strip()}").touch()
    release = [PYTHON, "-m", "flask", "release"]
    subprocess.run(release, cwd=folder, env=environment(folder), check=True, capture_output=True)
    return folder


def environment(folder, **more):
    given = {**SETTINGS, "DATABASE_URL": f"sqlite:///{folder}/leads.db", "FLASK_SKIP_DOTENV": "1"}
    given |= {"RUN_DIR": f"{folder}/run", "BACKUP_DIR": f"{folder}/backups", "WEB_SOCKET": f"{folder}/web.sock"}
    return {"PATH": os.environ["PATH"], "HOME": str(folder), **given, **more}


def of_make_run(folder):
    """Two ports beside each other, which `make run` takes."""
    while True:
        port = free_port()
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port + 1))
            return {"PATH": os.environ["PATH"], "HOME": str(folder), "PORT": str(port)}


def shot(folder, words, after):
    """A start that is interrupted after so many seconds, with all the terminal would send it to: (exit code, said)."""
    environ = of_make_run(folder) if words == ("make", "run") else environment(folder)
    with (folder / "said.txt").open("w+") as said:
        process = subprocess.Popen(
            words,
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=_heeds_ctrl_c,
        )
        try:
            try:
                process.wait(after)  # it may be over by then
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGINT)
            code = process.wait(60)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        said.seek(0)
        return code, said.read()


def _heeds_ctrl_c():
    """As from a terminal: where these tests run in the background it is ignored, by all that they start, too."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def left_behind(folder):
    """Processes that still work in the folder."""
    found = []
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (one / "cwd").readlink() == folder:
                found.append((one / "cmdline").read_bytes().replace(b"\0", b" "))
    return found


@pytest.mark.parametrize("words", STARTS, ids=" ".join)
def test_ctrl_c_at_any_moment_of_a_start_is_no_traceback(house, words):
    draw = random.SystemRandom()
    shots = SHOTS
    while shots:
        after = draw.uniform(0.01, STARTS[words] * 3)
        code, said = shot(house, words, after)
        if any(word in said for word in TOO_EARLY) and "site-packages" not in said:
            continue
        shots -= 1
        about = f"after {after:.3f} s: exit code {code}\n{said}"
        assert "Traceback" not in said, about
        assert "KeyboardInterrupt" not in said, about
        assert "Exception ignored" not in said, about
        assert code in (*ENDED, 0, *(OTHERWISE[word] for word in words if word in OTHERWISE)), about
    end = time.monotonic() + 60
    while left_behind(house):
        assert time.monotonic() < end, left_behind(house)


def test_whoever_starts_it_in_the_background_is_not_interrupted(house):
    """A shell's `&` says that a program wants no Ctrl-C; nobody of ours changes that."""
    words = ["sh", "-c", f"trap '' INT; exec {PYTHON} -m flask leads list"]
    code, said = shot(house, words, 0.2)
    assert code == 0, said


def test_a_stop_that_a_handler_sets_waits_for_nobody():
    """Whatever line of the waiting code the signal interrupts: each of them in turn; its handler stops it."""
    lines = 0

    def wait_interrupted_at(n):
        stop, passed = Stop(), itertools.count()

        def trace(frame, event, _):
            if frame.f_code.co_filename == interrupted.__file__ and event == "line" and next(passed) == n:
                signal.raise_signal(signal.SIGINT)
            return trace

        before = signal.signal(signal.SIGINT, lambda *_: stop.set())
        sys.settrace(trace)
        try:
            return stop.wait(0.01) or stop.is_set(), next(passed) > n
        finally:
            sys.settrace(None)
            signal.signal(signal.SIGINT, before)

    while (found := wait_interrupted_at(lines))[1]:
        assert found[0]
        lines += 1
    assert lines > 1
    both = Stop()
    with ThreadPoolExecutor(2) as threads:
        waiting = [threads.submit(both.wait, 60) for _ in range(2)]
        both.set()
        assert [one.result() for one in waiting] == [True, True]


TIDY = """
import signal
from cli.interrupted import heard

class Thing:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
        self.gone = True

signal.signal(signal.SIGINT, signal.SIG_DFL)
with heard():
    try:
        {0}
        while True:
            pass
    finally:
        print("tidied up", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


@pytest.mark.parametrize("interrupt", ["signal.raise_signal(signal.SIGINT)", "thing = Thing(); del thing"])
def test_a_command_that_runs_tidies_up_also_where_python_cannot_raise(interrupt):
    done = subprocess.run([sys.executable, "-c", TIDY.format(interrupt)], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "tidied up True\n", "")
