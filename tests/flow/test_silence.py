"""A source that has gone silent, and all of them: raised when so many leads are missing, over with the next lead."""

import json

import pytest

from core.alarm import PAGE, WARN, Stamp
from core.alarms import WATCH
from core.durations import HOUR_MS
from flow import alarms, silence
from flow.telling import Help
from flow.watch import Watch
from store import alarms as kept
from store import ids, stamps
from store.tables import leads
from tests.fakes import SHOP

DAY_S = 24 * 3600
SHOP_AT = tuple(range(9, 18))  # o'clock in Moscow, four leads in each


def came(gateway, source, moments):
    """Leads that were received at these seconds: their rows, without the walk."""
    rows = [
        {
            "id": ids.new_id(),
            "source": source,
            "account": "main",
            "state": "accepted",
            "received_at": int(at * 1000),
            "due_at": int(at * 1000),
            "digest": str(n),
            "payload": json.dumps({}),
            "history_n": 1,
        }
        for n, at in enumerate(moments)
    ]
    with gateway.store.write() as tx:
        tx.execute(leads.insert(), rows)


def usual(gateway, source="shop", days=28, per_hour=4):
    """So many days of leads in the hours of day, the last one a minute ago: it is noon."""
    midnight = gateway.clock() - 12 * 3600
    moments = [
        midnight - day * DAY_S + hour * 3600 + n * 3600 / per_hour
        for day in range(days + 1)
        for hour in SHOP_AT
        for n in range(per_hour)
    ]
    came(gateway, source, [at for at in moments if at < gateway.clock()] + [gateway.clock() - 60])


def looks(gateway, watch, hours, every_s=300):
    """What rings after each look of so many hours; a worker lives all the time."""
    found = []
    for _ in range(int(hours * 3600 / every_s)):
        gateway.clock.forward(every_s)
        gateway.alive()
        with gateway.store.write() as tx:
            kept_alive(tx, gateway)
        watch.turn()
        with gateway.store.read() as tx:
            found.append({key: one for key, one in kept.ringing(tx).items() if "silent" in key[0]})
    return found


def kept_alive(tx, gateway):
    """A look each five minutes stands for one each 15 seconds: nobody is missed in between."""
    stamps.put(tx, WATCH, Stamp(gateway.store.now_ms(tx), True))


@pytest.fixture
def watch(gateway):
    gateway.alive()
    return Watch(gateway.parts)


def test_a_source_that_goes_silent_rings_and_its_next_lead_ends_it(gateway, watch):
    usual(gateway)
    last = int((gateway.clock() - 60) * 1000)
    found = looks(gateway, watch, 5)
    assert found[0] == {}
    first = next(n for n, rang in enumerate(found) if rang)
    assert 2 * 12 < first < 4.5 * 12  # about ten leads are missing, at four an hour
    alarm = found[-1]["source_silent", "shop"]
    assert (alarm.severity, alarm.since) == (PAGE, last)
    assert "shop is silent: usually 3.0 leads an hour come now, 20 should have come since the last one" in alarm.text
    came(gateway, "shop", [gateway.clock()])
    assert looks(gateway, watch, 0.2)[-1] == {}


def test_a_night_is_not_silent_and_a_silent_morning_is(gateway, watch):
    usual(gateway)
    gateway.clock.forward(6 * 3600 - 120)
    came(gateway, "shop", [gateway.clock() - 6 * 3600 + n * 900 for n in range(24)])
    assert all(not rang for rang in looks(gateway, watch, 14, every_s=900))  # until eight
    assert ("source_silent", "shop") in looks(gateway, watch, 4, every_s=900)[-1]


def test_all_sources_ring_once_and_each_of_them_is_a_line_beneath(gateway, watch):
    for name in ("form", "shop"):
        gateway.put(name, SHOP)
        usual(gateway, name)
    found = looks(gateway, watch, 5)
    first = next(rang for rang in found if rang)
    assert first.keys() == {("house_silent", "")}
    assert found[-1].keys() == {("house_silent", ""), ("source_silent", "form"), ("source_silent", "shop")}
    came(gateway, "form", [gateway.clock()])
    assert looks(gateway, watch, 0.2)[-1].keys() == {("source_silent", "shop")}


def test_nobody_is_told_of_a_source_that_may_be_silent_or_is_off(gateway, watch):
    usual(gateway)
    quiet = Watch(gateway.parts, help_=Help(silence_ms={"shop": 0}))
    assert all(not rang for rang in looks(gateway, quiet, 6))
    gateway.put("shop", SHOP + "enabled: false\n")
    assert all(not rang for rang in looks(gateway, watch, 1))


def test_the_longest_silence_that_an_owner_accepts_counts_calling_hours(gateway):
    """Of a source of whose habits nothing is known yet."""
    came(gateway, "shop", [gateway.clock() - 60])
    watch = Watch(gateway.parts, help_=Help(silence_ms={"shop": 9 * HOUR_MS}))
    assert all(not rang for rang in looks(gateway, watch, 21, every_s=3600))  # eight hours until 20:00, then a night
    rang = looks(gateway, watch, 3, every_s=3600)[-1]
    assert rang["source_silent", "shop"].severity == PAGE


def test_the_first_days_and_a_source_without_any_lead_ring_nothing(gateway, watch):
    usual(gateway, days=2)
    gateway.put("new", SHOP)
    assert all(not rang for rang in looks(gateway, watch, 8))


def test_what_could_not_come_while_the_machine_was_off_is_not_missed(gateway, watch):
    usual(gateway)
    watch.turn()
    gateway.clock.forward(5 * 3600)
    again = Watch(gateway.parts)
    gateway.alive()
    again.turn()
    assert looks(gateway, again, 0.5)[-1] == {}
    with gateway.store.read() as tx:
        (gap,) = kept.spans(tx, {"no_watch"}, 0, 10**15)
    assert gap.until - gap.since == 5 * HOUR_MS
    assert [(one.kind, one.cleared_at) for one in alarms.told(gateway.parts) if one.kind == "no_watch"] == [
        ("no_watch", gap.until)
    ]


def test_an_outage_of_days_rings_until_it_is_over(gateway, watch):
    """Nothing of it is learnt: neither its zeros nor the three days after which a habit would be another one."""
    usual(gateway)
    found = looks(gateway, watch, 24 * 5, every_s=3600)
    first = next(n for n, rang in enumerate(found) if rang)
    assert all(("source_silent", "shop") in rang for rang in found[first:])
    assert found[15]["source_silent", "shop"].severity == WARN  # three at night: it waits for the morning


def test_a_habit_is_read_once_a_day(gateway, watch):
    usual(gateway)
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        silence.look(gateway.parts, tx, now)
        known = gateway.parts.habits["shop"]
        silence.look(gateway.parts, tx, now + HOUR_MS)
        assert gateway.parts.habits["shop"] is known
        silence.look(gateway.parts, tx, now + 24 * HOUR_MS)
        assert gateway.parts.habits["shop"] is not known
