"""The threads that ask beside the loop that calls: a CRM that hangs holds up nobody else."""

import threading
import time

import pytest
from sqlalchemy import event

from cli.askers import Askers
from tests.flow.crm import Crm, says
from wire.fetch import GuardedCrm

PLAIN = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
policy: {hours: "00:00-24:00"}
mapping: {script: Заявка}
"""
ASKING = (
    PLAIN
    + """
fetch:
  base: "%s"
  rate: 50
  steps: [{name: lead, path: "/leads/{id}"}]
"""
).replace("{script: Заявка}", "{script: Заявка, number: {field: [phone, _fetched.lead.phone]}}")


@pytest.fixture
def clock():
    return time.time


@pytest.fixture
def hanging():
    opened = Crm()
    for n in range(6):
        opened.pages[f"/leads/{n}"] = opened.hang
    yield opened
    opened.close()


@pytest.fixture
def well():
    opened = Crm({"/leads/1": says({"phone": "+79990000077"})})
    yield opened
    opened.close()


@pytest.fixture
def askers(gateway):
    running = Askers(gateway.parts)
    running.start()
    yield running
    running.stop(60_000)


def until(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "not in time"
        threading.Event().wait(0.02)


def test_a_hanging_crm_delays_neither_plain_leads_nor_those_of_another_crm(gateway, hanging, well, askers):
    gateway.parts.crm = GuardedCrm(connect_timeout_ms=60_000, total_timeout_ms=60_000)
    for name, text in (("shop", PLAIN), ("hangs", ASKING % hanging.url), ("well", ASKING % well.url)):
        gateway.put(name, text)
    waiting = [gateway.take({"id": str(n)}, source="hangs") for n in range(6)]
    askers.nudge()
    assert hanging.met.wait(60)
    for n in range(20):
        gateway.take({"id": str(n), "phone": f"+799900001{n:02}"})
    gateway.work()
    assert len(gateway.voice.asked) == 20
    assert hanging.meeting > 0  # its questions still hang

    other = gateway.take({"id": "1"}, source="well")
    askers.nudge()
    until(lambda: askers.nudge() or gateway.lead(other).asks_crm == 0)
    gateway.work()
    assert gateway.lead(other).state == "accepted"
    assert {gateway.lead(lead_id).state for lead_id in waiting} == {"received"}
    assert hanging.meeting > 0
    hanging.let_go()
    until(lambda: askers.nudge() or gateway.lead(waiting[-1]).reason == "waits_for_crm")


def test_threads_that_end_leave_no_question_unrecorded(gateway, well):
    gateway.put("well", ASKING % well.url)
    running = Askers(gateway.parts)
    running.start()
    lead_id = gateway.take({"id": "1"}, source="well")
    running.nudge()
    until(lambda: gateway.lead(lead_id).asks_crm == 0)
    running.stop(60_000)
    gateway.take({"id": "2"}, source="well")
    running.nudge()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ask-crm")]
    assert well.accepted == 1


def all_rest(askers):
    """Each thread has had the look with which it begins, and waits for a nudge."""
    until(lambda: len(askers._changed._waiters) == len(askers._threads))


def test_where_no_source_asks_anybody_no_thread_looks(gateway, askers):
    gateway.put("shop", PLAIN)
    all_rest(askers)
    looks = []
    event.listen(gateway.store.engine, "begin", lambda _: looks.append(threading.current_thread().name))
    for _ in range(50):
        askers.nudge()
        threading.Event().wait(0.002)
    assert not [name for name in looks if name.startswith("ask-crm")]


def test_a_nudge_wakes_one_thread_and_not_all(gateway, well, askers):
    gateway.put("well", ASKING % well.url)
    all_rest(askers)
    looks = []
    event.listen(gateway.store.engine, "begin", lambda _: looks.append(threading.current_thread().name))
    askers.nudge()
    until(lambda: looks)
    threading.Event().wait(0.1)
    assert len(looks) == 1
