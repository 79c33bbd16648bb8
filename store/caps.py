"""What counts against the caps (`core.account.caps`), and which caps are reached: a row each, none on a lead.

What is counted holds until the commit where the account is locked (a source's caps), or the totals.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, delete, func, or_, select, text, update

from core.account.caps import (
    PRICE_AT_FIRST,
    PRICES_MS,
    TOTALS,
    Caps,
    Left,
    Room,
    Rung,
    calls_to_near,
    is_capped,
    line_of,
    unpriced,
    used,
)
from core.alarm import NearCap
from core.durations import DAY_MS, HOUR_MS
from core.outcome import NOT_SENT
from core.overall import POLICY
from core.reason import Reason
from store import rows
from store.remembered import Remembered
from store.tables import attempts, reached_caps
from store.upsert import upsert


def whose(scope: str) -> str:
    return "the totals'" if scope == TOTALS else f"the source {scope}'s"


@dataclass(frozen=True)
class Reached:
    """A cap that is reached: of a source, or of the totals (`TOTALS`). `script` is of the call that found no room;
    `until` is when the first calls leave the window, in milliseconds."""

    source: str
    cap: str
    limit: str
    script: str
    since: int
    until: int

    @property
    def whose(self) -> str:
        return whose(self.source)

    @property
    def reason(self) -> Reason:
        """What the leads of this source wait for."""
        at = datetime.fromtimestamp(self.until / 1000, UTC).isoformat(timespec="minutes")
        params = {"whose": self.whose, "cap": self.cap, "limit": self.limit, "at": at, "line": self.line}
        return Reason("cap", params)

    @property
    def line(self) -> str:
        """What to raise, and where it is written."""
        return line_of(self.source, self.cap)


def room(tx: Connection, scope: str, caps: Caps, scripts: Collection[str], now: int) -> Room:
    """What is used of the scope's caps (a source's, or the `TOTALS`), for calls of these scripts."""
    known = rung(tx, scope, now)
    prices = reservations(tx, unpriced(known) | set(scripts), now)
    return Room(caps, used(known, prices), prices)


def used_by_cap(tx: Connection, scope: str, caps: Caps, now: int) -> dict[str, Left]:
    """By the name of each cap of the scope that is on, what is used of it."""
    return {one.cap: one for one in room(tx, scope, caps, [""], now).left("")} if is_capped(caps) else {}


def rung(tx: Connection, source: str, now: int, since: int = 0, until: int | None = None) -> tuple[Rung, ...]:
    """The calls of the last 24 hours that may have rung, of the source or of all (`TOTALS`), of those the ones from
    `since` until before `until`. What lies further ahead than the window is long was dated by a clock that has been
    set back since, and stops nothing."""
    given = {"source": source, "day": max(since, now - DAY_MS + 1), "hour": now - HOUR_MS + 1}
    given |= {"next_day": now + DAY_MS if until is None else until - 1, "next_hour": now + HOUR_MS}
    found = rows.select(tx, _RUNG_IN_HOUSE if source == TOTALS else _RUNG, **given)
    return tuple(
        Rung(script, outcome, money(price), int(hour), int(day)) for script, outcome, price, hour, day in found
    )


def room_comes(tx: Connection, source: str, nth: int, window_ms: int, now: int) -> int:
    """When the nth newest of these calls leaves the window."""
    of_window = attempts.c.started_at.between(now - window_ms + 1, now + window_ms)
    query = select(attempts.c.started_at).where(COUNTS, of_window)
    query = query if source == TOTALS else query.where(attempts.c.source == source)
    found = tx.execute(query.order_by(attempts.c.started_at.desc()).offset(max(0, nth - 1)).limit(1)).scalar()
    return now if found is None else int(found) + window_ms


def oldest_leaves(tx: Connection, source: str, now: int) -> int:
    """When the oldest call of the last 24 hours leaves them."""
    of_day = attempts.c.started_at.between(now - DAY_MS + 1, now + DAY_MS)
    query = select(func.min(attempts.c.started_at)).where(COUNTS, of_day)
    found = tx.execute(query if source == TOTALS else query.where(attempts.c.source == source)).scalar()
    return now if found is None else int(found) + DAY_MS


def reservations(tx: Connection, scripts: Collection[str], now: int) -> dict[str, Decimal]:
    """For each script the dearest price of its accepted calls in 30 days; a plausible one where none is known."""
    return {script: _dearest(tx, script, now - PRICES_MS) or PRICE_AT_FIRST for script in scripts}


def _dearest(tx: Connection, script: str, since: int) -> Decimal | None:
    prices = (money(price) for (price,) in rows.select(tx, _PRICES, script=script, since=since))
    return max((price for price in prices if price is not None), default=None)


def money(price: str | None) -> Decimal | None:
    """A price as it was kept; one that is no amount counts as unknown."""
    try:
        found = None if price is None else Decimal(price)
    except InvalidOperation:
        return None
    return found if found is not None and found.is_finite() and found >= 0 else None


def reached(tx: Connection) -> tuple[Reached, ...]:
    """Every cap that is reached, the totals' first."""
    return tuple(Reached(*row) for row in rows.select(tx, REACHED.query))


def waits_for(known: Iterable[Reached], source: str) -> Reason | None:
    """What a due lead of the source waits for; None: its turn only."""
    return next((one.reason for one in known if one.source in (TOTALS, source)), None)


def say(tx: Connection, found: Reached) -> bool:
    """Write that a cap is reached; False where its source already has a row."""
    row = upsert(tx.dialect.name, reached_caps).values(asdict(found)).on_conflict_do_nothing()
    return tx.execute(row.returning(reached_caps.c.source)).one_or_none() is not None


def change(tx: Connection, seen: Reached, now_so: Reached | None) -> bool:
    """Make the row say that, or remove it; False where it is not as it was seen any more."""
    as_seen = and_(*(reached_caps.c[name] == value for name, value in asdict(seen).items()))
    changed = delete(reached_caps) if now_so is None else update(reached_caps).values(asdict(now_so))
    return tx.execute(changed.where(as_seen)).rowcount == 1


def rooms(
    tx: Connection, capped: Mapping[str, Caps], scripts: Mapping[str, Collection[str]], memory: Remembered, now: int
) -> dict[str, Room]:
    """The room of each scope of `scripts` (and the scripts that ask for it). Scopes that have no cap, or are certainly
    far from it, are left out."""
    found = {}
    for scope, of in scripts.items():
        each = capped[scope]
        if not is_capped(each) or memory.is_far(scope, each):
            continue
        found[scope] = known = room(tx, scope, each, of, now)
        memory.counted(scope, each, min(left.calls for script in of for left in known.left(script)))
    return found


def near(tx: Connection, capped: Mapping[str, Caps], memory: Remembered, now: int) -> tuple[NearCap, ...]:
    """The caps of which 4 of 5 parts are used and room is left. What is certainly far from that is not counted."""
    found = []
    for scope, each in capped.items():
        if not is_capped(each) or memory.is_far(scope, each):
            continue
        known = used_by_cap(tx, scope, each, now).values()
        memory.counted(scope, each, min(calls_to_near(one) for one in known))
        close = (one for one in known if one.calls and not calls_to_near(one))
        found += [
            NearCap(whose(scope), one.cap, f"{one.used:f}", f"{one.limit:f}", line_of(scope, one.cap)) for one in close
        ]
    return tuple(found)


def look_again(tx: Connection, capped: Mapping[str, Caps], unknown: Collection[str], now: int) -> list[Reached]:
    """Make the rows of reached caps say what is so now, but for names whose text is `unknown` here; those that are
    gone: there is room again, or no such source any more. It takes no account's lock: a row is a hint, and each claim
    counts for itself."""
    gone = []
    for row in reached(tx):
        if (row.source or POLICY) in unknown:
            continue
        each = capped.get(row.source)
        still = None if each is None else _again(tx, row, each, now)
        if still != row and change(tx, row, still) and still is None:
            gone.append(row)
    return gone


def _again(tx: Connection, row: Reached, caps: Caps, now: int) -> Reached | None:
    """A reached cap's row as it should be under these caps; None: there is room again."""
    found = room(tx, row.source, caps, [row.script], now).full(row.script) if is_capped(caps) else None
    return None if found is None else _reached(tx, row.source, found, row.script, now, row.since)


def write_reached(tx: Connection, full: Mapping[str, tuple[Left, str]], now: int) -> list[Reached]:
    """Write which caps have let a call (of the script beside them) through no more; those that are news."""
    found = [_reached(tx, scope, cap, script, now, now) for scope, (cap, script) in sorted(full.items())]
    return [one for one in found if say(tx, one)]


def _reached(tx: Connection, scope: str, found: Left, script: str, now: int, since: int) -> Reached:
    if found.cap == "spend_per_day":
        until = oldest_leaves(tx, scope, now)
    else:
        window = HOUR_MS if found.cap == "calls_per_hour" else DAY_MS
        until = room_comes(tx, scope, int(found.limit), window, now)
    return Reached(scope, found.cap, f"{found.limit:f}", script, since, until)


# The statements of the hot path are built once: building one costs more than running it.
COUNTS = or_(attempts.c.outcome.is_(None), attempts.c.outcome != NOT_SENT)
_RUNG_IN_HOUSE: Any = (
    select(
        attempts.c.script,
        attempts.c.outcome,
        attempts.c.price,
        func.sum(case((attempts.c.started_at.between(bindparam("hour"), bindparam("next_hour")), 1), else_=0)).label(
            "last_hour"
        ),
        func.count().label("last_day"),
    )
    .where(COUNTS, attempts.c.started_at.between(bindparam("day"), bindparam("next_day")))
    .group_by(attempts.c.script, attempts.c.outcome, attempts.c.price)
)
_RUNG = _RUNG_IN_HOUSE.where(attempts.c.source == bindparam("source"))
REACHED = rows.Ask(select(*(reached_caps.c[field.name] for field in fields(Reached))).order_by(reached_caps.c.source))
# From one price of the script to the next by the index `attempts_by_price`, however many calls had each.
_PRICES = text(
    """
    WITH RECURSIVE prices (price) AS (
        SELECT min(price) FROM attempts WHERE script = :script AND price IS NOT NULL
        UNION ALL
        SELECT (SELECT min(a.price) FROM attempts a WHERE a.script = :script AND a.price > prices.price)
        FROM prices WHERE prices.price IS NOT NULL
    )
    SELECT price FROM prices WHERE price IS NOT NULL AND :since < (
        SELECT max(a.started_at) FROM attempts a WHERE a.script = :script AND a.price = prices.price
    )
    """
)
