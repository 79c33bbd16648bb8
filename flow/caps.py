"""Room under the caps of a source and of the totals, taken in the claim's own transaction.

Far from every cap, claims run side by side and count now and then; near one, each counts alone, so that no
two take the last place. What is reached stands in one row a source: its leads wait and none is written.
"""

from core.account import caps
from core.account.caps import DAY_MS, HOUR_MS, NEAR, TOTALS, Caps, Left
from core.source import Policy
from flow.gateway import Gateway
from store import caps as counts
from store.caps import Reached
from store.engine import Tx

LOOK_AGAIN_MS = 1_000


class CountAlone(Exception):
    """A cap is near: the whole claim is rolled back, and the next one counts alone."""


def full(gateway: Gateway, tx: Tx, now: int) -> frozenset[str]:
    """The sources whose leads wait for room, `TOTALS` when all do; each is looked at again once a second."""
    rooms = gateway.rooms
    if not rooms.looked_at <= now < rooms.looked_at + LOOK_AGAIN_MS:
        found = [(row, _again(gateway, tx, row, now)) for row in counts.reached(tx)]
        rooms.full = frozenset(row.source for row, still in found if still is not None)
        rooms.news = [(row, still) for row, still in found if row != still]
        rooms.looked_at = now
    return rooms.full


def tell(gateway: Gateway) -> None:
    """Make the rows say what the last look found. A transaction of its own: a claim that held such a row and
    waited to count alone could meet one that counts alone and waits for the row."""
    news, gateway.rooms.news = gateway.rooms.news, []
    if not news:
        return
    with gateway.store.write() as tx:
        cleared = [row for row, still in news if counts.change(tx, row, still) and still is None]
    for row in cleared:
        gateway.log.info("cap_has_room", source=row.source or "(all sources)", cap=row.cap)


def _again(gateway: Gateway, tx: Tx, row: Reached, now: int) -> Reached | None:
    """The row as it should be; None: there is room again, or no such source any more."""
    current = _caps_of(gateway, row.source)
    if current is None or not caps.is_capped(current):
        return None
    found = caps.tightest(left(tx, row.source, current, row.script, now))
    return None if found.calls else _reached(tx, row.source, found, row.script, now, row.since)


def _caps_of(gateway: Gateway, scope: str) -> Caps | None:
    if scope == TOTALS:
        return gateway.totals
    current = gateway.sources.get(scope)
    return None if current is None or current.removed else current.source.policy


def take_room(gateway: Gateway, tx: Tx, source: str, script: str, policy: Policy, now: int) -> bool:
    """Whether one more call fits under the source's caps and the totals, held until this transaction ends.

    False: which cap is reached is written. Raises CountAlone, with nothing to be kept. Comes after the
    number's lock and before the account's row in the order of locks."""
    rooms = gateway.rooms
    scopes: list[tuple[str, Caps]] = [(source, policy), (TOTALS, gateway.totals)]
    scopes = [(scope, each) for scope, each in scopes if caps.is_capped(each)]
    if not scopes:
        return True
    alone = gateway.store.is_sqlite or any(scope in rooms.near for scope, _ in scopes)
    counts.hold(tx, alone=alone)
    for scope, each in scopes:
        if scope not in rooms.near and rooms.is_far(scope, each):
            continue
        found = caps.tightest(left(tx, scope, each, script, now))
        near = found.calls <= NEAR
        rooms.counted(scope, each, found.calls, near)
        if near and not alone:
            raise CountAlone
        if not found.calls:
            _say(gateway, tx, _reached(tx, scope, found, script, now, now))
            return False
    return True


def left(tx: Tx, scope: str, each: Caps, script: str, now: int) -> tuple[Left, ...]:
    """Every cap of the scope that is on, with what is used of it; `script` is the next call's."""
    rung = counts.rung(tx, scope, now)
    prices = counts.reservations(tx, caps.unpriced(rung) | {script}, now)
    return caps.left(each, caps.used(rung, prices), prices[script])


def _reached(tx: Tx, scope: str, found: Left, script: str, now: int, since: int) -> Reached:
    if found.cap == "spend_per_day":
        until = counts.oldest_leaves(tx, scope, now)
    else:
        window = HOUR_MS if found.cap == "calls_per_hour" else DAY_MS
        until = counts.room_comes(tx, scope, int(found.limit), window, now)
    return Reached(scope, found.cap, f"{found.limit:f}", script, since, until)


def _say(gateway: Gateway, tx: Tx, found: Reached) -> None:
    gateway.rooms.full |= {found.source}
    if counts.say(tx, found):
        gateway.log.warning("cap_reached", source=found.source or "(all sources)", cap=found.cap, limit=found.limit)
