"""The processes of a bench: started as the Procfile starts them, measured through /proc, ended with the bench."""

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICK = os.sysconf("SC_CLK_TCK")
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Process:
    """`python -m <arguments>` in the project's root, leader of a group of its own; its output goes to `log`."""

    def __init__(self, arguments: list[str], environment: dict[str, str], log: Path, cwd: Path = ROOT) -> None:
        self.log = log
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=cwd,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.pid = self._process.pid
        atexit.register(self.end)

    def end(self) -> None:
        """SIGTERM, and SIGKILL for the group where that is not heard."""
        if self._process.poll() is None:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):  # then the group is killed in a moment
                self._process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(15)
        atexit.unregister(self.end)

    def wait(self, seconds: float) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired."""
        return self._process.wait(seconds)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def family(self) -> list[int]:
        """Its own pid and those of all that it started, down to the last grandchild."""
        found = [self.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                found += [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return found

    def cpu_s(self) -> float:
        """Seconds of processor time that the family has used so far."""
        used = 0
        for pid in self.family():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                used += int(fields[11]) + int(fields[12])
        return used / TICK

    def memory_mb(self) -> float:
        """The family's memory, shared pages divided among those that share them (PSS)."""
        total = 0
        for pid in self.family():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        return total / 1024


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(true: Callable[[], object], seconds: float, what: str, every: float = 0.01) -> None:
    """Wait until it holds. Raises TimeoutError, which names `what`."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        time.sleep(every)


def answers(url: str) -> bool:
    """Whether a GET of this address is answered 200."""
    try:
        with _opener.open(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
