"""Held leads do not wait unseen, and nobody is woken for them."""

from core import alarms as rules
from core.alarm import INFO, Seen
from flow import alarms
from tests.fakes import NOON

HELD = {"id": "1", "name": "Ivan"}


def ringing(gateway, kind):
    found = rules.ringing(alarms.facts(gateway.parts, Seen()))
    return [(one.subject, one.severity, one.value, one.since) for one in found if one.kind == kind]


def held(gateway, n):
    gateway.take(HELD | {"id": str(n)})
    gateway.work()
    return int(gateway.clock() * 1000)


def test_a_held_lead_rings_after_an_hour_of_calling_time(gateway):
    first = held(gateway, 1)
    gateway.clock.forward(3599)
    held(gateway, 2)
    assert ringing(gateway, "held_long") == []
    gateway.clock.forward(1)
    assert ringing(gateway, "held_long") == [("shop", INFO, 1, first)]
    gateway.clock.forward(3600)
    assert ringing(gateway, "held_long") == [("shop", INFO, 2, first)]


def test_the_night_does_not_count(gateway):
    gateway.clock.at = NOON + 10 * 3600  # 22:00
    since = held(gateway, 1)
    gateway.clock.at = NOON + 21.5 * 3600  # 9:30
    assert ringing(gateway, "held_long") == []
    gateway.clock.at = NOON + 22 * 3600
    assert ringing(gateway, "held_long") == [("shop", INFO, 1, since)]


def test_one_id_for_two_people_rings_at_once(gateway):
    gateway.take({"id": "7", "phone": "9990000001"})
    gateway.take({"id": "7", "phone": "9990000002"})
    assert ringing(gateway, "other_person") == [("shop", INFO, 1, int(gateway.clock() * 1000))]
