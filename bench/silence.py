"""How often `core.silence` rings for nothing, and how long a real outage goes unheard: made-up days, the rule itself.

28 days are learnt from, 30 more are watched as `flask watch` does it: the habit learnt anew each midnight, an alarm
where the line is crossed, its silence left out of what is learnt later. No database, no clock."""

import argparse
import math
import random
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core.durations import DAY_MS, HOUR_MS
from core.silence import DAYS, NEWEST, Habit, Span, learn, rings_at

ZONE = ZoneInfo("UTC")
MONDAY = 1_767_571_200_000  # 2026-01-05
WATCHED = 30  # days
VOLUMES = (3, 10, 30, 100, 1000)  # leads on an average day
NIGHT = 0.04  # of the busiest hour
BY_HOUR = [NIGHT] * 7 + [0.15, 0.4, 0.7, 0.95, 1, 1, 0.95, 0.95, 1, 0.95, 0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1]
OUTAGES = 3  # a run: each at some moment of the days watched


@dataclass(frozen=True)
class Kind:
    """How unsteady the days are: sigmas of a day's and an hour's factor, leads that have a twin minutes later; `worst`:
    two holidays at 12 %, half the traffic from the twelfth day on, and a mailing that brings six times as many."""

    name: str
    day: float = 0.0
    hour: float = 0.0
    twins: float = 0.0
    worst: bool = False


KINDS = (Kind("regular"), Kind("bursty", 0.35, 0.3, 0.3), Kind("worst", 0.35, 0.3, 0.3, worst=True))


@dataclass
class Run:
    """False alarms in the days watched, and of each outage: milliseconds until the alarm, leads missed until then."""

    false: int
    delays: list[tuple[int, int]]


def leads(kind: Kind, a_day: float, dice: random.Random) -> list[int]:
    """When leads come, in 58 days."""
    share = sum(BY_HOUR) * (5 + 2 * 0.5) / 7
    holidays = dice.sample(range(DAYS, DAYS + WATCHED), 2) if kind.worst else []
    mailing = dice.randrange(DAYS, DAYS + WATCHED) * 24 + dice.randrange(9, 18) if kind.worst else -1
    found = []
    for day in range(DAYS + WATCHED):
        today = _factor(kind.day, dice) * (0.5 if day % 7 >= 5 else 1)
        today *= 0.12 if day in holidays else 1
        today *= 0.5 if kind.worst and day >= DAYS + 12 else 1
        for hour in range(24):
            rate = a_day / share * BY_HOUR[hour] * today * _factor(kind.hour, dice)
            rate *= 6 if day * 24 + hour == mailing else 1
            begins = MONDAY + day * DAY_MS + hour * HOUR_MS
            at = dice.expovariate(rate / (1 + kind.twins)) if rate else 2.0
            while at < 1:
                found.append(begins + int(at * HOUR_MS))
                if dice.random() < kind.twins:
                    found.append(found[-1] + dice.randrange(10_000, 300_000))
                at += dice.expovariate(rate / (1 + kind.twins))
    return sorted(found)


def _factor(sigma: float, dice: random.Random) -> float:
    return math.exp(dice.gauss(-sigma * sigma / 2, sigma)) if sigma else 1.0


def watch(came: list[int], dice: random.Random) -> Run:
    """One life of a source under the rule."""
    gone: list[Span] = []
    false = 0
    delays = []
    outages = sorted(
        dice.randrange(MONDAY + DAYS * DAY_MS, MONDAY + (DAYS + WATCHED - 3) * DAY_MS) for _ in range(OUTAGES)
    )
    counts = Counter(at - at % HOUR_MS for at in came)
    for day in range(DAYS, DAYS + WATCHED):
        begins = MONDAY + day * DAY_MS
        habit = learn(counts, (begins - DAYS * DAY_MS, begins), ZONE, gone)
        if habit is None:
            continue
        false += _rung(came, habit, begins, gone)
        for at in outages:
            if begins <= at < begins + DAY_MS and (newest := _newest(came, at)):
                rang = rings_at(habit, newest, gone)
                if rang is not None:  # else it rings after three days, which the table's row of few leads tells
                    delays.append((rang - at, sum(at <= one < rang for one in came)))
    return Run(false, delays)


def _rung(came: list[int], habit: Habit, begins: int, gone: list[Span]) -> int:
    """How often the day rang although leads came again; what rang is added to `gone`."""
    rung = 0
    for n in range(bisect_right(came, begins), min(bisect_right(came, begins + DAY_MS), len(came) - 1)):
        newest = came[n : max(0, n - NEWEST) : -1]
        rang = rings_at(habit, newest, gone) if came[n + 1] - came[n] >= 15 * 60_000 else None
        if rang is not None and rang < came[n + 1]:
            rung += 1
            gone.append((came[n], came[n + 1]))
    return rung


def _newest(came: list[int], at: int) -> list[int]:
    n = bisect_right(came, at)
    return came[max(0, n - NEWEST) : n][::-1]


def measured(kind: Kind, a_day: float, runs: int) -> list[Run]:
    """So many lives; the same dice each time."""
    return [
        watch(leads(kind, a_day, dice), dice)
        for dice in (random.Random(f"{kind.name} {a_day} {n}") for n in range(runs))
    ]


def row(a_day: float, runs: int) -> str:
    """A line of the table: false alarms in 30 days of each kind, and of the regular one how late it rings."""
    by_kind = {kind.name: measured(kind, a_day, runs) for kind in KINDS}
    false = [f"{sum(run.false for run in found) / len(found):.2f}" for found in by_kind.values()]
    delays = sorted(delay / HOUR_MS for run in by_kind["regular"] for delay, _ in run.delays)
    missed = sorted(missed for run in by_kind["regular"] for _, missed in run.delays)
    late = f"{_part(delays, 0.5):.1f} / {_part(delays, 0.9):.1f}" if delays else "-"
    return f"| {a_day:,} | {' | '.join(false)} | {late} | {_part(missed, 0.5) if missed else '-'} |"


def _part(values: list[float] | list[int], part: float) -> float:
    return values[min(len(values) - 1, int(len(values) * part))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make silence")
    parser.add_argument("--runs", type=int, default=40, help="lives of each kind and volume")
    runs = parser.parse_args().runs
    print(
        "| leads a day | false alarms in 30 days: regular | bursty | worst | heard after h, p50 / p90 | leads missed |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for a_day in VOLUMES:
        print(row(a_day, runs), flush=True)


if __name__ == "__main__":
    main()
