"""What persons said so that somebody is not rung outlives the database that it was said to: a number on the
do-not-call list, a pause, a cancelled lead. What a database that was put back has forgotten of it is said again.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

from core import states
from core.account import trouble
from core.move import Move
from flow.gateway import Gateway
from store import accounts, do_not_call, epoch, leads
from store import wishes as written
from store.engine import Tx
from store.wishes import CANCEL, DO_NOT_CALL, PAUSE, Wish

WHY = "said before the database was put back"
BATCH = 500


@contextlib.contextmanager
def said(gateway: Gateway, *of: Wish) -> Iterator[Callable[[Tx], None]]:
    """Do what is wished inside the block, and hand its transaction to what is yielded.

    Where they cannot be written down it is done all the same, and said in the log: it holds from now on."""
    with contextlib.ExitStack() as stack:
        know: Callable[[Tx], None] = lambda tx: None  # noqa: E731
        try:
            know = stack.enter_context(gateway.wishes.said(epoch.store_id(gateway.store), of))
        except epoch.NoEpoch:  # before its first release a database rings nobody
            pass
        except OSError as why:
            gateway.log.error("wish_not_written", why=why.strerror or str(why))
        yield know


def look(gateway: Gateway) -> None:
    """Once a second. Where somebody says something at this moment it is looked again at the next."""
    with contextlib.suppress(TimeoutError):
        bring_back(gateway, wait_s=0)


def bring_back(gateway: Gateway, wait_s: float = written.WAIT_S) -> int:
    """Say again what this database has forgotten, in order; how many were said. Two numbers are compared, where there
    is anything at all. Raises NoEpoch, and OSError where the file cannot be read, or is not free in time."""
    if not gateway.wishes.any():
        return 0
    store_id = epoch.store_id(gateway.store)
    ident, last = gateway.wishes.last(store_id)
    if not last or _known(gateway, ident) >= last:
        return 0
    with gateway.wishes.all(store_id, wait_s) as (ident, last, found):
        known = _known(gateway, ident)
        forgotten = [(n, wish) for n, wish in found if n > known and wish.what in _DO]  # a later release knows others
        for what, of_kind in groupby(forgotten, lambda one: one[1].what):
            _say_again(gateway, ident, what, list(of_kind))
        with gateway.store.write() as tx:
            written.know(tx, ident, last)
    if forgotten:
        gateway.log.error("wishes_brought_back", count=len(forgotten))
    return len(forgotten)


def _known(gateway: Gateway, ident: str) -> int:
    with gateway.store.read() as tx:
        return written.known(tx, ident)


def _say_again(gateway: Gateway, ident: str, what: str, of: Sequence[tuple[int, Wish]]) -> None:
    """Those of one kind, a batch a commit; a pause and a cancelled lead each by itself, or locks would be taken out of
    their order."""
    size, numbers = (BATCH, _numbers(gateway)) if what == DO_NOT_CALL else (1, {})
    for start in range(0, len(of), size):
        some = of[start : start + size]
        with gateway.store.write() as tx:
            _DO[what](gateway, tx, [wish for _, wish in some], numbers)
            written.know(tx, ident, some[-1][0])


def _numbers(gateway: Gateway) -> dict[str, str]:
    """The numbers of the list by their keyed hashes."""
    with gateway.store.read() as tx:
        return {gateway.digest(number): number for number in do_not_call.numbers(tx)}


def _list_again(gateway: Gateway, tx: Tx, of: Sequence[Wish], numbers: Mapping[str, str]) -> None:
    """By the digest, where the number itself is not on the list."""
    now = gateway.store.now_ms(tx)
    for wish in of:
        names = {numbers.get(wish.of, ""), do_not_call.by_digest(wish.of)} - {""}
        if not wish.on:
            do_not_call.remove(tx, names, wish.who, WHY, now)
        elif not do_not_call.find(tx, names):
            do_not_call.add(tx, {numbers.get(wish.of) or do_not_call.by_digest(wish.of): WHY}, wish.who, now)


def _pause_again(gateway: Gateway, tx: Tx, of: Sequence[Wish], _: Mapping[str, str]) -> None:
    now = gateway.store.now_ms(tx)
    for wish in of:
        known = accounts.lock(tx, wish.of).trouble
        after = (
            trouble.paused(known, wish.who, WHY, now, wish.script)
            if wish.on
            else trouble.resumed(known, now, wish.script)
        )
        accounts.write(tx, wish.of, after)


def _cancel_again(gateway: Gateway, tx: Tx, of: Sequence[Wish], _: Mapping[str, str]) -> None:
    """Whatever might still be rung, were it only by a repeat that mends it. Whether one of unknown fate was rung a
    person still has to say."""
    for wish in of:
        lead = leads.get(tx, wish.of, lock=True)
        if lead is None or lead.state == states.UNKNOWN:
            continue
        if states.allowed("cancel", lead.state, states.CANCELLED):
            move = Move("cancel", states.CANCELLED, lead.protected_by, waits_for="", who=wish.who, why=WHY)
            leads.apply(tx, lead, move, at=gateway.store.now_ms(tx))


_DO: dict[str, Callable[[Gateway, Tx, Sequence[Wish], Mapping[str, str]], None]] = {
    DO_NOT_CALL: _list_again,
    PAUSE: _pause_again,
    CANCEL: _cancel_again,
}
