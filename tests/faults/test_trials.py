"""The short form of every fault trial; `make faults` runs the long one."""

import multiprocessing
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults import database
from tests.faults.all_trials import TRIALS
from tests.faults.trial import Trial, carry_out

# Most of a trial is waiting: for deadlines, for kills, for processes to start.
AT_A_TIME = 3
HEAVIEST_FIRST = ("T3", "T20", "ends", "T5", "T2", "T8")

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or "forkserver" not in multiprocessing.get_all_start_methods(),
    reason="the trials fork, kill and freeze processes",
)


@pytest.mark.parametrize("kind", database.KINDS)
def test_nothing_is_lost_and_nobody_is_rung_twice(kind, tmp_path):
    """One test for each kind of database, so that its trials share the waiting. What broke stands in the message."""
    if not database.can_have(kind):
        pytest.skip("no PostgreSQL")
    trials = [one for one in TRIALS if one.short is not None and kind in one.databases and kind in one.short_on]
    trials.sort(key=lambda one: one.name not in HEAVIEST_FIRST)

    def run(one: Trial):
        return carry_out(one, kind, tmp_path / one.name.replace(" ", "-"), one.short or {})

    with ThreadPoolExecutor(AT_A_TIME) as pool:
        rows = list(pool.map(run, trials))
    broken = [f"{row.trial} ({row.title}): {problem}" for row in rows for problem in row.problems]
    assert not broken, "\n".join(broken)
    assert sum(row.calls for row in rows) > 100
