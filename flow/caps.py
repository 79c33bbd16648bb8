"""Room under the caps of sources, and under the totals: what a claim reads of it, and what it writes.

A source's claims stand under its account's lock, the totals' under a lock of their own, so what is counted
there holds until the commit. What is reached stands in one row a source: its leads wait, none is written.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.account import caps
from core.account.caps import TOTALS, Caps, Room
from core.alarm import NearCap
from flow.gateway import Gateway
from store import caps as counts
from store.caps import Reached
from store.engine import Tx

LOOK_AGAIN_MS = 1_000


@dataclass(frozen=True)
class Fullness:
    """The sources without room, `TOTALS` when nobody has any; and the rows that say otherwise now, each with
    what it has to become (None: it goes)."""

    full: frozenset[str]
    news: tuple[tuple[Reached, Reached | None], ...] = ()


def read_full(gateway: Gateway, tx: Tx, account: str, now: int) -> Fullness:
    """What is reached. Once a second the rows of this account's sources, and the totals', are looked at again."""
    rows = counts.reached(tx)
    memory = gateway.remembered
    if not rows or memory.looked_at <= now < memory.looked_at + LOOK_AGAIN_MS:
        return Fullness(frozenset(row.source for row in rows))
    memory.looked_at = now
    ours = [row for row in rows if row.source == TOTALS or _account_of(gateway, row.source) in (None, account)]
    again = {row.source: _again(gateway, tx, row, now) for row in ours}
    still = (row.source for row in rows if row.source not in again or again[row.source] is not None)
    return Fullness(frozenset(still), tuple((row, again[row.source]) for row in ours if again[row.source] != row))


def _again(gateway: Gateway, tx: Tx, row: Reached, now: int) -> Reached | None:
    """The row as it should be; None: there is room again, or no such source any more."""
    each = _caps_of(gateway, row.source)
    return None if each is None else counts.again(tx, row, each, now)


def read_rooms(gateway: Gateway, tx: Tx, scripts: Mapping[str, Collection[str]], now: int) -> dict[str, Room]:
    """The room of each source of `scripts` (and the scripts that ask for it), and of the totals. Scopes that
    have no cap, or are certainly far from it, are left out."""
    wanted = {**scripts, TOTALS: {script for each in scripts.values() for script in each}} if scripts else {}
    rooms = {}
    for scope, of in wanted.items():
        each = _caps_of(gateway, scope)
        if each is None or not caps.is_capped(each) or gateway.remembered.is_far(scope, each):
            continue
        rooms[scope] = room = counts.room(tx, scope, each, of, now)
        gateway.remembered.counted(scope, each, min(left.calls for script in of for left in room.left(script)))
    return rooms


def read_near(gateway: Gateway, tx: Tx, now: int) -> tuple[NearCap, ...]:
    """The caps of which 4 of 5 parts are used and room is left. What is certainly far from that is not counted."""
    found = []
    for scope in (TOTALS, *gateway.sources.names()):
        each = _caps_of(gateway, scope)
        if each is None or not caps.is_capped(each) or gateway.remembered_near.is_far(scope, each):
            continue
        known = counts.used_by_cap(tx, scope, each, now).values()
        gateway.remembered_near.counted(scope, each, min(caps.calls_to_near(one) for one in known))
        near = (one for one in known if one.calls and not caps.calls_to_near(one))
        found += [
            NearCap(counts.whose(scope), one.cap, f"{one.used:f}", f"{one.limit:f}", caps.line_of(scope, one.cap))
            for one in near
        ]
    return tuple(found)


def has_totals(gateway: Gateway) -> bool:
    """Whether a sum over all sources and accounts is set, so that their claims have to come one after another."""
    return caps.is_capped(gateway.totals)


def tell(gateway: Gateway, reached: Iterable[Reached], gone: Iterable[Reached]) -> None:
    """A log line for each."""
    for one in reached:
        gateway.log.warning("cap_reached", source=one.source or "(all sources)", cap=one.cap, limit=one.limit)
    for one in gone:
        gateway.log.info("cap_has_room", source=one.source or "(all sources)", cap=one.cap)


def _account_of(gateway: Gateway, source: str) -> str | None:
    current = gateway.sources.get(source)
    return None if current is None or current.removed else current.source.account


def _caps_of(gateway: Gateway, scope: str) -> Caps | None:
    if scope == TOTALS:
        return gateway.totals
    current = gateway.sources.get(scope)
    return None if current is None or current.removed else current.source.policy
