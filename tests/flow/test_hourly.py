"""Hours that are over, counted beside the walk: again and again the same, and what changes late comes to light."""

from decimal import Decimal

import pytest
from sqlalchemy import delete, insert, select, update

from core.account.caps import TOTALS, used
from core.durations import DAY_MS, HOUR_MS
from core.outcome import ACCEPTED, Outcome
from flow import erase, operate
from flow.hourly import DAYS, FRESH_DAYS, HOURLY, HOURS, Hours, counted_at
from store import caps, hourly, hourly_calls, stamps
from store.tables import hourly as table
from store.tables import hourly_calls as table_of_calls
from tests.fakes import LOST, NEVER_LEFT, NO, YES

DEAR = Outcome(ACCEPTED, provider_id="77", http_status=200, reply=b"{}", price="4.35")


def rows(gateway):
    with gateway.store.read() as tx:
        return [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key))]


def leads_in(gateway, *states):
    """How many leads the rows hold, of these states or of all."""
    with gateway.store.read() as tx:
        return sum(row.leads for row in tx.execute(select(table)) if not states or row.state in states)


@pytest.fixture
def night(gateway, clock):
    """Leads over three days with every outcome; one of the hour that is not over."""
    gateway.put(
        "other",
        "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nevent_key: id\nmapping:\n"
        "  number: {field: phone, region: RU}\n  script: A\n"
        'policy: {hours: "00:00-24:00"}\n',
    )
    outcomes = [YES, NO, LOST, YES]
    for n in range(24):
        clock.forward(3 * 3600)
        gateway.alive()
        gateway.voice.outcomes = [outcomes[n % 4]]
        gateway.take({"id": str(n), "phone": f"799900000{n:02}" if n % 5 else ""}, source="other")
        gateway.work()
    return gateway


def test_each_hour_that_is_over_is_counted_once(night, clock):
    Hours(night.parts).look()
    assert leads_in(night) == 23  # the last one came in this hour
    first = rows(night)
    Hours(night.parts).look()
    assert rows(night) == first
    clock.forward(3600)
    Hours(night.parts).look()
    assert leads_in(night) == 24
    with night.store.read() as tx:
        assert stamps.known(tx)[HOURLY].well


def test_calls_and_their_price_are_counted_where_they_may_have_rung(gateway, clock):
    gateway.voice.outcomes = [NEVER_LEFT, DEAR, DEAR, LOST]  # the first lead is tried again
    gateway.alive()
    for n in range(3):
        gateway.take({"id": str(n), "phone": f"7999000000{n}"})
    gateway.work()
    clock.forward(3600)
    gateway.alive()
    gateway.work()
    Hours(gateway.parts).look()
    with gateway.store.read() as tx:
        known = hourly.by_day(tx, ["shop"], 0, 2**60)
        whole = hourly.counted(tx, 0, 2**60)
        alone = hourly.counted(tx, 0, 2**60, "shop"), hourly.counted(tx, 0, 2**60, "other")
    told = {state: (one.leads, one.calls, str(one.spend)) for _, state, one in known}
    assert told == {"accepted": (2, 2, "8.700000"), "unknown": (1, 1, "0.000000")}
    assert {state: one for _, state, one in known} == {state: one for (_, _, state), one in whole.items()}
    assert alone == (whole, {})


def test_a_late_decision_moves_the_lead_between_its_hours_rows(night, clock):
    hours = Hours(night.parts)
    hours.look()
    held = [night.lead(one) for one in night.lead_ids() if night.lead(one).state == "held"]
    before = leads_in(night, "held")
    operate.cancel(night.parts, held[0].id, "Anna", "no lead")
    hours.look()
    assert leads_in(night, "held") == before  # it came three days ago: its turn comes
    for _ in range(DAYS - FRESH_DAYS):
        hours.look()
    assert (leads_in(night, "held"), leads_in(night, "cancelled")) == (before - 1, 1)


def test_what_was_changed_or_lost_in_the_table_is_mended(night):
    hours = Hours(night.parts)
    hours.look()
    right = rows(night)
    with night.store.write() as tx:
        tx.execute(delete(table).where(table.c.state == "accepted"))
        tx.execute(update(table).values(leads=99, spend="1000"))
        nonsense = {"source": "other", "hour": right[0][1], "state": "ready", "leads": 5, "calls": 5, "spend": "5"}
        tx.execute(insert(table), nonsense)
    Hours(night.parts).look()
    assert rows(night) == right


def test_erasing_people_changes_no_count(night, clock):
    Hours(night.parts).look()
    right = rows(night)
    for number in range(24):
        erase.erase_person(night.parts, f"799900000{number:02}", "Anna", "they asked")
    Hours(night.parts).look()
    assert sum(row[3] for row in rows(night)) == sum(row[3] for row in right)


def test_two_watches_at_once_do_no_harm(night):
    with night.store.read() as tx:
        counted = hourly.counted(tx, 0, 2**60)
    for _ in range(2):  # neither saw the other's rows
        with night.store.write() as tx:
            hourly.keep(tx, counted, {})
    with night.store.read() as tx:
        assert hourly.kept(tx, 0, 2**60) == counted


def test_hours_that_nobody_asks_for_any_more_go(night, clock):
    Hours(night.parts).look()
    clock.forward((DAYS + 3) * 24 * 3600)
    Hours(night.parts).look()
    assert rows(night) == []


def test_sources_are_added_up_by_day_and_told_apart_by_hour(night):
    Hours(night.parts).look()
    with night.store.read() as tx:
        together = hourly.by_day(tx, ["other"], 0, 2**60)
        each = hourly.of_sources(tx, ["other"], 0, 2**60)
        first = min(hour for _, hour, *_ in each)
        some = hourly.by_day(tx, ["other"], first + HOUR_MS, 2**60)
        none = hourly.by_day(tx, ["shop"], 0, 2**60)
    assert sum(one.leads for *_, one in together) == sum(n for *_, n in each) == 23
    assert sum(one.leads for *_, one in some) == 22
    assert {nth for nth, *_ in together} == {hour // DAY_MS for _, hour, *_ in each}
    assert none == []


def test_the_calls_of_an_hour_that_is_over_are_kept_with_the_waits_of_their_leads(night, clock):
    Hours(night.parts).look()
    with night.store.read() as tx:
        now = night.store.now_ms(tx)
        known = hourly_calls.kept(tx, 0, 2**60)
        assert known == hourly_calls.counted(tx, now - 25 * HOUR_MS - now % HOUR_MS, now - now % HOUR_MS)
        live = now - now % HOUR_MS
        without = hourly_calls.rung(tx, {}, live, now)
        by_hours, by_calls = hourly_calls.rung(tx, known, live, now), caps.rung(tx, TOTALS, now)
    assert len(known) > 5
    assert sum(one.waits.total() for one in known.values()) > 5
    assert [used(rung, dict.fromkeys("AB", Decimal(10))) for rung in (by_hours, by_calls)] == [
        used(by_calls, dict.fromkeys("AB", Decimal(10)))
    ] * 2
    assert sum(one.last_day for one in without) < sum(one.last_day for one in by_calls)  # they are what was read


def test_what_was_lost_of_the_calls_hours_is_mended(night):
    hours = Hours(night.parts)
    hours.look()
    with night.store.write() as tx:
        right = hourly_calls.kept(tx, 0, 2**60)
        tx.execute(delete(table_of_calls).where(table_of_calls.c.hour == min(right)))
        tx.execute(update(table_of_calls).values(calls="[]", waits="[[7, 9]]"))
    for _ in range(HOURS):
        hours.look()
    with night.store.read() as tx:
        assert hourly_calls.kept(tx, 0, 2**60) == right


def test_a_count_by_a_clock_that_was_set_back_is_none(night, clock):
    Hours(night.parts).look()
    with night.store.read() as tx:
        now = night.store.now_ms(tx)
        assert counted_at(tx, now) == now
        assert counted_at(tx, now - 1) is None
