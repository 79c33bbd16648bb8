"""The short form of every fault trial; `make faults` runs the long one."""

import multiprocessing
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.run import plan
from tests.faults.trial import Row, carry_out

# Most of a trial is waiting: for deadlines, for kills, for processes to start. So they share one test.
AT_A_TIME = 4
LONGEST_FIRST = ("T3", "T19 says so", "ends alone", "T10 standby", "T2")


@pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="the trials fork, kill and freeze processes"
)
def test_nothing_is_lost_and_nobody_is_rung_twice():
    planned = sorted(plan(set(), short=True, only=None), key=lambda one: one[0].name not in LONGEST_FIRST)
    with tempfile.TemporaryDirectory(prefix="gateway-faults-") as folder, ThreadPoolExecutor(AT_A_TIME) as pool:

        def run(n: int) -> Row:
            one, kind, scale = planned[n]
            return carry_out(one, kind, Path(folder) / str(n), scale)

        rows = list(pool.map(run, range(len(planned))))

    broken = [f"{row.trial} on {row.database} ({row.title}): {problem}" for row in rows for problem in row.problems]
    assert not broken, "\n".join(broken)
    assert sum(row.calls for row in rows) > 300
