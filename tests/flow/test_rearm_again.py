"""A slip of the hand: an accepted lead is rung once more only by who says so; a bulk does what its preview named."""

import pytest

from core.outcome import REFUSED, Outcome
from flow import bulk, do_not_call, operate
from store.queries import Wanted
from tests.fakes import LOST
from tests.flow.test_recover import ALWAYS, PEOPLE, rung

NO = Outcome(REFUSED, error="нет такого скрипта")


def accepted(gateway):
    gateway.put("shop", ALWAYS)
    lead_id = gateway.take(PEOPLE[0])
    gateway.work()
    gateway.clock.forward(3600)
    return lead_id


def refused(gateway, count):
    gateway.put("shop", ALWAYS)
    gateway.voice.otherwise = NO
    ids = [gateway.take(person) for person in PEOPLE[:count]]
    gateway.work()
    return ids


def planned(gateway, state="refused", do="rearm", **more):
    return bulk.plan(gateway.parts, Wanted(state=state), do, **more)


def done(gateway, plan):
    return bulk.carry_out(gateway.parts, plan, "rearm", "anna", "mended")


def test_an_accepted_lead_is_rung_once_more_only_where_that_is_said_and_told_when_it_rang(gateway):
    lead_id = accepted(gateway)
    with pytest.raises(operate.Refused, match=r"it rang at 2026-11-25 09:00 UTC; .*again"):
        operate.rearm(gateway.parts, lead_id, "anna", "asked")
    operate.rearm(gateway.parts, lead_id, "anna", "asked", again=True)
    gateway.work()
    assert len(rung(gateway)) == 2


def test_a_resolved_lead_has_rung_too(gateway):
    gateway.put("shop", ALWAYS)
    gateway.voice.outcomes = [LOST]
    lead_id = gateway.take(PEOPLE[0])
    gateway.work()
    operate.resolve(gateway.parts, lead_id, "anna", "saw it in the panel")
    gateway.clock.forward(3600)
    with pytest.raises(operate.Refused, match="it rang"):
        operate.rearm(gateway.parts, lead_id, "anna", "asked")


def test_nothing_done_to_many_rings_what_was_accepted(gateway):
    accepted(gateway)
    for _ in range(2):
        plan = planned(gateway, "accepted")
        assert len(plan.refused) == 1
        assert done(gateway, plan).changed == 0
    gateway.work()
    assert len(rung(gateway)) == 1


def test_the_preview_foresees_each_refusal(gateway):
    settling, listed = gateway.take(PEOPLE[0]), None
    gateway.voice.outcomes = [LOST]
    gateway.work()
    assert [one["id"] for one in planned(gateway, "unknown").refused] == [settling]
    gateway.voice.otherwise = NO
    listed = gateway.take(PEOPLE[1])
    gateway.work()
    do_not_call.add(gateway.parts, {"79990000001": "asked"}, "anna")
    (told,) = planned(gateway).refused
    assert (told["id"], "do-not-call" in told["text"]) == (listed, True)


def test_a_bulk_is_carried_out_for_the_leads_that_its_preview_named(gateway):
    named = refused(gateway, 2)
    preview = planned(gateway, at_most=2)
    gateway.clock.forward(1)
    gateway.take(PEOPLE[4])
    gateway.work()
    plan = planned(gateway, after=preview.place, at_most=2)
    assert {lead["id"] for lead in plan.leads} == set(named)


def test_a_go_behind_another_takes_other_leads(gateway):
    refused(gateway, 3)
    first = planned(gateway, at_most=2)
    assert done(gateway, first).changed == 2
    second = planned(gateway, after=first.next, at_most=2)
    assert len(second.leads) == 1
    assert second.next is None
