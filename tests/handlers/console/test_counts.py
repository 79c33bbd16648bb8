"""What is counted up to a bound says so: a thousand or more are never said to be a thousand."""

import json
import re

import pytest
from sqlalchemy import update

from bench.filling import copies
from flow import pauses
from store.inbox import MOST
from store.tables import leads
from tests.fakes import YES


@pytest.fixture
def many(gateway):
    """`many(n, held)`: so many leads wait, of which `held` are held, for two causes."""
    gateway.alive()
    gateway.voice.otherwise = YES
    lead_id = gateway.take({"id": "template", "phone": "79990000000"})
    gateway.work()

    def made(n, held=0):
        copies(gateway.store, lead_id, n, first=1, state="ready", due_at=gateway.clock.ms())
        with gateway.store.write() as tx:
            for last, why in ((held, "may_have_rung"), (held // 3, "no_script_rule")):
                some = leads.c.id.in_([f"lead-{i}" for i in range(1, last + 1)])
                reasons = json.dumps([{"code": why, "params": {}}])
                tx.execute(update(leads).where(some).values(state="held", reason=why, reasons=reasons))

    return made


def test_a_case_of_a_state_that_was_not_looked_at_whole_says_so(owner, gateway, many):
    many(MOST + 5, MOST + 5)
    sizes = [
        re.findall(r'<b class="(?:end|n)">([\d,]+\+?)</b>', owner.get(f"/console/{page}")) for page in ("", "decide")
    ]
    assert all(len(each) == 2 and all(one.endswith("+") for one in each) for each in sizes), sizes
    no = gateway.lead("lead-1").no
    assert re.search(r">\d+ of 1000\+<", owner.get(f"/console/leads/{no}?of=decide"))


def test_a_case_that_was_counted_whole_says_no_more(owner, many):
    many(20, 9)
    for page in ("", "decide"):
        assert sorted(re.findall(r'<b class="(?:end|n)">([\d,]+\+?)</b>', owner.get(f"/console/{page}"))) == ["3", "6"]


@pytest.mark.parametrize(("n", "said"), [(MOST + 5, "1,000 or more leads wait."), (7, "7 leads wait.")])
def test_a_pause_says_that_more_may_wait_and_so_does_what_resumes(operator, gateway, many, n, said):
    many(n)
    pauses.pause(gateway.parts, "main", "anna", "lunch")
    page = operator.get("/console/policy")
    assert page.count(said) == 3  # the strip, and both buttons
    assert page.count(f"{said} Calls start within a second") == 2
    assert re.search(r"\b1,?000 leads wait", page) is None
