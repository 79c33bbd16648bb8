"""How many leads usually come at this hour: a workday is a workday, a weekend a weekend, and little says nothing."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from core.account.caps import DAY_MS, HOUR_MS
from core.usual import HOURS_OF_WEEK, learnt

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = int(datetime(2026, 11, 25, 9, tzinfo=UTC).timestamp() * 1000)  # 12:00 in Moscow, a Wednesday
SATURDAY_NOON = NOON + 3 * DAY_MS
MONTH = 28 * DAY_MS


def slots(leads_at, first, end):
    """Hour of the week -> leads, of a source that brings `leads_at(moment on Moscow's clock)` each hour."""
    found = dict.fromkeys(range(HOURS_OF_WEEK), 0)
    for at in range(first, end, HOUR_MS):
        found[at // HOUR_MS % HOURS_OF_WEEK] += leads_at(datetime.fromtimestamp(at / 1000, MOSCOW))
    return found


def by_day(at):
    """Six an hour from 9 to 20 on workdays, one on weekends."""
    return (6 if at.weekday() < 5 else 1) if 9 <= at.hour < 20 else 0


def test_an_hour_is_compared_with_its_own_kind_of_day():
    usual = learnt(slots(by_day, NOON - MONTH, NOON), NOON - MONTH, NOON, MOSCOW)
    assert usual.at(NOON) == 6
    assert usual.at(SATURDAY_NOON) == 1
    assert usual.at(NOON + 12 * HOUR_MS) == 0
    assert usual.at(NOON - 3 * HOUR_MS) == 4.5  # nine o'clock: half of its neighbours, one of which is empty


def test_what_should_have_come_is_counted_over_the_silence():
    usual = learnt(slots(by_day, NOON - MONTH, NOON), NOON - MONTH, NOON, MOSCOW)
    assert usual.between(NOON, NOON + 2 * HOUR_MS) == 12
    assert usual.between(NOON, NOON + HOUR_MS // 2) == 3
    assert usual.between(NOON, NOON) == 0
    assert usual.between(NOON - 400 * DAY_MS, NOON) == usual.between(NOON - 14 * DAY_MS, NOON)


def test_days_that_are_not_there_yet_are_not_counted_as_empty():
    first = NOON - 4 * DAY_MS
    usual = learnt(slots(by_day, first, NOON), first, NOON, MOSCOW)
    assert usual.at(NOON) == 6
    assert usual.at(SATURDAY_NOON) == 1


def test_too_little_says_nothing():
    first = NOON - 2 * DAY_MS
    assert learnt(slots(by_day, first, NOON), first, NOON, MOSCOW) is None
    assert learnt({5: 29}, NOON - MONTH, NOON, MOSCOW) is None
    assert learnt({5: 30}, NOON - MONTH, NOON, MOSCOW) is not None
    assert learnt({}, NOON, NOON, MOSCOW) is None


def test_a_zone_of_a_half_hour_has_its_own_clock():
    first, zone = NOON - MONTH, ZoneInfo("Asia/Kolkata")
    usual = learnt(slots(by_day, first, NOON), first, NOON, zone)
    assert usual.at(NOON) == 6
