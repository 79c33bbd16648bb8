"""Caps hold for all workers together, and what waits for room says so without a write on any lead."""

import dataclasses
import json
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from core import alarms as rules
from core.alarm import INFO, Seen
from core.outcome import ACCEPTED, NOT_SENT, UNKNOWN, Outcome
from core.overall import POLICY, Overall, Totals
from core.reason import words
from core.source import Policy
from flow import alarms, call, claim, decide, sweep
from flow.caps import look_again
from store import caps, queries
from store import versions as sources
from store.journal import Journal
from store.remembered import Remembered
from store.tables import attempts
from tests.fakes import NO, SHOP, YES, by_state

HOUR, DAY = 3600, 24 * 3600
WORKERS = 6


def capped(gateway, *, hour=0, day=0, spend=0, name="shop", once="24h"):
    text = SHOP + "policy:\n" + f'  calls_per_hour: "{hour}"\n  calls_per_day: "{day}"\n  spend_per_day: "{spend}"\n'
    gateway.put(name, text + f'  once_per_number: {once}\n  max_age: 0\n  max_wait: 0\n  hours: "00:00-24:00"\n')


def totals(gateway, **caps):
    """Put these totals into force, over all sources."""
    gateway.put(POLICY, "house:\n" + "".join(f"  {cap}: '{n}'\n" for cap, n in caps.items()))


def leads(gateway, many, first=0, source="shop"):
    """So many leads of different people, a hundred in a delivery, mapped and ready to ring."""
    for start in range(first, first + many, 100):
        rows = [{"id": str(n), "phone": f"+7 999 {n:07d}"} for n in range(start, min(start + 100, first + many))]
        gateway.post(rows, source=source)
    while decide.decide_due(gateway.parts, 1):
        continue


class EverFar(Remembered):
    """A memory that forgets to count."""

    def is_far(self, scope, each):
        return True


def all_ring(gateway, tmp_path, provider, *, memory=Remembered, at_most=10_000):
    """Every worker claims and rings in its own thread, with its own memory, until it is told to rest."""

    def run(n):
        parts = dataclasses.replace(gateway.parts, remembered=memory(), journal=Journal(tmp_path / f"worker{n}"))
        for turn in range(at_most):
            look_again(parts)
            found = claim.claim_due(parts, parts.accounts["main"], f"worker {n}", turn, 4)
            if not found.looked_at and found.rest_ms is None:
                return
            if found.claimed:
                call.record(parts, *((claimed, provider(claimed.attempt.call)) for claimed in found.claimed))

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(run, range(WORKERS)))


def claims(gateway):
    """Everything that may be claimed now; nothing of it has ended yet."""
    look_again(gateway.parts)
    flying = []
    while claimed := gateway.claim_due(slots=8).claimed:
        flying += claimed
        assert len(flying) < 1000
    return flying


def rang(gateway):
    """When each call started that may have rung, in seconds, sorted."""
    with gateway.store.read() as tx:
        query = select(attempts.c.started_at).where(attempts.c.outcome.is_distinct_from(NOT_SENT))
        return sorted(at / 1000 for at in tx.execute(query).scalars())


def most_in_any(seconds, times):
    return max(n + 1 - bisect_right(times, at - seconds) for n, at in enumerate(times))


def reached(gateway):
    with gateway.store.read() as tx:
        return {row.source: (row.cap, row.limit) for row in caps.reached(tx)}


def counts(gateway):
    with gateway.store.read() as tx:
        return by_state(tx)


@pytest.mark.storm
def test_a_thousand_leads_through_a_leaked_token_ring_at_most_the_cap_an_hour(gateway, tmp_path):
    capped(gateway, hour=60)
    leads(gateway, 1000)
    answers = iter([YES, NO, Outcome(UNKNOWN, "reset"), YES, Outcome(NOT_SENT, "dns")] * 1000)
    all_ring(gateway, tmp_path, lambda _: next(answers))
    assert len(rang(gateway)) == 60
    assert reached(gateway) == {"shop": ("calls_per_hour", "60")}
    for _ in range(8):
        gateway.clock.forward(HOUR / 4)
        all_ring(gateway, tmp_path, lambda _: YES)
    assert most_in_any(HOUR, rang(gateway)) == 60
    assert 120 <= len(rang(gateway)) <= 180


def test_a_memory_that_forgets_to_count_rings_more_so_the_test_above_can_see_it(gateway, tmp_path):
    capped(gateway, hour=60)
    leads(gateway, 150)
    all_ring(gateway, tmp_path, lambda _: YES, memory=EverFar)
    assert len(rang(gateway)) == 150


@pytest.mark.parametrize("how", ["hour", "day"])
def test_the_house_counts_all_its_sources(gateway, tmp_path, how):
    totals(gateway, **{f"calls_per_{how}": 40})
    gateway.put("other", SHOP)
    leads(gateway, 50)
    leads(gateway, 50, first=5000, source="other")
    all_ring(gateway, tmp_path, lambda _: YES)
    assert len(rang(gateway)) == 40
    assert reached(gateway) == {"": (f"calls_per_{how}", "40")}
    gateway.clock.forward(HOUR)
    all_ring(gateway, tmp_path, lambda _: YES)
    assert len(rang(gateway)) == (80 if how == "hour" else 40)


def test_a_full_source_lets_the_others_ring(gateway, tmp_path):
    capped(gateway, hour=5)
    gateway.put("other", SHOP)
    leads(gateway, 20, first=5000, source="other")
    gateway.clock.forward(1)
    leads(gateway, 20)  # newer: its leads stand before the others'
    all_ring(gateway, tmp_path, lambda _: YES)
    assert len(rang(gateway)) == 25
    assert counts(gateway) == {"accepted": 25, "ready": 15}


def test_money_never_goes_past_the_cap_where_the_price_is_known(gateway, tmp_path):
    capped(gateway, spend=100)
    leads(gateway, 60)
    at_first = Outcome(ACCEPTED, price=Decimal("10"), http_status=200)
    all_ring(gateway, tmp_path, lambda _: at_first)
    assert len(rang(gateway)) == 10
    assert reached(gateway) == {"shop": ("spend_per_day", "100")}


def test_a_lower_price_leaves_more_room_and_a_price_rise_costs_no_more_than_what_was_in_flight(gateway):
    capped(gateway, spend=100)
    leads(gateway, 60)
    flying = claims(gateway)
    assert len(flying) == 10  # reckoned with 10 each, the price of a script nobody has heard
    for claimed in flying:
        call.record(gateway.parts, (claimed, Outcome(ACCEPTED, price=Decimal("4"), http_status=200)))
    gateway.clock.forward(1)
    flying = claims(gateway)
    assert len(flying) == 15  # 60 left at 4 each
    for claimed in flying:
        call.record(gateway.parts, (claimed, Outcome(ACCEPTED, price=Decimal("6"), http_status=200)))
    gateway.clock.forward(2)
    assert claims(gateway) == []
    assert reached(gateway) == {"shop": ("spend_per_day", "100")}


def test_unknown_calls_keep_their_reservation_and_what_was_not_sent_gives_it_back(gateway):
    capped(gateway, spend=20)
    leads(gateway, 9)
    one, two = claims(gateway)
    call.record(gateway.parts, (one, Outcome(UNKNOWN, "reset")))
    call.record(gateway.parts, (two, Outcome(NOT_SENT, "dns")))
    gateway.clock.forward(1)
    assert len(claims(gateway)) == 1


def test_what_waits_for_room_says_so_and_nothing_is_written_on_it(gateway):
    capped(gateway, hour=2)
    leads(gateway, 9)
    with capture_logs() as logs:
        gateway.work()
    assert [line["source"] for line in logs if line["event"] == "cap_reached"] == ["shop"]
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        rows, _ = queries.page(tx, queries.Wanted("ready"), 20)
        stored = {row["id"]: row["reason"] for row in rows}
        told = queries.told(tx, rows, now)
    assert {row["reason"] for row in told} == {"cap"}
    assert "calls_per_hour" in told[0]["reasons"]
    assert set(stored.values()) == {""}
    for lead_id in stored:
        assert gateway.lead(lead_id).history_n == 2  # received and mapped
    gateway.clock.forward(60)
    with capture_logs() as logs:
        gateway.work()
    assert "cap_reached" not in {line["event"] for line in logs}  # it was said when it was reached


def ringing(gateway):
    return rules.ringing(alarms.facts(gateway.parts, Seen()))


def test_a_reached_cap_rings_until_there_is_room(gateway):
    capped(gateway, hour=2)
    gateway.alive()
    leads(gateway, 3)
    gateway.work()
    (alarm,) = ringing(gateway)
    assert (alarm.kind, alarm.value) == ("cap_reached", 1)
    assert "the source shop's calls_per_hour (2)" in alarm.text
    gateway.clock.forward(HOUR)
    gateway.alive()
    gateway.work()
    assert counts(gateway) == {"accepted": 3}
    assert ringing(gateway) == []


def test_a_raised_cap_lets_ring_within_a_second(gateway):
    capped(gateway, day=2)
    leads(gateway, 6)
    gateway.work()
    assert counts(gateway) == {"accepted": 2, "ready": 4}
    capped(gateway, day=5)
    gateway.clock.forward(1)
    sweep.redo_next(gateway.parts, "shop")
    gateway.work()
    assert counts(gateway) == {"accepted": 5, "ready": 1}


def test_a_removed_sources_row_is_cleared(gateway):
    capped(gateway, hour=1)
    leads(gateway, 2)
    gateway.work()
    with gateway.store.write() as tx:
        sources.remove(tx, "shop", who="anna", why="x", now=gateway.store.now_ms(tx))
    gateway.parts.sources.refresh()
    gateway.clock.forward(1)
    gateway.work()
    assert reached(gateway) == {}
    assert counts(gateway) == {"accepted": 1, "held": 1}


def test_a_number_rings_so_often_in_a_day_and_the_next_lead_waits_until_there_is_room(gateway):
    totals(gateway, calls_per_number_per_day=2)
    capped(gateway, once="0")
    first = gateway.clock()
    for n in range(3):
        last = gateway.take({"id": str(n), "phone": "+7 999 000-00-01"})
        gateway.work()
        gateway.clock.forward(HOUR)
    waiting = gateway.lead(last)
    assert (waiting.state, waiting.reason) == ("ready", "number_cap")
    assert waiting.due_at == (first + DAY) * 1000
    gateway.clock.at = first + DAY
    gateway.work()
    assert gateway.lead(last).state == "accepted"
    assert most_in_any(DAY, rang(gateway)) == 2


def test_what_is_built_in_is_safe_from_the_first_minute(gateway):
    gateway.parts.sources.overall = Overall()
    built_in = Policy()
    assert (built_in.calls_per_hour, built_in.calls_per_day, built_in.spend_per_day) == (100, 500, 3000)
    assert gateway.parts.totals == Totals(calls_per_number_per_day=3)
    gateway.put("shop", SHOP + "policy: {once_per_number: 0, calls_per_hour: 100}\n")
    lead_ids = [gateway.take({"id": str(n), "phone": "9990000001"}) for n in range(4)]
    gateway.work()
    assert len(gateway.voice.asked) == 3
    (waiting,) = [gateway.lead(lead) for lead in lead_ids if gateway.lead(lead).state == "ready"]
    (reason,) = json.loads(waiting.reasons)
    said = words(reason["code"], reason["params"])
    assert said.startswith("Waits until 2026-11-26T12:00")
    assert said.endswith("raise `calls_per_number_per_day` under `house` of the policy file")


def test_a_zero_switches_a_cap_off(gateway):
    gateway.put(POLICY, 'house: {calls_per_number_per_day: "0"}\n')
    gateway.put("shop", SHOP + "policy: {once_per_number: 0}\n")
    for n in range(5):
        gateway.take({"id": str(n), "phone": "9990000001"})
    gateway.work()
    assert len(gateway.voice.asked) == 5


def test_what_waits_for_room_says_until_when_and_which_line_to_raise(gateway):
    capped(gateway, hour=1)
    leads(gateway, 2)
    gateway.work()
    with gateway.store.read() as tx:
        (full,) = caps.reached(tx)
    said = words(full.reason.code, full.reason.params)
    assert said.startswith("Waits until 2026-11-25T10:00")
    assert said.endswith("to ring sooner, raise `calls_per_hour` under `policy` of shop")
    (alarm,) = [one for one in ringing(gateway) if one.kind == "cap_reached"]
    assert "until 2026-11-25 10:00 UTC, or raise `calls_per_hour` under `policy` of shop" in alarm.text


def test_eighty_in_a_hundred_are_an_alarm_that_wakes_nobody(gateway):
    capped(gateway, hour=10, once="0")
    leads(gateway, 7)
    gateway.work()
    assert "cap_near" not in [one.kind for one in ringing(gateway)]
    leads(gateway, 1, first=7)
    gateway.work()
    (alarm,) = [one for one in ringing(gateway) if one.kind == "cap_near"]
    assert (alarm.severity, alarm.value) == (INFO, 1)
    assert "the source shop's calls_per_hour (8 of 10): `calls_per_hour` under `policy` of shop" in alarm.text
    leads(gateway, 3, first=8)
    gateway.work()
    assert {"cap_near", "cap_reached"} & {one.kind for one in ringing(gateway)} == {"cap_reached"}
