"""How much may still be rung: the caps of a source and of the totals, and what counts against them.

A call counts while it may have rung: accepted, refused, unknown or still open; one that provably was not
sent does not. Windows roll: the last hour and the last 24 hours. Money is the provider's own (maximum)
price of what it accepted; what is open or of unknown fate is reckoned with the dearest price that the
provider asked for its script in 30 days. Pure. Times are milliseconds since 1970.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from core.account.pace import MOST_AT_ONCE
from core.durations import DAY_MS
from core.outcome import ACCEPTED, REFUSED

PRICES_MS = 30 * DAY_MS  # how long a price is remembered
PRICE_AT_FIRST = Decimal(10)  # of a script whose price nobody has named yet: twice a plausible one
TOTALS = ""  # the scope of the totals over all sources, beside the names of sources
MOST_CLAIMS_A_SECOND = 5_000  # of all workers together; no database here came to more


class Caps(Protocol):
    """A source's policy, or the totals; 0 is off."""

    @property
    def calls_per_hour(self) -> int: ...
    @property
    def calls_per_day(self) -> int: ...
    @property
    def spend_per_day(self) -> Decimal: ...


@dataclass(frozen=True)
class Rung:
    """Calls that count, of one script, outcome (None: open) and price: how many in the last hour and day."""

    script: str
    outcome: str | None
    price: Decimal | None
    last_hour: int
    last_day: int


@dataclass(frozen=True)
class Used:
    """What counts at this moment. `spent` holds the reservations too."""

    last_hour: int
    last_day: int
    spent: Decimal


@dataclass(frozen=True)
class Left:
    """One cap and how much of it is used; `calls` more fit under it now."""

    cap: str
    limit: Decimal
    used: Decimal
    calls: int


def line_of(scope: str, cap: str) -> str:
    """Where a cap is written: the line to raise."""
    return f"`{cap}` under `house` of the policy file" if scope == TOTALS else f"`{cap}` under `policy` of {scope}"


def is_capped(caps: Caps) -> bool:
    return bool(caps.calls_per_hour or caps.calls_per_day or caps.spend_per_day)


def unpriced(rung: Iterable[Rung]) -> set[str]:
    """The scripts of which a call is reckoned with a reservation."""
    return {one.script for one in rung if one.price is None and one.outcome != REFUSED}


def used(rung: Iterable[Rung], prices: Mapping[str, Decimal]) -> Used:
    """The sum of it; `prices` has the reservation for a call of each script of `unpriced`."""
    known = tuple(rung)
    spent = sum((price_of(one, prices) * one.last_day for one in known), Decimal(0))
    return Used(sum(one.last_hour for one in known), sum(one.last_day for one in known), spent)


def price_of(one: Rung, prices: Mapping[str, Decimal]) -> Decimal:
    """What one of these calls counts."""
    if one.outcome == REFUSED:
        return Decimal(0)
    if one.outcome == ACCEPTED and one.price is not None:
        return one.price
    return prices[one.script]


def left(caps: Caps, used: Used, price: Decimal) -> tuple[Left, ...]:
    """Every cap that is on; `price` is the reservation for the next call."""
    found = []
    if caps.calls_per_hour:
        found.append(_calls("calls_per_hour", caps.calls_per_hour, used.last_hour))
    if caps.calls_per_day:
        found.append(_calls("calls_per_day", caps.calls_per_day, used.last_day))
    if caps.spend_per_day:
        room = max(Decimal(0), caps.spend_per_day - used.spent)
        found.append(Left("spend_per_day", caps.spend_per_day, used.spent, int(room / max(price, Decimal("0.01")))))
    return tuple(found)


def _calls(cap: str, limit: int, rung: int) -> Left:
    return Left(cap, Decimal(limit), Decimal(rung), max(0, limit - rung))


def calls_to_near(one: Left) -> int:
    """How many calls at least until 4 of 5 parts of the cap are used."""
    before = one.limit * 4 / 5 - one.used
    return max(0, math.ceil(before * one.calls / (one.limit - one.used))) if one.calls and before > 0 else 0


def sure_ms(calls: int) -> int:
    """For how long it is certain that so much room is not used up: until then nobody has to count again."""
    return min(60_000, max(0, calls - MOST_AT_ONCE) * 1000 // MOST_CLAIMS_A_SECOND)


@dataclass(frozen=True)
class Room:
    """What is used of one scope's caps, as counted under its lock; `prices` has the reservation for a call of
    each script that may be asked for."""

    caps: Caps
    used: Used
    prices: Mapping[str, Decimal]

    def left(self, script: str) -> tuple[Left, ...]:
        """Every cap that is on, before one more call of this script."""
        return left(self.caps, self.used, self.prices[script])

    def full(self, script: str) -> Left | None:
        """The cap that lets no more call of this script through."""
        return next((one for one in self.left(script) if not one.calls), None)

    def taken(self, script: str) -> "Room":
        """The room after one more call of this script."""
        used = self.used
        more = Used(used.last_hour + 1, used.last_day + 1, used.spent + self.prices[script])
        return replace(self, used=more)
