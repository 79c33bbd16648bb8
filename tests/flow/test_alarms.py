"""Alarms as rows: raised once, counted while they ring, cleared after some calm; told with those of the last day."""

from dataclasses import replace

import pytest

from core.alarm import PAGE, WARN, Alarm, Stamp
from core.alarms import BACKUP
from core.durations import HOUR_MS
from flow import alarms, claim, decide, operate
from flow.watch import Watch
from store import alarms as kept
from store import epoch, outbox, quiets, stamps
from store.engine import StoreUnavailable
from store.ids import new_id
from tests.fakes import LOST, SHOP, YES

IVAN = {"id": "1", "phone": "+7 (999) 000-00-01"}
NOBODY = Alarm("no_worker", PAGE, "nobody", None, 1)


def names(gateway):
    """What a look finds, and what is told of it."""
    alarms.keep(gateway.parts)
    return [(a.kind, a.value, a.cleared_at is not None) for a in alarms.told(gateway.parts)]


def kinds(gateway, watch):
    watch.turn()
    with gateway.store.read() as tx:
        return {kind for kind, _ in kept.ringing(tx)}


def row(gateway, kind):
    with gateway.store.read() as tx:
        return kept.ringing(tx).get((kind, ""))


def test_an_alarm_is_raised_once_counted_and_cleared_after_some_calm(gateway):
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
    assert names(gateway) == []  # it rings no more, and is not over yet
    for _ in range(5):
        gateway.clock.forward(60)
        gateway.alive()
        found = names(gateway)
    assert found == [("unknown_calls", 2, True)]


def test_what_comes_and_goes_is_one_alarm(gateway):
    with gateway.store.write() as tx:
        assert kept.keep(tx, [NOBODY], 1000, 300) == ([NOBODY], [])
        assert kept.keep(tx, [], 2000, 300) == ([], [])
        assert kept.ringing(tx) == {}
        assert kept.keep(tx, [NOBODY], 2200, 300) == ([], [])
        assert kept.ringing(tx).keys() == {NOBODY.key}
        assert kept.keep(tx, [], 3000, 300) == ([], [])
        assert kept.keep(tx, [], 3299, 300) == ([], [])
        _, (gone,) = kept.keep(tx, [], 3300, 300)
        assert (gone.key, gone.raised_at) == (NOBODY.key, 1000)


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


def test_that_nobody_watches_is_told_to_whoever_asks(gateway):
    assert [a.kind for a in alarms.told(gateway.parts)] == ["no_watch"]
    gateway.alive()
    alarms.keep(gateway.parts)
    gateway.clock.forward(60)
    assert alarms.told(gateway.parts) == []
    gateway.clock.forward(1)
    (alarm,) = alarms.told(gateway.parts)
    assert (alarm.kind, alarm.severity, alarm.since) == ("no_watch", PAGE, int((gateway.clock() - 61) * 1000))


def test_nothing_rings_on_a_first_start_and_a_worker_that_never_comes_does(gateway):
    watch = Watch(gateway.parts)
    for _ in range(5):
        assert kinds(gateway, watch) == set()
        gateway.clock.forward(15)
    assert kinds(gateway, watch) == {"no_worker"}
    gateway.alive()
    assert kinds(gateway, watch) == set()


def test_a_restart_of_everything_rings_nothing(gateway):
    gateway.alive()
    assert kinds(gateway, Watch(gateway.parts)) == set()
    gateway.clock.forward(600)  # all was off
    again = Watch(gateway.parts)
    assert kinds(gateway, again) == set()
    gateway.clock.forward(15)
    gateway.alive()
    assert kinds(gateway, again) == set()


def test_a_call_past_its_deadline_that_nobody_settles(gateway):
    gateway.take(IVAN)
    decide.decide_due(gateway.parts)
    assert isinstance(gateway.claim(), claim.Claimed)  # and its owner is gone
    watch = Watch(gateway.parts)
    gateway.alive()
    assert kinds(gateway, watch) == set()
    gateway.clock.forward(120)
    gateway.alive()
    assert kinds(gateway, watch) == {"calls_stuck"}
    gateway.work()
    assert kinds(gateway, watch) == {"unknown_calls"}


def test_requests_that_are_refused_unread_and_those_that_were_not_stored(gateway, app):
    gateway.alive()
    http = app.test_client()
    for _ in range(6):
        http.post("/hooks/shop?token=test-token", data=b"x" * 300_000)
    gateway.parts.refusals.flush()
    assert kinds(gateway, Watch(gateway.parts)) == {"turned_away"}
    assert row(gateway, "turned_away") is None  # its subject is the source
    store = gateway.parts.store
    gateway.parts.sources.refresh()
    gateway.parts.store = Away(store)
    assert http.post("/hooks/shop?token=test-token", json=IVAN).status_code == 503
    gateway.parts.store = store
    gateway.parts.refusals.flush()
    assert "not_stored" in kinds(gateway, Watch(gateway.parts))


class Away:
    """A database that reads and stores nothing."""

    def __init__(self, store):
        self._store = store

    def write(self, **_):
        raise StoreUnavailable("disk full")

    def __getattr__(self, name):
        return getattr(self._store, name)


def test_a_renamed_field_of_the_form_rings(gateway):
    gateway.alive()
    for n in range(20):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"})
    gateway.work()
    watch = Watch(gateway.parts)
    assert kinds(gateway, watch) == set()
    for n in range(20, 26):
        gateway.take({"id": str(n), "telephone": f"799900000{n:02}"})
    gateway.work()
    assert kinds(gateway, watch) == {"held_rising"}
    gateway.put("shop", SHOP.replace("{field: phone", "{field: telephone"))
    for n in range(26, 80):
        gateway.take({"id": str(n), "telephone": f"799900000{n:02}"})
    gateway.work()
    gateway.alive()
    assert kinds(gateway, watch) == set()


def test_a_backup_that_failed_or_is_missed(gateway):
    gateway.alive()
    watch = Watch(gateway.parts)
    now = int(gateway.clock() * 1000)
    with gateway.store.write() as tx:
        stamps.put(tx, BACKUP, Stamp(now, False, "no room"))
    assert kinds(gateway, watch) == {"backup_old"}
    with gateway.store.write() as tx:
        stamps.put(tx, BACKUP, Stamp(now, True))
    assert kinds(gateway, watch) == set()
    gateway.clock.forward(26 * HOUR_MS / 1000 + 1)
    gateway.alive()
    assert kinds(gateway, watch) == {"backup_old"}


def test_an_address_has_to_be_wrong_twice(gateway, tmp_path):
    gateway.alive()
    said = ["", "HTTP 502", "HTTP 502", ""]
    watch = Watch(gateway.parts, places=[tmp_path / "not" / "yet"], outside=lambda: said.pop(0))
    found = [kinds(gateway, watch) for _ in range(4)]
    assert found == [set(), set(), {"web_silent"}, set()]


def test_a_wal_that_grows_rings(gateway):
    if not gateway.store.is_sqlite:
        pytest.skip("a WAL beside the file is SQLite's")
    gateway.alive()
    watch = Watch(gateway.parts)
    kinds(gateway, watch)
    with open(f"{gateway.store.path}-wal", "r+b") as wal:
        wal.truncate(257_000_000)  # a hole: nothing is written
    assert kinds(gateway, watch) == set()
    assert kinds(gateway, watch) == {"wal_large"}


def test_a_clock_that_is_off_has_to_be_so_three_times(gateway):
    gateway.alive()
    gateway.store.has_own_clock = True  # as PostgreSQL's is
    watch = Watch(gateway.parts, wall=lambda: gateway.clock() + 31)
    assert [kinds(gateway, watch) for _ in range(3)] == [set(), set(), {"clock_off"}]


def test_a_provider_whose_replies_name_another_time_is_a_second_clock(gateway):
    gateway.alive()
    watch = Watch(gateway.parts)
    gateway.voice.otherwise = replace(YES, clock_off_ms=-45_000)

    def replies(n):
        for _ in range(n):
            gateway.take({"id": new_id(), "phone": f"7999000{n_of():04}"})
            gateway.work()
            with gateway.store.write() as tx:
                gateway.parts.clock.tell(tx, gateway.store.now_ms(tx))
        return kinds(gateway, watch)

    count = iter(range(9999))

    def n_of():
        return next(count)

    assert [replies(1), replies(1), replies(1), replies(1)] == [set()] * 4  # three replies, and three looks
    assert replies(1) == {"clock_off"}
    gateway.voice.otherwise = replace(YES, clock_off_ms=0)
    assert replies(1) == set()


def test_calls_that_come_late_ring_unless_something_explains_it(gateway):
    gateway.alive()
    watch = Watch(gateway.parts)

    def late_calls(first):
        for n in range(first, first + 10):
            gateway.take({"id": str(n), "phone": f"799900000{n:02}"})
        gateway.clock.forward(61)
        gateway.alive()
        gateway.work()
        return [kinds(gateway, watch) for _ in range(2)]

    assert late_calls(0) == [set(), {"slow"}]
    with gateway.store.write() as tx:  # somebody had stopped the account until now
        kept.keep(tx, [Alarm("paused", WARN, "x", None, 1, subject="main")], gateway.store.now_ms(tx))
    assert [kinds(gateway, watch) for _ in range(2)] == [set(), set()]
    gateway.clock.forward(1)
    assert late_calls(20) == [set(), {"slow"}]


def test_a_certificate_that_ends_is_looked_at_each_hour(gateway):
    gateway.alive()
    looked = []

    def ends():
        looked.append(gateway.clock())
        return int((gateway.clock() + 13 * 24 * 3600) * 1000)

    watch = Watch(gateway.parts, certificate=ends)
    for _ in range(5):
        assert kinds(gateway, watch) == {"certificate_ends"}
        gateway.clock.forward(15)
    assert len(looked) == 1
    gateway.clock.forward(3600)
    gateway.alive()
    kinds(gateway, watch)
    assert len(looked) == 2


def test_a_channel_that_is_dead(gateway):
    gateway.alive()
    watch = Watch(gateway.parts)
    with gateway.store.write() as tx:
        outbox.put(tx, "mail", "raised", "1", "title", "body", 1000)
    for _ in range(3):
        assert kinds(gateway, watch) == set()
        with gateway.store.write() as tx:
            (one,) = outbox.waiting(tx, 10**15)["mail"]
            outbox.fail(tx, one, "550 no such user", 1000)
    assert kinds(gateway, watch) == {"channel_dead"}


def test_a_database_that_is_away_ends_no_watch(gateway):
    gateway.alive()
    watch = Watch(gateway.parts)
    store, gateway.parts.store = gateway.parts.store, Away(gateway.parts.store)
    watch.turn()
    assert watch.away == "disk full"
    gateway.parts.store = store
    watch.turn()
    assert watch.away == ""


def test_somebody_takes_care_of_an_alarm_once(gateway):
    alarms.keep(gateway.parts)
    assert alarms.acknowledge(gateway.parts, "no_worker", "", "anna")
    assert not alarms.acknowledge(gateway.parts, "no_worker", "", "boris")
    assert not alarms.acknowledge(gateway.parts, "paused", "", "anna")


def test_a_kind_is_quiet_until_then(gateway):
    now = int(gateway.clock() * 1000)
    alarms.quiet(gateway.parts, "all", "", now + 1000, "anna", "works")
    alarms.quiet(gateway.parts, "all", "", now + 2000, "anna", "more works")
    with pytest.raises(ValueError, match="expected all, or one of no_worker"):
        alarms.quiet(gateway.parts, "no_workers", "", now, "anna", "works")
    with gateway.store.read() as tx:
        (one,) = quiets.holding(tx, now)
        assert quiets.holding(tx, now + 2000) == []
    assert (one.why, one.covers("paused", ""), one.covers("silence", "shop")) == ("more works", True, True)
