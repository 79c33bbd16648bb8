"""What will be spent when the calling hours end, at the pace of the last hour, and when the cap is reached. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.account.caps import Rung, price_of
from core.durations import DAY_MS, HOUR_MS

STEP_MS = 300_000


@dataclass(frozen=True)
class Forecast:
    """`spent` counts at the moment `at`; `full_at`: when the cap is reached before that, None where it is not."""

    at: int
    spent: Decimal
    full_at: int | None


def pace(rung: Iterable[Rung], prices: Mapping[str, Decimal]) -> Decimal:
    """What the calls of the last hour count."""
    return sum((price_of(one, prices) * one.last_hour for one in rung), Decimal(0))


def foresee(
    spent: Decimal, an_hour: Decimal, by_hour: Mapping[int, Decimal], cap: Decimal, now: int, until: int
) -> Forecast:
    """`spent` counts now; each hour adds `an_hour`, and what was spent in an hour (`by_hour`, by its start) leaves the
    window while that hour comes round again. A `cap` of 0 is none."""
    full_at, counts = None, spent
    for at in (*range(now + STEP_MS, until, STEP_MS), until):
        gone = sum((sum_ * _gone(hour, now, at) / HOUR_MS for hour, sum_ in by_hour.items()), Decimal(0))
        counts = max(Decimal(0), spent + an_hour * (at - now) / HOUR_MS - gone)
        if cap and counts >= cap and full_at is None:
            full_at = at
    return Forecast(until, min(counts, cap) if cap and full_at else counts, full_at)


def _gone(hour: int, now: int, at: int) -> int:
    """Milliseconds of that hour that leave the window between the two moments."""
    begins, ends = max(hour, now - DAY_MS), min(hour + HOUR_MS, at - DAY_MS)
    return max(0, ends - begins)
