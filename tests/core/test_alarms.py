"""Each alarm by the facts it is of: what rings, how heavy it is, what it says."""

from dataclasses import replace

import pytest

from core.account.pause import Pause
from core.account.trouble import NO_ANSWERS, Trouble, paused
from core.alarms import ALARMS, HOUR_MS, PAGE, WARN, Facts, FullCap, ringing

NOW = 1_795_597_200_000
WELL = Facts(now=NOW, worker_seen=NOW - 1000)
BY_PERSON = paused(Trouble(), "anna", "the contract ends", NOW - 7)
BY_ITSELF = Trouble(pause=Pause(NO_ANSWERS, NOW - 9, NOW + 5000))
TROUBLES = {
    "no_worker": ({"worker_seen": NOW - 30_001}, PAGE, NOW - 30_001, 1, "nobody is being called"),
    "database_changed": ({"other_database_since": 5}, PAGE, 5, 1, "restored, cloned"),
    "leads_waiting": ({"late": 3, "late_since": 4}, PAGE, 4, 3, "more than a minute"),
    "paused": ({"accounts": {"main": BY_ITSELF, "two": BY_PERSON}}, PAGE, NOW - 9, 2, "account main: "),
    "cap_reached": ({"full": (FullCap("the totals'", "calls_per_day", "7", 6),)}, WARN, 6, 1, "the totals' calls"),
    "unknown_calls": ({"unknown": 2, "unknown_since": 8}, PAGE, 8, 2, "resolve, rearm or cancel"),
    "refused_proofs": ({"refused_hours": (("b", HOUR_MS, 2), ("a", 0, 1))}, WARN, 0, 3, "(a, b)"),
    "broken_files": ({"broken_files": frozenset({"shop", "policy.yaml"})}, WARN, None, 2, "policy.yaml, shop"),
    "broken_accounts": ({"broken_accounts": frozenset({"two"})}, PAGE, None, 1, "again: two"),
    "broken_sources": ({"unreadable": {"shop": 3, "new": None}}, PAGE, 3, 2, "new, shop"),
}


def test_nothing_rings_while_all_is_well():
    assert ringing(WELL) == []


@pytest.mark.parametrize("kind", ALARMS)
def test_each_rings_for_its_own_trouble_alone(kind):
    changed, severity, since, value, said = TROUBLES[kind]
    (alarm,) = ringing(replace(WELL, **changed))
    assert (alarm.kind, alarm.severity, alarm.since, alarm.value) == (kind, severity, since, value)
    assert said in alarm.text
    assert (alarm.key, alarm.raised_at, alarm.cleared_at) == ((kind, ""), None, None)


def test_all_together_ring_in_order_of_weight():
    changed = {field: value for trouble in TROUBLES.values() for field, value in trouble[0].items()}
    assert [alarm.kind for alarm in ringing(replace(WELL, **changed))] == list(ALARMS)


def test_what_a_person_paused_gets_nobody_up():
    (alarm,) = ringing(replace(WELL, accounts={"main": BY_PERSON}))
    assert alarm.severity == WARN


def test_a_worker_that_was_never_seen_is_missed_too():
    (alarm,) = ringing(replace(WELL, worker_seen=None))
    assert (alarm.kind, alarm.since) == ("no_worker", None)
