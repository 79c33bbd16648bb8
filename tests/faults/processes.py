"""Real processes that a trial may kill, freeze and end: gunicorn, `flask worker`, the simulator.

They are forked from a process that has imported the code already, so that a start costs a moment;
each then runs what the Procfile runs. Nothing outlives the trial's own process.
"""

import multiprocessing
import os
import signal
import time
from pathlib import Path

from tests.faults import entries

_nursery = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload(["tests.faults.entries"])
PATIENCE_S = 60.0  # costs nothing where all is well


class Process:
    """One started process and the group it leads. `entry` is a name of `tests.faults.entries.ENTRIES`."""

    def __init__(self, entry: str, environment: dict[str, str], log: Path, **options: object) -> None:
        self.log = log
        self._process = _nursery.Process(
            target=entries.run, args=(entry, environment, str(log), options), name=entry, daemon=True
        )
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        self.frozen = False

    @property
    def alive(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """kill -9 for the process and all that it forked."""
        self._signal_group(signal.SIGKILL)
        self._process.join(PATIENCE_S)

    def freeze(self) -> None:
        self.frozen = True
        self._signal_group(signal.SIGSTOP)

    def go_on(self) -> None:
        self.frozen = False
        self._signal_group(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """SIGTERM to the process itself, as an operator's tool does."""
        if self.alive:
            os.kill(self.pid, signal.SIGTERM)

    def ended(self, seconds: float = PATIENCE_S) -> int | None:
        """The exit code once it has ended (negative: by that signal); None when `seconds` passed before."""
        self._process.join(seconds)
        return self._process.exitcode

    def children(self) -> list[int]:
        """What it forked and what lives: gunicorn's workers (Linux)."""
        try:
            return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
        except OSError:
            return []

    def stopped_by_itself(self, seconds: float = PATIENCE_S) -> bool:
        """Wait until it has frozen itself (a failpoint's SIGSTOP); False when it ended or time is up."""
        return wait_until(lambda: self._state() == "T", seconds)

    def _state(self) -> str:
        try:
            return Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except (OSError, IndexError):
            return ""

    def memory_kb(self) -> int:
        """The most memory it has ever held (VmHWM)."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
        return 0

    def _signal_group(self, number: int) -> None:
        if not self.alive:
            return
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:  # it has not yet made its group
            os.kill(self.pid, number)


def wait_until(true, seconds: float = PATIENCE_S, every: float = 0.02) -> bool:
    """Poll `true` until it holds; False when `seconds` passed before."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(every)
    return True
