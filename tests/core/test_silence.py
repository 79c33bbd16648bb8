"""How many leads are missing, by what usually comes; and the simulator's own days under the rule."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bench.silence import KINDS, measured
from core.durations import DAY_MS, HOUR_MS, MINUTE_MS
from core.silence import DAYS, KNOWN_LEADS, NEWEST, judge, learn, rings_at

ZONE = ZoneInfo("UTC")
MONDAY = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)


def days(n, a_day, per_hour=6, first=9):
    """Start of an hour -> leads: on each day the same, from nine o'clock on; `a_day` may depend on the weekday."""
    counts = {}
    for day in range(n):
        hours = a_day(day % 7) if callable(a_day) else a_day
        for hour in range(hours):
            counts[MONDAY + day * DAY_MS + (first + hour) * HOUR_MS] = per_hour
    return counts


def leads_of(counts):
    """The newest 21 moments of such leads, the newest first."""
    each = sorted(at + n * (HOUR_MS // count) for at, count in counts.items() for n in range(count))
    return each[-NEWEST:][::-1]


def at(day, hour, minute=0):
    return MONDAY + day * DAY_MS + hour * HOUR_MS + minute * MINUTE_MS


EIGHT_HOURS = days(DAYS, 8)
HABIT = learn(EIGHT_HOURS, (MONDAY, MONDAY + DAYS * DAY_MS), ZONE)


def test_what_usually_comes_is_learnt_by_the_hour():
    quiet = judge(HABIT, leads_of(EIGHT_HOURS), at(DAYS, 12, 30))
    assert 5.5 < quiet.usual < 6.5
    night = judge(HABIT, leads_of(EIGHT_HOURS), at(DAYS, 3))
    assert night.usual == 0
    assert night.missing < 3  # the hour after the last one is smoothed, no more


def test_leads_that_should_have_come_since_the_last_one_ring_and_a_night_does_not():
    newest = leads_of(EIGHT_HOURS)  # the last one on Sunday before 17:00
    assert not judge(HABIT, newest, at(DAYS, 8)).rings
    rang = rings_at(HABIT, newest)
    assert at(DAYS, 10) < rang < at(DAYS, 12)
    quiet = judge(HABIT, newest, rang)
    assert quiet.missing == pytest.approx(quiet.line, abs=0.01)
    assert judge(HABIT, [at(DAYS, 11), *newest], at(DAYS, 11, 14)).missing == 0  # not before a quarter of an hour


def test_too_few_days_or_leads_say_nothing():
    assert learn(days(2, 8), (MONDAY, MONDAY + 2 * DAY_MS), ZONE) is None
    assert learn(days(3, 8), (MONDAY, MONDAY + 3 * DAY_MS), ZONE) is not None
    few = days(7, 1, per_hour=4)
    assert sum(few.values()) < KNOWN_LEADS
    assert learn(few, (MONDAY, MONDAY + 7 * DAY_MS), ZONE) is None


def test_a_kind_of_day_never_seen_rings_nothing():
    habit = learn(days(4, 8), (MONDAY, MONDAY + 4 * DAY_MS), ZONE)  # Monday to Thursday
    assert rings_at(habit, leads_of(days(5, 8))) is None  # a Saturday and a Sunday


def test_weekends_and_each_weekday_have_their_own_share():
    counts = days(DAYS, lambda weekday: 2 if weekday == 6 else 8)
    habit = learn(counts, (MONDAY, MONDAY + DAYS * DAY_MS), ZONE)
    saturday, sunday = (habit.came[(day + 1) * 24] - habit.came[day * 24] for day in (5, 6))
    assert saturday > 1.5 * sunday


def test_a_mailing_is_no_habit():
    counts = EIGHT_HOURS | {at(9, 12): 600}
    habit = learn(counts, (MONDAY, MONDAY + DAYS * DAY_MS), ZONE)
    assert judge(habit, leads_of(counts), at(DAYS, 12, 30)).usual < 9


def test_a_campaign_that_stopped_is_learnt_within_twenty_leads():
    slower = sorted((at(DAYS, 9, 40 * n) for n in range(NEWEST)), reverse=True)  # a quarter of what came
    usual = judge(HABIT, leads_of(EIGHT_HOURS)[:1] * NEWEST, at(DAYS, 11)).missing
    assert judge(HABIT, slower, slower[0] + 2 * HOUR_MS).missing < usual


def test_an_outage_is_neither_learnt_from_nor_missed():
    gone = [(at(20, 0), at(22, 0))]
    lost = {hour: n for hour, n in EIGHT_HOURS.items() if not gone[0][0] <= hour < gone[0][1]}
    span = (MONDAY, MONDAY + DAYS * DAY_MS)
    assert learn(lost, span, ZONE, gone).line == pytest.approx(HABIT.line, rel=0.05)
    # The box was off until now: nothing is missing yet.
    newest = leads_of(EIGHT_HOURS)
    off = [(at(DAYS, 8), at(DAYS, 15))]
    assert not judge(HABIT, newest, at(DAYS, 15), off).rings
    assert judge(HABIT, newest, at(DAYS, 15)).rings


@pytest.mark.parametrize(("kind", "a_day", "most"), [("regular", 30, 0.2), ("bursty", 30, 1.0), ("bursty", 100, 1.0)])
def test_made_up_days_ring_as_seldom_as_promised_and_outages_are_heard(kind, a_day, most):
    runs = measured(next(one for one in KINDS if one.name == kind), a_day, 8)
    assert sum(run.false for run in runs) / len(runs) <= most
    delays = sorted(delay for run in runs for delay, _ in run.delays)
    assert len(delays) >= 20
    assert delays[len(delays) // 2] < 24 * HOUR_MS * 30 / a_day
