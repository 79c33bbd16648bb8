"""Hours that are over, counted beside the walk: again and again the same, and what changes late comes to light."""

import pytest
from sqlalchemy import delete, insert, select, update

from core.durations import HOUR_MS
from core.outcome import ACCEPTED, Outcome
from flow import erase, operate
from flow.hourly import DAYS, FRESH_DAYS, HOURLY, Hours
from store import hourly, stamps
from store.tables import hourly as table
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
        known = hourly.of_source(tx, "shop", 0, 2**60)
        whole = hourly.counted(tx, 0, 2**60)
        alone = hourly.counted(tx, 0, 2**60, "shop"), hourly.counted(tx, 0, 2**60, "other")
    told = {state: (one.leads, one.calls, str(one.spend)) for _, state, one in known}
    assert told == {"accepted": (2, 2, "8.70"), "unknown": (1, 1, "0")}
    assert {("shop", hour, state): one for hour, state, one in known} == whole
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


def test_all_sources_are_added_up_by_hour(night):
    Hours(night.parts).look()
    with night.store.read() as tx:
        together = hourly.by_hour(tx, ["other"], 0, 2**60)
        first = min(hour for hour, *_ in together)
        some = hourly.by_hour(tx, ["other"], first + HOUR_MS, 2**60)
        none = hourly.by_hour(tx, ["shop"], 0, 2**60)
    assert sum(n for *_, n in together) == 23
    assert (len(some), none) == (len(together) - 1, [])
