"""When something is told, and in which words: gathered, reminded, silenced, over."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from core.alarm import INFO, PAGE, WARN
from core.alarm_words import LANGUAGES, WORDS
from core.alarms import ALARMS
from core.durations import DAY_MS, HOUR_MS
from core.telling import (
    CLEARED,
    GATHER_MS,
    MOST_AN_HOUR,
    RAISED,
    REMINDER,
    SAID,
    Batch,
    Manners,
    Row,
    digest_due,
    due,
    joined,
    reminded,
    text,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = int(datetime(2026, 11, 25, 12, 0, tzinfo=MOSCOW).timestamp() * 1000)
MIDNIGHT = NOON + 12 * HOUR_MS
MANNERS = Manners(zone=MOSCOW)
UNKNOWN = Row(1, "unknown_calls", "", PAGE, 2, NOON, NOON)
HELD = Row(2, "held_rising", "shop", WARN, 7, NOON, NOON)


def nobody(kind, subject):
    return False


def told(rows, now, manners=MANNERS, hushed=nobody):
    return [(batch.what, [row.id for row in batch.rows]) for batch in due(rows, hushed, manners, now)]


def test_what_is_grave_is_told_at_once_and_takes_along_what_gathers():
    assert told([HELD], NOON) == []
    assert told([UNKNOWN, HELD], NOON) == [(RAISED, [1, 2])]
    assert told([HELD], NOON + GATHER_MS) == [(RAISED, [2])]


def test_reminders_come_after_an_hour_four_hours_and_each_day_until_somebody_takes_care():
    row, moments = replace(UNKNOWN, told_at=NOON), []
    for minutes in range(0, 60 * 24 * 3 + 61, 10):
        now = NOON + minutes * 60_000
        if told([row], now):
            moments.append(minutes // 60)
            row = replace(row, reminders=reminded(row, now))
    assert moments == [1, 4, 24, 48, 72]
    assert told([replace(row, acked_at=NOON)], NOON + 90 * DAY_MS) == []


@pytest.mark.parametrize(
    ("hours", "next_hours"), [(1, 4), (3.9, 4), (4, 24), (9, 24), (23.9, 24), (24, 48), (50, 72), (24 * 9, 24 * 10)]
)
def test_one_reminder_stands_for_all_that_were_held_back(hours, next_hours):
    row = replace(UNKNOWN, told_at=NOON)
    now = NOON + int(hours * HOUR_MS)
    row = replace(row, reminders=reminded(row, now))
    assert told([row], NOON + next_hours * HOUR_MS - 1) == []
    assert told([row], NOON + next_hours * HOUR_MS) == [(REMINDER, [1])]


def test_at_night_only_what_is_grave():
    assert told([replace(HELD, raised_at=MIDNIGHT - HOUR_MS)], MIDNIGHT) == []
    assert told([replace(HELD, raised_at=MIDNIGHT)], MIDNIGHT + 8 * HOUR_MS) == [(RAISED, [2])]
    assert told([replace(HELD, raised_at=MIDNIGHT - HOUR_MS)], MIDNIGHT, replace(MANNERS, quiet=None)) == [
        (RAISED, [2])
    ]
    assert told([UNKNOWN], MIDNIGHT) == [(RAISED, [1])]


def test_a_parent_explains_its_children_while_it_rings():
    waiting, nobody_works = replace(UNKNOWN, kind="leads_waiting"), replace(UNKNOWN, id=3, kind="no_worker")
    assert told([waiting, nobody_works], NOON) == [(RAISED, [3])]
    calm = replace(nobody_works, calm_since=NOON, told_at=NOON)
    assert told([waiting, calm], NOON) == [(RAISED, [1])]


NOBODY_WORKS = replace(UNKNOWN, id=3, kind="no_worker")
WAITING = replace(UNKNOWN, id=4, kind="leads_waiting")
SLOW = replace(UNKNOWN, id=5, kind="slow", severity=WARN)
HOUSE = replace(UNKNOWN, id=6, kind="house_silent")
SHOP = replace(UNKNOWN, id=7, kind="source_silent", subject="shop")


@pytest.mark.parametrize("parent", [{"severity": INFO}, {"kind": "web_silent"}, {"severity": WARN, "raised_at": NOON}])
def test_a_parent_that_nobody_is_told_of_explains_nothing(parent):
    """It is a line for whoever looks, it is off, or it waits for the morning."""
    manners = replace(MANNERS, off=frozenset({"web_silent"}))
    assert told([replace(HOUSE, **parent), SHOP], MIDNIGHT, manners) == [(RAISED, [7])]


def test_a_parent_that_somebody_knows_of_explains_its_children():
    asked_for_quiet = told([HOUSE, SHOP], NOON, hushed=lambda kind, subject: kind == "house_silent")
    assert asked_for_quiet == []
    assert told([replace(HOUSE, severity=WARN, told_at=NOON), SHOP], MIDNIGHT) == []
    assert told([replace(HOUSE, told_at=NOON, acked_at=NOON), SHOP], NOON) == []


def test_a_child_that_is_grave_calls_its_parent_at_once_and_is_not_told_beside():
    assert told([replace(HOUSE, severity=WARN), SHOP], NOON) == [(RAISED, [6])]
    assert told([replace(HOUSE, severity=WARN), replace(SHOP, severity=WARN)], NOON) == []


def test_a_parent_that_is_explained_itself_still_explains_its_children():
    late = NOON + GATHER_MS
    assert told([NOBODY_WORKS, WAITING, SLOW], late) == [(RAISED, [3])]
    changed = replace(NOBODY_WORKS, kind="database_changed")
    assert told([changed, WAITING, SLOW], late) == [(RAISED, [3])]
    assert told([replace(changed, told_at=NOON), replace(WAITING, severity=INFO), SLOW], late) == []
    assert told([changed, SLOW], late) == [(RAISED, [3, 5])]


def test_a_child_that_was_told_is_not_reminded_of_while_its_parent_is_told():
    row = replace(WAITING, told_at=NOON)
    assert told([row, NOBODY_WORKS], NOON + HOUR_MS) == [(RAISED, [3])]
    assert told([row, replace(NOBODY_WORKS, severity=INFO)], NOON + HOUR_MS) == [(REMINDER, [4])]


def test_what_is_over_waits_for_the_end_of_a_hush_and_at_night_where_nobody_was_woken():
    page = replace(UNKNOWN, told_at=NOON, cleared_at=MIDNIGHT)
    warning = replace(HELD, told_at=NOON, cleared_at=MIDNIGHT)
    assert told([page, warning], MIDNIGHT) == [(CLEARED, [1])]
    assert told([warning], MIDNIGHT + 8 * HOUR_MS) == [(CLEARED, [2])]
    assert told([warning], MIDNIGHT, replace(MANNERS, quiet=None)) == [(CLEARED, [2])]
    assert told([page, warning], NOON + DAY_MS, hushed=lambda kind, subject: kind == "unknown_calls") == [
        (CLEARED, [2])
    ]


def test_what_is_over_and_rings_again_is_over_for_nobody():
    over = replace(UNKNOWN, told_at=NOON, cleared_at=NOON + HOUR_MS)
    again = replace(UNKNOWN, id=9)
    assert told([over, again], NOON + HOUR_MS) == [(RAISED, [9])]
    assert told([over, replace(again, subject="shop")], NOON + HOUR_MS) == [(RAISED, [9]), (CLEARED, [1])]


def test_what_is_over_is_told_where_it_was_told_at_all():
    over = replace(UNKNOWN, cleared_at=NOON + HOUR_MS)
    assert told([over], NOON + HOUR_MS) == []
    assert told([replace(over, told_at=NOON)], NOON + HOUR_MS) == [(CLEARED, [1])]


def test_what_nobody_wants_to_hear_of_is_not_told():
    assert told([UNKNOWN], NOON, hushed=lambda kind, subject: kind == "unknown_calls") == []
    assert told([UNKNOWN], NOON, replace(MANNERS, off=frozenset({"unknown_calls"}))) == []
    assert told([replace(UNKNOWN, calm_since=NOON)], NOON) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_says_what_since_when_how_much_what_to_do_and_where(language):
    manners = replace(MANNERS, language=language, link="https://leads.example.ru/console/alarms")
    title, body = text(Batch(RAISED, (HELD, UNKNOWN)), manners)
    what, todo = WORDS["held_rising"][language]
    assert title.startswith(SAID[language][RAISED] + ": " + what + ": shop")
    for part in (what, todo, "(7)", "25.11 12:00", manners.link):
        assert part in body
    _, over = text(Batch(CLEARED, (replace(HELD, cleared_at=NOON + 200 * 60_000),)), manners)
    assert "3 h 20 min" in over


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ALARMS)
def test_every_alarm_can_be_told_in_both_languages(kind, language):
    title, body = text(Batch(REMINDER, (replace(UNKNOWN, kind=kind),)), replace(MANNERS, language=language))
    assert WORDS[kind][language][0] in title
    assert WORDS[kind][language][1] in body


def test_many_alarms_are_one_message_that_can_be_read():
    rows = tuple(replace(UNKNOWN, id=n, subject=f"s{n}") for n in range(100))
    title, body = text(Batch(RAISED, rows), MANNERS)
    assert "and 99 more" in title
    assert body.endswith("and 88 more")
    _, whole = joined([title] * 50, [body] * 50, MANNERS)
    assert whole.endswith("and 38 more")
    assert MOST_AN_HOUR == 10


def test_the_daily_message_comes_once_a_morning():
    nine = NOON - 3 * HOUR_MS
    assert not digest_due(None, MANNERS, nine)
    assert not digest_due(nine - HOUR_MS, MANNERS, nine - 1)
    assert digest_due(nine - HOUR_MS, MANNERS, nine)
    assert not digest_due(nine, MANNERS, nine + 8 * HOUR_MS)
    assert digest_due(nine, MANNERS, nine + DAY_MS)
    assert not digest_due(nine, replace(MANNERS, digest=None), nine + DAY_MS)
