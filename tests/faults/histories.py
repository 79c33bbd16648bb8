"""Histories at random, with fresh seeds; and the control, that each build which breaks a law is found to."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.databases import MEMORY
from tests.faults.checker import Verdict
from tests.faults.database import SQLITE
from tests.faults.trial import Result, Trial, put_on

TRIALS: list[Trial] = []
trial = put_on(TRIALS)
NOTHING = Verdict(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


@trial("H1", "any steps in any order", short={"seconds": 10}, long={"seconds": 600}, short_on=(SQLITE,))
def at_random(kind: str, folder: Path, seconds: int) -> Result:
    """No law is broken; where one is, the shortest history that breaks it is told, and its seed."""
    return _run(kind, str(seconds))


@trial("H1 control", "the same on builds that break a law", databases=(SQLITE,), long={"seconds": 180}, only_long=True)
def control(kind: str, folder: Path, seconds: int) -> Result:
    """Each of them has to be found."""
    return _run(kind, str(seconds), "--control")


def _run(kind: str, *how: str) -> Result:
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        command = [sys.executable, "-m", "tests.histories.run", kind, folder, *how]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        return Result(0, NOTHING, [ended.stderr[-2000:]])
    told = json.loads(ended.stdout.splitlines()[-1])
    return Result(told["count"], NOTHING, told["problems"], told["note"])
