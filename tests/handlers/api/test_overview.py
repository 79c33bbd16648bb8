"""Figures and alarms."""

from decimal import Decimal

import pytest

from core.account.trouble import paused
from core.outcome import Outcome
from flow import alarms as flow_alarms
from store import accounts as trouble
from store import versions as sources
from store import workers as parts
from tests.fakes import LOST, NEVER_LEFT, NO
from tests.handlers.problems import problem_of

NOON, NOON_MS = "2026-11-25T09:00:00.000Z", 1_795_597_200_000


def dear(price):
    return Outcome("accepted", provider_id="1", price=Decimal(price), http_status=200)


def test_stats_tell_leads_calls_money_and_speed_by_hour(api, gateway):
    gateway.voice.outcomes = [dear("4.50"), dear("4.60"), NO]
    for n in range(3):
        gateway.take({"id": str(n), "phone": f"7999000000{n}"})
        gateway.clock.forward(2)
        gateway.work()
    gateway.clock.forward(3600)
    gateway.voice.outcomes = [LOST]
    gateway.take({"id": "3", "phone": "79990000003"})
    gateway.work()
    stats = api.read("/api/stats", hours=2)
    assert (stats["since"], stats["until"]) == (NOON, "2026-11-25T10:00:06.000Z")
    assert stats["hours"] == [
        {"hour": NOON, "leads": 3, "calls": 3, "spend": "9.10"},
        {"hour": "2026-11-25T10:00:00.000Z", "leads": 1, "calls": 1, "spend": "0"},
    ]
    assert (stats["leads"], stats["calls"], stats["spend"]) == (4, 4, "9.10")
    assert stats["outcomes"] == {"accepted": 2, "refused": 1, "unknown": 1}
    assert stats["speed_to_call"] == {"leads": 4, "p50": 2.0, "p95": 2.0}


def test_what_provably_never_left_is_no_call(api, gateway):
    gateway.voice.outcomes = [NEVER_LEFT]
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    stats = api.read("/api/stats")
    assert (stats["calls"], stats["outcomes"]) == (0, {"not_sent": 1})


def test_stats_of_an_empty_house_are_empty(api):
    stats = api.read("/api/stats")
    assert len(stats["hours"]) == 24
    assert (stats["leads"], stats["calls"], stats["spend"], stats["outcomes"]) == (0, 0, "0", {})
    assert stats["speed_to_call"] == {"leads": 0, "p50": None, "p95": None}


@pytest.mark.parametrize("hours", ["0", "169", "x", "1.5"])
def test_stats_look_back_a_week_at_most(api, hours):
    problem_of(api.get("/api/stats", hours=hours), 422)


def alive(gateway):
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        parts.check_in(tx, "worker-1", "run", now, now)


def alarms(api):
    flow_alarms.keep(api.app.extensions["gateway"])
    return {alarm["name"]: alarm for alarm in api.read("/api/alarms")["alarms"]}


def test_all_is_well_while_a_worker_is_seen(api, gateway):
    alive(gateway)
    assert alarms(api) == {}


def test_no_worker_is_an_alarm(api, gateway):
    assert alarms(api)["no_worker"]["raised_at"] == NOON
    alive(gateway)
    gateway.clock.forward(61)
    alarm = alarms(api)["no_worker"]
    assert set(alarm) == {"name", "subject", "severity", "text", "since", "raised_at", "count", "cleared"}
    assert (alarm["since"], alarm["count"], alarm["severity"], alarm["raised_at"]) == (NOON, 1, "page", NOON)
    alive(gateway)
    assert alarms(api) == {}


def test_unknown_calls_are_an_alarm_until_someone_settles_them(api, gateway):
    gateway.voice.otherwise = LOST
    ids = [gateway.take({"id": str(n), "phone": f"7999000000{n}"}) for n in range(2)]
    gateway.work()
    alive(gateway)
    assert (alarms(api)["unknown_calls"]["count"], alarms(api)["unknown_calls"]["since"]) == (2, NOON)
    for one in ids:
        assert api.post(f"/api/leads/{one}/resolve", {"why": "seen in the panel"}).status_code == 200
    assert alarms(api) == {}


def test_a_lead_that_is_due_and_waits_is_an_alarm(api, gateway):
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.clock.forward(60)
    alive(gateway)
    assert alarms(api) == {}
    gateway.clock.forward(1)
    assert (alarms(api)["leads_waiting"]["count"], alarms(api)["leads_waiting"]["since"]) == (1, NOON)


def test_refused_proofs_are_an_alarm_that_ends_by_itself(api, gateway):
    for _ in range(3):
        gateway.post({"id": "1"}, token="wrong")
    gateway.parts.refusals.flush()
    alive(gateway)
    alarm = alarms(api)["refused_proofs"]
    assert (alarm["count"], alarm["since"], alarm["subject"]) == (3, NOON, "shop")
    gateway.clock.forward(2 * 3600)
    alive(gateway)
    assert set(alarms(api)) == {"no_watch"}  # and nobody looked for two hours


def test_a_source_that_cannot_be_read_is_an_alarm(api, gateway):
    with gateway.store.write() as tx:
        sources.put_in_force(tx, "shop", "no text of ours", after=1, who="test", now=NOON_MS)
    gateway.parts.sources.refresh()
    alive(gateway)
    alarm = alarms(api)["broken_sources"]
    assert (alarm["count"], alarm["since"]) == (1, NOON)
    assert "shop" in alarm["text"]


def test_a_paused_account_is_an_alarm_and_its_leads_say_so(api, gateway):
    gateway.take({"id": "1", "phone": "79990000001"})
    with gateway.store.write() as tx:
        known = trouble.lock(tx, "main").trouble
        trouble.write(tx, "main", paused(known, "Anna", "the contract ends", int(gateway.clock() * 1000)))
    gateway.work()
    alive(gateway)
    alarm = alarms(api)["paused"]
    assert (alarm["count"], alarm["since"]) == (1, NOON)
    (lead,) = api.read("/api/leads")["leads"]
    assert (lead["state"], lead["reason"]) == ("ready", "paused")
    assert api.read(f"/api/leads/{lead['id']}")["reasons"] == lead["reasons"]
