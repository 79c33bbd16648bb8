"""A time as people type it, on the readers' clock: days, spans, nights with an hour too many or too few."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from cli.moments import read

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 30, 0, 30, tzinfo=MOSCOW)  # still the 29th in UTC


def at(text, zone=MOSCOW, now=NOW, **more):
    asked = read(text)
    assert asked is not None, text
    return datetime.fromtimestamp(asked.at(int(now.timestamp() * 1000), zone, **more) / 1000, zone)


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("today", "2026-11-30T00:00:00"),
        ("Yesterday", "2026-11-29T00:00:00"),
        ("вчера", "2026-11-29T00:00:00"),
        ("СЕГОДНЯ", "2026-11-30T00:00:00"),
        ("yesterday 18:00", "2026-11-29T18:00:00"),
        ("7d", "2026-11-23T00:30:00"),
        ("7д", "2026-11-23T00:30:00"),
        ("24h", "2026-11-29T00:30:00"),
        ("90 мин", "2026-11-29T23:00:00"),
        ("2w", "2026-11-16T00:30:00"),
        ("29.11.2026", "2026-11-29T00:00:00"),
        ("9.1.26", "2026-01-09T00:00:00"),
        ("29.11", "2026-11-29T00:00:00"),
        ("31.12", "2025-12-31T00:00:00"),
        ("29.02", "2024-02-29T00:00:00"),
        ("2026-11-29", "2026-11-29T00:00:00"),
        ("2026-11-29 14:30", "2026-11-29T14:30:00"),
        ("2026-11-29T14:30:05", "2026-11-29T14:30:05"),
        ("29.11.2026 9:05", "2026-11-29T09:05:00"),
        ("29.11.2026, 14:30", "2026-11-29T14:30:00"),
        ("09:15", "2026-11-30T09:15:00"),
        ("2026-11-29T12:00Z", "2026-11-29T15:00:00"),
        ("2026-11-29 12:00+05:00", "2026-11-29T10:00:00"),
        ("  today  ", "2026-11-30T00:00:00"),
    ],
)
def test_it_means_the_readers_own_day_and_clock(typed, means):
    assert at(typed).replace(tzinfo=None).isoformat() == means


@pytest.mark.parametrize(
    "typed",
    (
        "банан||31.02.2026|29.13|2026-02-30|7y|7|25:00|12:60|-7d|7d 7d|29/11/2026|today today|2026-11-29 банан|tomorrow"
        f"|0000-01-01|٢٩.١١.٢٠٢٦|2026-11-29T12:00+99:00|{'1' * 400}"
    ).split("|"),
)
def test_what_is_no_time_is_none(typed):
    assert read(typed) is None


def test_the_hour_that_a_night_has_twice_means_the_first_one_or_the_second_as_the_end():
    night = "2026-10-25 02:30"
    assert at(night, BERLIN).utcoffset().total_seconds() == 7200
    assert at(night, BERLIN, late=True).utcoffset().total_seconds() == 3600
    assert at("2026-10-25", BERLIN, late=True).isoformat() == "2026-10-25T00:00:00+02:00"


def test_the_hour_that_a_night_leaves_out_is_what_the_clock_shows_instead():
    for late in (False, True):
        assert at("2026-03-29 02:30", BERLIN, late=late).isoformat() == "2026-03-29T03:30:00+02:00"


def test_yesterday_is_a_day_of_the_calendar_also_when_it_had_25_hours():
    now = datetime(2026, 10, 26, 8, 0, tzinfo=BERLIN)
    assert at("yesterday", BERLIN, now).isoformat() == "2026-10-25T00:00:00+02:00"
    assert at("24h", BERLIN, now).isoformat() == "2026-10-25T08:00:00+01:00"
