"""Hours that are over, counted from the calls that began in them: what the first page reads money and speed from.

As in `store.hourly` a row is only what calls and leads say now, and nothing on the walk of a lead writes it."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select

from core.account.caps import TOTALS, Rung, used
from core.durations import DAY_MS, HOUR_MS
from store import caps, rows
from store.overview import Waits, waits
from store.tables import attempts, hourly_calls
from store.upsert import upsert

Kind = tuple[str, str | None, str | None]  # script, outcome (None: open), price


@dataclass(frozen=True)
class Calls:
    """What began in an hour: how many calls of each kind may have rung, and how long leads had waited for their first
    one (`store.overview.waits`)."""

    rung: Mapping[Kind, int] = field(default_factory=dict)
    waits: Waits = field(default_factory=Waits)

    def spent(self, prices: Mapping[str, Decimal]) -> Decimal:
        """What they count together; `prices` has the reservation for a call of a script."""
        return used((rung_of(kind, n) for kind, n in self.rung.items()), prices).spent


def counted(tx: Connection, first: int, end: int) -> dict[int, Calls]:
    """Start of an hour -> its calls, of those that began from `first` until before `end`."""
    rung: dict[int, dict[Kind, int]] = defaultdict(dict)
    began = attempts.c.started_at >= first, attempts.c.started_at < end
    kind = (attempts.c.script, attempts.c.outcome, attempts.c.price)
    query = select(_HOUR, *kind, func.count()).where(caps.COUNTS, *began).group_by(_HOUR, *kind)
    for hour, script, outcome, price, n in tx.execute(query):
        rung[hour][script, outcome, price] = n
    waited = waits(tx, first, end, whole=True)
    return {hour: Calls(rung[hour], waited[hour]) for hour in {*rung, *waited}}


def kept(tx: Connection, first: int, end: int) -> dict[int, Calls]:
    """The rows of these hours."""
    return {hour: _read(calls, waited) for hour, calls, waited in rows.select(tx, _KEPT, first=first, end=end)}


_KEPT = select(hourly_calls.c.hour, hourly_calls.c.calls, hourly_calls.c.waits).where(
    hourly_calls.c.hour >= bindparam("first"), hourly_calls.c.hour < bindparam("end")
)


def keep(tx: Connection, now: Mapping[int, Calls], before: Mapping[int, Calls]) -> None:
    """Make the rows say what is so now, where `before` said otherwise. Two who do it at once do no harm."""
    changed = [{"hour": hour, **_written(one)} for hour, one in sorted(now.items()) if before.get(hour) != one]
    if changed:
        row: Any = upsert(tx.dialect.name, hourly_calls)
        figures = {name: row.excluded[name] for name in ("calls", "waits")}
        tx.execute(row.on_conflict_do_update(index_elements=["hour"], set_=figures), changed)
    tx.execute(delete(hourly_calls).where(hourly_calls.c.hour.in_(before.keys() - now.keys())))


def _written(one: Calls) -> dict[str, str]:
    calls = sorted(([*kind, n] for kind, n in one.rung.items()), key=str)
    return {"calls": json.dumps(calls, ensure_ascii=False), "waits": json.dumps(sorted(one.waits.items()))}


def _read(calls: str, waited: str) -> Calls:
    rung = {(script, outcome, price): n for script, outcome, price, n in json.loads(calls)}
    return Calls(rung, Waits(dict(json.loads(waited))))


def rung_of(kind: Kind, n: int) -> Rung:
    """So many calls of a kind, of the day and not of the last hour."""
    script, outcome, price = kind
    return Rung(script, outcome, caps.money(price), 0, n)


def forget_old(tx: Connection, before: int) -> None:
    tx.execute(delete(hourly_calls).where(hourly_calls.c.hour < before))


def rung(tx: Connection, known: Mapping[int, Calls], live: int, now: int) -> tuple[Rung, ...]:
    """As `store.caps.rung` says it of all sources: of whole hours before `live` by what is `known` of them, the last
    hour and the hour in which the day began by the calls themselves."""
    day, last_hour = now - DAY_MS + 1, now - HOUR_MS
    begins, ends = day - day % HOUR_MS + HOUR_MS, min(live, last_hour - last_hour % HOUR_MS)
    if ends <= begins:
        return caps.rung(tx, TOTALS, now)
    whole = (one.rung.items() for hour, one in known.items() if begins <= hour < ends)
    counted_then = tuple(rung_of(kind, n) for each in whole for kind, n in each)
    return (*caps.rung(tx, TOTALS, now, until=begins), *counted_then, *caps.rung(tx, TOTALS, now, since=ends))


_HOUR = (attempts.c.started_at - attempts.c.started_at % HOUR_MS).label("hour")
