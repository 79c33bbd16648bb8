"""When the worker's loop looks for leads to map: a look costs a turn among the writers."""

from dataclasses import replace
from unittest.mock import patch

import pytest
from sqlalchemy import event

import store.caps
from cli.worker import LOOK_MS, PASSED_BY_MS, POLL_MS, Slots
from core.account.pause import Pause, Script
from flow import caps, decide, erase, sweep
from flow.set_back import SetBack
from store import accounts
from tests.fakes import SHOP


def test_a_turn_that_was_rung_maps_what_came(gateway, hire):
    worker = hire()
    lead = gateway.take({"id": "1", "phone": "+79990000001"})
    worker.turn(rung=True)
    assert gateway.lead(lead).state != "received"


def test_a_turn_that_was_not_rung_does_not_look_again_at_once(gateway, hire):
    worker = hire(clock=gateway.clock)
    worker.turn()  # looks, and finds nothing
    lead = gateway.take({"id": "1", "phone": "+79990000001"})
    assert worker.turn(rung=False) <= LOOK_MS
    assert gateway.lead(lead).state == "received"
    worker.turn(rung=True)
    assert gateway.lead(lead).state != "received"


def test_what_came_while_a_claim_looked_is_left_to_the_next_claim(gateway, hire):
    """Mapped by itself it would cost a commit more."""
    gateway.parts.accounts.clear()  # no claim takes anything
    worker = hire(clock=gateway.clock)
    lead = gateway.take({"id": "1", "phone": "+79990000001"})
    worker.turn(rung=True)
    assert gateway.lead(lead).state == "received"
    gateway.clock.forward(PASSED_BY_MS / 1000)
    worker.turn(rung=True)
    assert gateway.lead(lead).state != "received"


def test_while_leads_are_found_every_turn_maps_one(gateway, hire):
    worker = hire()
    taken = [gateway.take({"id": str(n), "phone": f"+7999000000{n}"}) for n in range(3)]
    for _ in taken:
        worker.turn(rung=False)  # found by the first look, which nobody rang for
    assert [gateway.lead(lead).state for lead in taken].count("received") == 0


def test_without_any_ring_a_lead_is_found_by_the_next_look(gateway, hire):
    worker = hire(clock=gateway.clock)
    worker.turn()
    lead = gateway.take({"id": "1", "phone": "+79990000001"})
    gateway.clock.forward(worker.turn(rung=False) / 1000)  # as long as the turn says that the loop may rest
    worker.turn(rung=False)
    assert gateway.lead(lead).state != "received"


def test_a_lead_that_rings_costs_two_commits_and_no_transaction_that_finds_nothing(gateway, hire):
    worker = hire(clock=gateway.clock)
    worker.turn()
    gateway.take({"id": "1", "phone": "+79990000001"})
    begun = []

    def keep(connection):
        begun.append(connection)

    event.listen(gateway.store.engine, "begin", keep)
    worker.turn(rung=True)
    for _ in range(3):
        worker.turn(rung=False)
    worker.finish()
    event.remove(gateway.store.engine, "begin", keep)
    assert [gateway.lead(lead).state for lead in gateway.lead_ids()] == ["accepted"]
    assert len(begun) == 2  # the claim, the outcome


@pytest.mark.parametrize("waits", ["a cap is reached", "a script rests"])
def test_a_fresh_lead_rings_at_once_while_others_wait(gateway, hire, waits):
    gateway.put("other", SHOP.replace("Заявка", "Другой"))
    worker = hire(clock=gateway.clock)
    worker.turn()
    now = gateway.clock.ms()
    with gateway.store.write() as tx:
        if waits == "a cap is reached":
            store.caps.say(tx, store.caps.Reached("other", "calls_per_hour", "1", "", now, now + 60_000))
        else:
            paused = Script((), Pause("script_refused", now, now + 60_000, 60_000))
            accounts.write(tx, "main", replace(accounts.lock(tx, "main").trouble, scripts={"Другой": paused}))
    fresh = gateway.take({"id": "1", "phone": "+79990000001"})
    other = gateway.take({"id": "1", "phone": "+79990000002"}, source="other")
    worker.turn(rung=True)
    worker.finish()
    assert gateway.lead(fresh).state == "accepted"
    assert gateway.lead(other).state in ("received", "ready")


def test_a_second_in_which_nothing_is_due_is_three_transactions(gateway, hire):
    worker = hire(clock=gateway.clock)
    worker.turn()
    begun = []

    def keep(connection):
        begun.append(connection)

    event.listen(gateway.store.engine, "begin", keep)
    for _ in range(2):
        gateway.clock.forward(1)
        assert worker.turn(rung=False) == POLL_MS
    event.remove(gateway.store.engine, "begin", keep)
    assert len(begun) == 2 * 3  # what there is to do; that it lives; new versions


def test_an_accepted_call_gives_its_slot_back_before_it_is_recorded_but_never_for_more_than_there_are_slots(gateway):
    gateway.set_account(slots=1)
    slots = Slots(gateway.account())
    slots.take(1)
    assert (slots.ended("one"), slots.free, slots.over) == (True, 1, {"one"})
    slots.take(1)
    assert (slots.ended("two"), slots.free) == (False, 0)
    assert (slots.recorded("one"), slots.free, slots.over) == (False, 0, set())
    assert (slots.recorded("two"), slots.free) == (True, 1)


def test_while_the_pace_rests_a_call_that_ends_wakes_nobody(gateway, hire):
    gateway.set_account(calls_per_s=1)
    worker = hire(clock=gateway.clock)
    for n in range(2):
        gateway.take({"id": str(n), "phone": f"+7999000000{n}"})
    with gateway.voice.line:  # a call that ends while the worker looks wakes it, in case the look missed it
        while not (rest := worker.turn()):  # one rings, the other is mapped
            continue
        assert rest == 1000
    worker.finish()
    assert gateway.bell.pokes == 0


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *((sweep, "settle_lost"), (sweep, "redo_next"), (sweep, "forget_old"), (caps, "look_again")),
        *((erase, "erase_old"), (decide, "decide_due"), (SetBack, "look")),
    ],
)
def test_a_step_that_breaks_stops_no_call(gateway, hire, module, name):
    gateway.parts.sources.changed()
    gateway.put("shop", SHOP + 'policy: {hours: "00:00-24:00"}\n')
    gateway.take({"id": "0", "phone": "+79990000000"})
    gateway.claim_due()  # by an owner who is gone
    gateway.clock.forward(60)
    with gateway.store.write() as tx:
        store.caps.say(tx, store.caps.Reached("other", "calls_per_hour", "1", "", 0, gateway.clock.ms() + 60_000))
    gateway.put("other", SHOP + "account: elsewhere\n")
    worker = hire(erase_every_ms=0)
    gateway.take({"id": "2", "phone": "+79990000002"}, source="other")  # that no claim maps
    lead = gateway.take({"id": "1", "phone": "+79990000001"})
    with patch.object(module, name, side_effect=ZeroDivisionError) as broken:
        for _ in range(3):
            worker.turn()
            gateway.clock.forward(1)
    assert broken.called
    worker.finish()
    assert gateway.lead(lead).state == "accepted"
