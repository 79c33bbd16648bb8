"""A source in a dry run: everything is decided, and nothing of it is a call."""

import json

import pytest
from sqlalchemy import select

from core.overall import POLICY
from core.policy import RULES
from flow import compare, effect, operate, trial
from flow.operate import Refused
from store import caps, leads
from store.tables import attempts
from tests.fakes import NOON, SHOP

IVAN = {"id": "1", "phone": "+7 (999) 000-00-01"}
DRY = SHOP + "dry_run: true\n"


def story(gateway, lead):
    row = gateway.story(lead)["lead"]
    return row.state, [reason["code"] for reason in json.loads(row.reasons)]


def test_nobody_is_rung_and_nothing_is_counted(gateway):
    gateway.put("shop", DRY + 'policy: {calls_per_hour: "1"}\n')
    gateway.put(POLICY, 'house: {calls_per_number_per_day: "1", calls_per_hour: "1"}\n')
    taken = [gateway.take(IVAN | {"id": str(n)}) for n in range(3)]
    gateway.work()
    assert [story(gateway, lead) for lead in taken] == [("suppressed", ["dry_run"])] * 3  # no ring, so no second one
    assert gateway.voice.asked == []
    with gateway.store.read() as tx:
        assert tx.execute(select(attempts.c.id)).all() == []
        assert caps.reached(tx) == ()


def test_what_would_not_have_rung_says_its_own_reason(gateway):
    gateway.put("shop", DRY + "policy: {countries: [KZ]}\n")
    lead = gateway.take(IVAN)
    gateway.work()
    assert story(gateway, lead) == ("suppressed", ["rule"])
    assert list(RULES)[-1] == "dry_run"


def test_what_waits_for_its_hours_waits_and_is_then_dry(gateway):
    gateway.put("shop", DRY)
    gateway.clock.at = NOON + 12 * 3600
    lead = gateway.take(IVAN)
    gateway.work()
    assert story(gateway, lead) == ("ready", ["quiet_hours"])
    gateway.clock.forward(12 * 3600)
    gateway.work()
    assert story(gateway, lead) == ("suppressed", ["dry_run"])


def test_what_waited_when_it_began_is_dry_too(gateway):
    gateway.clock.at = NOON + 12 * 3600
    lead = gateway.take(IVAN)
    gateway.work()
    gateway.put("shop", DRY)
    while gateway.clock.at < NOON + 24 * 3600:
        gateway.clock.forward(3600)
        gateway.work()
    assert story(gateway, lead) == ("suppressed", ["dry_run"])
    assert gateway.voice.asked == []


def test_it_is_rearmed_once_the_run_is_over_and_not_before(gateway):
    gateway.put("shop", DRY)
    lead = gateway.take(IVAN)
    gateway.work()
    with pytest.raises(Refused, match="dry run"):
        operate.rearm(gateway.parts, lead, "anna", "now")
    with gateway.store.read() as tx:
        foreseen = effect.of_rearm(gateway.parts, tx, [leads.get(tx, lead)])
    assert [reason.code for _, reason in foreseen.never] == ["dry_run"]
    gateway.put("shop", SHOP)
    operate.rearm(gateway.parts, lead, "anna", "now")
    gateway.work()
    assert story(gateway, lead)[0] == "accepted"
    assert len(gateway.voice.asked) == 1


def test_trials_and_comparisons_know_it(gateway):
    lead = gateway.take(IVAN)
    gateway.put("shop", DRY)
    (tried,) = trial.try_lead(gateway.parts, "shop", lead).leads
    assert (tried.state, tried.reasons[0].code) == ("suppressed", "dry_run")
    dry = gateway.parts.sources.get("shop").source
    with gateway.store.read() as tx:
        found = compare.outcome(IVAN, dry, leads.get(tx, lead))
    assert (found.state, found.number) == ("suppressed", "79990000001")
