"""The window of the day, by the clock on the wall, in nights in which the clocks change too."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core import hours
from core.source import Hours

DAYTIME = Hours(9 * 60, 20 * 60)
ALWAYS = Hours(0, 1440)
MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def at(text, zone=MOSCOW, fold=0):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp() * 1000)


def clock(at_ms, zone=MOSCOW):
    return hours.local(zone, at_ms).strftime("%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("time", "is_open"),
    [("08:59:59", False), ("09:00:00", True), ("19:59:59", True), ("20:00:00", False), ("00:00:00", False)],
)
def test_the_window_begins_with_its_first_second_and_ends_before_its_last(time, is_open):
    assert hours.is_open(DAYTIME, MOSCOW, at(f"2026-08-03 {time}")) is is_open


@pytest.mark.parametrize(("time", "is_open"), [("23:00", True), ("03:00", True), ("06:00", False), ("21:59", False)])
def test_a_window_may_run_over_midnight(time, is_open):
    assert hours.is_open(Hours(22 * 60, 6 * 60), MOSCOW, at(f"2026-08-03 {time}")) is is_open


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-08-03 05:00:00", "2026-08-03 09:00:00"),
        ("2026-08-03 08:59:59.5", "2026-08-03 09:00:00"),
        ("2026-08-03 12:34:56", "2026-08-03 12:34:56"),
        ("2026-08-03 20:00:00", "2026-08-04 09:00:00"),
        ("2026-12-31 23:59:30", "2027-01-01 09:00:00"),
    ],
)
def test_the_next_opening_is_the_first_moment_that_is_open(now, opens):
    assert clock(hours.next_opening(DAYTIME, MOSCOW, at(now))) == opens


@pytest.mark.parametrize(
    ("window", "now", "opens", "waits_h"),
    [
        (DAYTIME, "2026-03-28 20:00", "2026-03-29 09:00:00", 12),  # the night is an hour shorter
        (DAYTIME, "2026-10-24 20:00", "2026-10-25 09:00:00", 14),  # and an hour longer
        (
            Hours(150, 300),
            "2026-03-29 01:00",
            "2026-03-29 03:00:00",
            1,
        ),  # begins in the hour left out: opens at the jump
        (Hours(150, 170), "2026-03-29 01:00", "2026-03-30 02:30:00", 24.5),  # all of it left out: the next day
    ],
)
def test_clocks_that_change_move_the_opening(window, now, opens, waits_h):
    found = hours.next_opening(window, BERLIN, at(now, BERLIN))
    assert clock(found, BERLIN) == opens
    assert found - at(now, BERLIN) == waits_h * HOUR


def test_an_hour_shown_twice_is_open_twice():
    window = Hours(120, 150)
    first, second = at("2026-10-25 02:00", BERLIN), at("2026-10-25 02:00", BERLIN, fold=1)
    assert second - first == HOUR
    assert hours.next_opening(window, BERLIN, first + HOUR // 2) == second
    assert hours.open_ms(window, BERLIN, first - HOUR, second + HOUR) == HOUR


def test_waiting_counts_only_while_it_is_open():
    friday_evening, saturday = at("2026-08-07 19:00"), at("2026-08-08 10:30")
    assert hours.open_ms(DAYTIME, MOSCOW, friday_evening, saturday) == 2.5 * HOUR
    assert hours.open_ms(DAYTIME, MOSCOW, at("2026-08-07 21:00"), at("2026-08-08 08:00")) == 0
    assert hours.open_ms(ALWAYS, MOSCOW, friday_evening, saturday) == saturday - friday_evening
    assert hours.open_ms(DAYTIME, MOSCOW, saturday, friday_evening) == 0


def test_counting_ends_when_it_is_enough():
    counted = hours.open_ms(DAYTIME, MOSCOW, 0, at("2026-08-08 10:30"), enough_ms=HOUR)
    assert HOUR < counted <= 12 * HOUR


def test_always_never_closes():
    assert hours.next_closing(ALWAYS, MOSCOW, 0) == hours.NEVER_MS
    assert hours.longest_closed(ALWAYS, MOSCOW) == 0


def test_the_longest_night_is_the_one_in_which_the_clocks_are_set_back():
    assert hours.longest_closed(DAYTIME, MOSCOW) == 13 * HOUR
    assert hours.longest_closed(DAYTIME, BERLIN) == 14 * HOUR


ZONES = st.sampled_from(
    [
        "Europe/Moscow",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "Pacific/Apia",
        "America/St_Johns",
        "Europe/Kaliningrad",
        "Asia/Kamchatka",
        "Pacific/Chatham",
        "America/Havana",
    ]
).map(ZoneInfo)
WINDOWS = st.builds(Hours, st.integers(0, 1439), st.integers(0, 1440))
MOMENTS = st.integers(at("2024-01-01 00:00"), at("2030-01-01 00:00"))
# Where the clocks of most of these zones change.
CHANGES = st.sampled_from(["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"])
NEAR_CHANGES = st.builds(lambda day, ms: at(f"{day} 00:00") + ms, CHANGES, st.integers(-DAY, DAY))


def shown(window, zone, at_ms):
    """What the window says of the wall clock, written down once more and as plainly as can be."""
    wall = hours.local(zone, at_ms)
    return (wall.hour * 60 + wall.minute - window.start) % 1440 < ((window.end - window.start) % 1440 or 1440)


@given(WINDOWS, ZONES, MOMENTS | NEAR_CHANGES)
def test_open_is_what_the_clock_on_the_wall_says(window, zone, now):
    assert hours.is_open(window, zone, now) == shown(window, zone, now)


@given(WINDOWS, ZONES, MOMENTS | NEAR_CHANGES)
def test_the_next_opening_is_open_and_no_minute_before_it_is(window, zone, now):
    opens = hours.next_opening(window, zone, now)
    assert shown(window, zone, opens)
    if opens == now:
        return
    assert opens % MINUTE == 0
    assert not shown(window, zone, now)
    minute = -(-now // MINUTE) * MINUTE
    while minute < opens:
        assert not shown(window, zone, minute)
        minute += MINUTE


@given(WINDOWS, ZONES, NEAR_CHANGES, st.integers(0, 2 * 1440))
def test_open_time_is_the_open_minutes_counted_one_by_one(window, zone, now, minutes):
    since = now // MINUTE * MINUTE
    counted = sum(MINUTE for n in range(minutes) if shown(window, zone, since + MINUTE * n))
    assert hours.open_ms(window, zone, since, since + MINUTE * minutes) == counted


@given(WINDOWS, ZONES, MOMENTS | NEAR_CHANGES)
def test_no_wait_is_longer_than_the_longest(window, zone, now):
    assume(zone.key not in ("Africa/Casablanca", "Pacific/Apia"))  # their rules are not the same every year
    assert hours.next_opening(window, zone, now) - now <= hours.longest_closed(window, zone)
