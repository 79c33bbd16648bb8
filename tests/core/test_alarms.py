"""Each alarm by the facts it is of: what rings, how heavy it is, what it says."""

from dataclasses import replace

import pytest

from core.account.pause import Pause
from core.account.trouble import NO_ANSWERS, Trouble, paused
from core.alarm import INFO, PAGE, WARN, Facts, FullCap, NearCap, Room, Seen, Share, Silent, Stamp, Waiting
from core.alarms import ALARMS, BACKUP, BACKUP_MS, DRILL, GB, PARENTS, STEADY, ringing, steady
from core.durations import HOUR_MS

NOW = 1_795_597_200_000
WELL = Facts(now=NOW, worker_seen=NOW - 1000, database_since=NOW)
BY_PERSON = paused(Trouble(), "anna", "the contract ends", NOW - 7)
BY_ITSELF = Trouble(pause=Pause(NO_ANSWERS, NOW - 9, NOW + 5000))
# kind -> facts, severity, since, value, words, subject
TROUBLES = {
    "no_worker": ({"worker_seen": NOW - 60_001}, PAGE, NOW - 60_001, 1, "nobody is being called", ""),
    "database_changed": ({"other_database_since": 5}, PAGE, 5, 1, "restored, cloned", ""),
    "journal_unwritable": ({"unwritable_journals": {"m1": "no space"}}, PAGE, None, 1, "on m1 cannot", "m1"),
    "not_stored": ({"not_stored": 2}, PAGE, None, 2, "answered 503", ""),
    "web_silent": ({"seen": Seen(outside="502")}, PAGE, None, 1, "(502)", ""),
    "disk_low": ({"seen": Seen(rooms=(Room("/var", 9 * 10**8, 10**12),))}, PAGE, None, 1, "900 MB left", "/var"),
    "wal_large": ({"seen": Seen(wal_bytes=300_000_000)}, PAGE, None, 300, "WAL", ""),
    "leads_waiting": ({"late": 3, "late_since": 4}, PAGE, 4, 3, "more than a minute", ""),
    "calls_stuck": ({"stuck": 2, "stuck_since": 4}, PAGE, 4, 2, "past their deadline", ""),
    "paused": ({"accounts": {"main": BY_ITSELF}}, PAGE, NOW - 9, 1, "account main: ", "main"),
    "crm_silent": ({"crms": {"b": 3}}, PAGE, None, 3, "The CRM of b", "b"),
    "calls_unsent": ({"begun": 9, "unsent": {"late": 5}}, PAGE, None, 5, "(late 5)", ""),
    "slow": ({"waited": (1000,) * 7 + (61_000,) * 3}, WARN, None, 61, "Of the newest 10 calls", ""),
    "cap_reached": (
        {"full": (FullCap("", "the totals'", "calls_per_day", "7", 6),)},
        WARN,
        6,
        1,
        "the totals' calls",
        "",
    ),
    "cap_near": ({"near": (NearCap("all", "calls", "6", "7", "the line"),)}, INFO, None, 1, "(6 of 7): the line", ""),
    "unknown_calls": ({"unknown": 2, "unknown_since": 8}, PAGE, 8, 2, "resolve, rearm or cancel", ""),
    "refused_proofs": ({"refused_hours": (("b", HOUR_MS, 2), ("b", 0, 1))}, WARN, 0, 3, "to b come", "b"),
    "turned_away": ({"turned_away": {"b": 6, "a": 5}}, WARN, None, 6, "to b were", "b"),
    "house_silent": ({"silent": (Silent("", 5, 12.4, 12.0, 6.0),)}, PAGE, 5, 12, "All sources are silent", ""),
    "source_silent": ({"silent": (Silent("b", 5, 12.4, 12.0, 6.0),)}, PAGE, 5, 12, "b is silent: usually 6.0", "b"),
    "held_rising": ({"held": (Share("b", 11, 50, 10.0),)}, WARN, None, 11, "of b are held", "b"),
    "other_person": ({"other_person": (Waiting("b", 2, 7),)}, INFO, 7, 2, "another number", "b"),
    "held_long": ({"held_long": (Waiting("b", 2, 7),)}, INFO, 7, 2, "more than an hour", "b"),
    "broken_files": ({"broken_files": frozenset({"shop", "policy.yaml"})}, WARN, None, 2, "policy.yaml, shop", ""),
    "broken_accounts": ({"broken_accounts": frozenset({"two"})}, PAGE, None, 1, "again: two", ""),
    "broken_sources": ({"unreadable": {"shop": 3, "new": None}}, PAGE, 3, 2, "new, shop", ""),
    "clock_off": ({"seen": Seen(clock_off_ms=-31_000)}, WARN, None, 31, "clock", ""),
    "certificate_ends": ({"seen": Seen(certificate_until=NOW + 1)}, WARN, None, 0, "in 0 days", ""),
    "backup_old": (
        {"stamps": {BACKUP: Stamp(NOW - BACKUP_MS - 1, True)}},
        WARN,
        NOW - BACKUP_MS - 1,
        1,
        "26 hours",
        "",
    ),
    "drill_failed": ({"stamps": {DRILL: Stamp(3, False, "no room")}}, WARN, 3, 1, "no room", ""),
    "channel_dead": ({"dead_channels": {"mail": "550"}}, PAGE, None, 1, "by mail: 550", "mail"),
}


def test_nothing_rings_while_all_is_well():
    assert ringing(WELL) == []


@pytest.mark.parametrize("kind", ALARMS)
def test_each_rings_for_its_own_trouble_alone(kind):
    changed, severity, since, value, said, subject = TROUBLES[kind]
    (alarm,) = ringing(replace(WELL, **changed))
    assert (alarm.kind, alarm.severity, alarm.since, alarm.value) == (kind, severity, since, value)
    assert said in alarm.text
    assert (alarm.key, alarm.raised_at, alarm.cleared_at) == ((kind, subject), None, None)


def test_all_together_ring_in_order_of_weight():
    changed = {field: value for trouble in TROUBLES.values() for field, value in trouble[0].items()}
    seen = Seen(outside="x", rooms=(Room("/", 1, 2),), wal_bytes=300_000_000, clock_off_ms=40_000, certificate_until=1)
    changed |= {"silent": (Silent("", 5, 12.4, 12.0), Silent("b", 5, 12.4, 12.0))}
    facts = replace(WELL, **changed | {"seen": seen, "stamps": {BACKUP: Stamp(1, True), DRILL: Stamp(1, False)}})
    assert [alarm.kind for alarm in ringing(facts)] == list(ALARMS)


def test_each_account_that_is_paused_is_an_alarm_of_its_own():
    found = ringing(replace(WELL, accounts={"two": BY_PERSON, "main": BY_ITSELF, "well": Trouble()}))
    assert [(alarm.subject, alarm.severity) for alarm in found] == [("main", PAGE), ("two", WARN)]


@pytest.mark.parametrize(
    ("waited", "rings"),
    [
        ((61_000,) * 9, False),  # too few to say
        ((1000,) * 9 + (61_000,), False),
        ((1000,) * 8 + (61_000,) * 2, True),
        ((60_000,) * 20, False),
        ((1000,) * 17 + (61_000,) * 3, True),
    ],
)
def test_calls_are_slow_where_one_in_ten_took_more_than_a_minute(waited, rings):
    assert bool(ringing(replace(WELL, waited=waited))) is rings


def test_a_clock_is_told_once_a_machine():
    off = Stamp(NOW - 1000, False, "-45000")
    facts = replace(WELL, stamps={"clock two": off, "clock one": off, "clock well": Stamp(NOW, True)})
    facts = replace(facts, seen=Seen(clock_off_ms=40_000, machine="one"))
    assert [(a.subject, a.value) for a in ringing(facts)] == [("one", 40), ("two", 45)]
    old = replace(WELL, stamps={"clock gone": Stamp(NOW - 301_000, False, "-45000")})
    assert ringing(old) == []


def test_a_certificate_is_renewed_two_weeks_before_its_end():
    for days, rings in ((14, False), (13.9, True), (-1, True)):
        found = ringing(replace(WELL, seen=Seen(certificate_until=int(NOW + days * 24 * HOUR_MS))))
        assert [alarm.value for alarm in found] == ([max(0, int(days))] if rings else [])


def test_what_a_person_paused_gets_nobody_up():
    (alarm,) = ringing(replace(WELL, accounts={"main": BY_PERSON}))
    assert alarm.severity == WARN


def test_whoever_has_just_begun_to_watch_misses_no_worker():
    for last in (None, NOW - HOUR_MS):
        assert ringing(replace(WELL, worker_seen=last, seen=Seen(watching_since=NOW - 60_000))) == []
        (alarm,) = ringing(replace(WELL, worker_seen=last, seen=Seen(watching_since=NOW - 60_001)))
        assert (alarm.kind, alarm.since) == ("no_worker", last)


@pytest.mark.parametrize(
    ("refused", "right", "rings"),
    [(2, 0, False), (3, 0, True), (20, 1, False), (21, 20, True), (21, 21, False), (500, 600, False)],
)
def test_a_strangers_tries_beside_right_requests_ring_nothing(refused, right, rings):
    facts = replace(WELL, refused_hours=(("shop", 0, refused),), right_requests={"shop": right})
    assert bool(ringing(facts)) is rings


@pytest.mark.parametrize(
    ("held", "of", "usual", "rings"),
    [(4, 5, 0.0, False), (5, 25, 0.0, False), (6, 25, 0.0, True), (25, 50, 25.0, True), (25, 50, 26.0, False)],
)
def test_held_leads_ring_where_they_are_many_and_unusual(held, of, usual, rings):
    assert bool(ringing(replace(WELL, held=(Share("shop", held, of, usual),)))) is rings


@pytest.mark.parametrize(
    ("free", "total", "rings"),
    [(GB - 1, 5 * GB, True), (GB, 5 * GB, False), (9 * GB, 100 * GB, True), (21 * GB, 1000 * GB, False)],
)
def test_a_disk_is_low_by_its_size(free, total, rings):
    assert bool(ringing(replace(WELL, seen=Seen(rooms=(Room("/var", free, total),))))) is rings


def test_no_backup_is_missed_on_the_first_day_and_a_failed_one_is_told_at_once():
    assert ringing(replace(WELL, database_since=NOW - BACKUP_MS)) == []
    (never,) = ringing(replace(WELL, database_since=NOW - BACKUP_MS - 1))
    assert "ever" in never.text
    (failed,) = ringing(replace(WELL, stamps={BACKUP: Stamp(NOW, False, "no room")}))
    assert "no room" in failed.text


def test_what_flickers_has_to_be_seen_in_a_row():
    low = ringing(replace(WELL, seen=Seen(rooms=(Room("/", 0, GB),))))
    clock = ringing(replace(WELL, seen=Seen(clock_off_ms=40_000)))
    unknown = ringing(replace(WELL, unknown=1))
    times: dict[tuple[str, str], int] = {}
    assert steady(low + clock + unknown, times) == unknown
    assert steady(low + clock, times) == low
    assert steady(clock + low, times) == clock + low
    assert steady([], times) == []
    assert steady(low, times) == []


def test_parents_and_steady_kinds_are_alarms():
    named = {*STEADY, *PARENTS, *(parent for parents in PARENTS.values() for parent in parents)}
    assert named <= set(ALARMS)


@pytest.mark.parametrize(
    ("silent", "severity"),
    [
        (Silent("b", 5, 11.9, 12.0), None),
        (Silent("b", 5, 12.0, 12.0, awake=False), WARN),
        (Silent("b", 5, 0.0, 0.0), None),
        (Silent("b", 5, too_long=True), PAGE),
    ],
)
def test_silence_rings_above_its_line_and_waits_for_the_morning(silent, severity):
    assert [alarm.severity for alarm in ringing(replace(WELL, silent=(silent,)))] == ([severity] if severity else [])
