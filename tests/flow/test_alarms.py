"""Alarms as rows: raised once, counted while they ring, cleared; told with those of the last day."""

from dataclasses import replace

from core.alarms import PAGE, WARN, Alarm
from flow import alarms, decide, operate
from store import alarms as kept
from store import epoch
from tests.fakes import LOST

IVAN = {"id": "1", "phone": "+7 (999) 000-00-01"}
NOBODY = Alarm("no_worker", PAGE, "nobody", None, 1)


def names(gateway):
    return [(a.kind, a.value, a.cleared_at is not None) for a in alarms.told(gateway.parts)]


def row(gateway, kind):
    with gateway.store.read() as tx:
        return kept.ringing(tx).get((kind, ""))


def test_an_alarm_is_raised_once_counted_and_cleared(gateway):
    gateway.alive()
    gateway.voice.otherwise = LOST
    first = gateway.take(IVAN)
    gateway.work()
    alarms.keep(gateway.parts)
    raised = row(gateway, "unknown_calls")
    assert (raised.value, raised.severity, raised.raised_at) == (1, PAGE, int(gateway.clock() * 1000))
    gateway.clock.forward(1)
    second = gateway.take({"id": "2", "phone": "9990000002"})
    gateway.work()
    alarms.keep(gateway.parts)
    alarms.keep(gateway.parts)
    assert row(gateway, "unknown_calls") == replace(raised, value=2)
    (told,) = alarms.told(gateway.parts)
    assert (told.value, told.raised_at) == (2, raised.raised_at)
    for lead in (first, second):
        operate.resolve(gateway.parts, lead, "anna", "seen in the panel")
    alarms.keep(gateway.parts)
    assert row(gateway, "unknown_calls") is None
    assert names(gateway) == [("unknown_calls", 2, True)]


def test_two_processes_raise_one_alarm(gateway):
    with gateway.store.write() as tx:
        assert kept.keep(tx, [NOBODY], 1000) == ([NOBODY], [])
    with gateway.store.write() as tx:
        assert kept.keep(tx, [NOBODY], 2000) == ([], [])
        (ringing,) = kept.ringing(tx).values()
        assert (ringing.since, ringing.raised_at) == (1000, 1000)
        assert kept.keep(tx, [], 3000) == ([], [ringing])
        assert kept.keep(tx, [], 4000) == ([], [])
        assert [a.cleared_at for a in kept.cleared(tx, 0)] == [3000]


def test_alarms_of_one_kind_are_told_apart_by_their_subjects(gateway):
    shop, form = (Alarm("silence", WARN, f"{name} is silent", 5, 1, subject=name) for name in ("shop", "form"))
    with gateway.store.write() as tx:
        raised, _ = kept.keep(tx, [shop, form], 1000)
        assert [alarm.subject for alarm in raised] == ["form", "shop"]
        _, cleared = kept.keep(tx, [shop], 2000)
        assert [alarm.subject for alarm in cleared] == ["form"]
        assert kept.keep(tx, [shop, form], 3000)[0] == [form]
        assert kept.ringing(tx).keys() == {("silence", "shop"), ("silence", "form")}


def test_an_alarm_that_grows_heavier_says_so_and_stays_the_same_one(gateway):
    with gateway.store.write() as tx:
        kept.keep(tx, [replace(NOBODY, severity=WARN)], 1000)
        assert kept.keep(tx, [NOBODY], 2000) == ([], [])
        (ringing,) = kept.ringing(tx).values()
        assert (ringing.severity, ringing.raised_at) == (PAGE, 1000)


def test_no_worker_and_a_changed_database_ring(gateway):
    assert [name for name, *_ in names(gateway)] == ["no_worker"]
    gateway.alive()
    assert names(gateway) == []
    with gateway.store.write() as tx:
        epoch.suspect(tx, "another", 5000)
    assert names(gateway) == [("database_changed", 1, False)]


def test_leads_of_an_account_that_is_gone_do_not_wait_unseen(gateway):
    gateway.take(IVAN)
    decide.decide_due(gateway.parts, 1)
    gateway.parts.accounts.clear()  # its file was taken away, and all was started again
    gateway.clock.forward(120)
    gateway.alive()
    assert ("leads_waiting", 1, False) in names(gateway)
