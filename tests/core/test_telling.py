"""When something is told, and in which words: gathered, reminded, silenced, over."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from core.alarm import PAGE, WARN
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
            row = replace(row, reminders=row.reminders + 1)
    assert moments == [1, 4, 24, 48, 72]
    assert told([replace(row, acked_at=NOON)], NOON + 90 * DAY_MS) == []


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
