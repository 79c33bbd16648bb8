"""A clock that was a day ahead and is right again: calls go on within seconds."""

import dataclasses

import pytest

from core.account.pause import FIRST_WAIT
from core.outcome import NOT_SENT, UNKNOWN, Outcome
from tests.fakes import YES
from tests.flow.asking import enriched, take, work
from tests.flow.crm import says

DAY_S = 24 * 3600
PAGE_401 = Outcome(UNKNOWN, "http_status", http_status=401)
DOWN = Outcome(NOT_SENT, "refused_connection")


def leads(gateway, first, count):
    return [gateway.take({"id": str(n), "phone": f"+7 999 {n:07d}"}) for n in range(first, first + count)]


def until_all_rang(gateway, ids, seconds):
    for _ in range(seconds):
        gateway.work()
        if {gateway.lead(i).state for i in ids} == {"accepted"}:
            return
        gateway.clock.forward(1)
    raise AssertionError([gateway.lead(i).state for i in ids])


def test_with_a_pace_calls_go_on(gateway):
    main = gateway.parts.accounts["main"]
    gateway.parts.accounts["main"] = dataclasses.replace(main, calls_per_s=1.0)
    gateway.clock.forward(DAY_S)
    leads(gateway, 0, 1)
    gateway.work()
    gateway.clock.forward(-DAY_S)
    until_all_rang(gateway, leads(gateway, 1, 3), 10)


@pytest.mark.parametrize("outcome", [PAGE_401, DOWN])
def test_after_a_pause_that_a_wrong_clock_began_calls_go_on(gateway, outcome):
    gateway.clock.forward(DAY_S)
    gateway.voice.otherwise = outcome
    leads(gateway, 0, 5)
    gateway.work()
    gateway.clock.forward(-DAY_S)
    gateway.voice.otherwise = YES
    until_all_rang(gateway, leads(gateway, 10, 1), 10)


def test_a_recovery_that_a_wrong_clock_dated_hides_no_trouble_of_today(gateway):
    gateway.clock.forward(DAY_S)
    gateway.voice.outcomes = [PAGE_401]
    leads(gateway, 0, 1)
    gateway.work()
    gateway.clock.forward(FIRST_WAIT / 1000)
    leads(gateway, 1, 1)
    gateway.work()
    gateway.clock.forward(-DAY_S)
    gateway.voice.outcomes = [PAGE_401]
    first = leads(gateway, 2, 1)
    gateway.work()
    second = leads(gateway, 3, 1)
    gateway.work()
    assert [gateway.lead(i).state for i in (*first, *second)] == ["unknown", "ready"]


def test_a_crm_that_failed_under_a_wrong_clock_is_asked_again(gate, crm):
    gate.clock.forward(DAY_S)
    crm.pages["/api/leads/7"] = says({}, 503)
    lead_id = take(gate)
    enriched(gate)
    gate.clock.forward(-DAY_S)
    crm.pages["/api/leads/7"] = says({"id": 7, "_embedded": {"contacts": [{"id": 70}]}})
    for _ in range(3):
        work(gate)
        gate.clock.forward(1)
    assert gate.lead(lead_id).number == "79990000003"
