"""Whom nobody may ring: putting numbers on the list, and taking them off.

A number on it is suppressed when its lead is decided on and again in the claim's own transaction; no
rearm sets it aside. What waits when a number is added is suppressed at once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core import decision
from flow import wishes
from flow.gateway import Gateway
from store import do_not_call, due, leads
from store.wishes import DO_NOT_CALL, Wish

BATCH = 200


@dataclass(frozen=True)
class Added:
    """`new` numbers were not on the list before; `suppressed` leads waited to be called."""

    new: int
    suppressed: int


def add(gateway: Gateway, whys: Mapping[str, str], who: str, batch: int = BATCH) -> Added:
    """Put numbers (digits, each with its why) on the list for good, and stop what waits for them."""
    wished = [Wish(DO_NOT_CALL, gateway.digest(number), who) for number in whys]
    with wishes.said(gateway, *wished) as know, gateway.store.write() as tx:
        new = do_not_call.add(tx, whys, who, gateway.store.now_ms(tx))
        know(tx)
    suppressed = sum(_suppress_waiting(gateway, tuple(whys), batch))
    gateway.log.info("do_not_call_added", who=who, numbers=len(whys), new=len(new), suppressed=suppressed)
    return Added(len(new), suppressed)


def remove(gateway: Gateway, number: str, who: str, why: str) -> bool:
    """Take a number off the list; False where it was not on it. Leads it suppressed stay so: a person may
    rearm them."""
    lifted = Wish(DO_NOT_CALL, gateway.digest(number), who, on=False)
    with wishes.said(gateway, lifted) as know, gateway.store.write() as tx:
        done = do_not_call.remove(tx, names(gateway, number), who, why, gateway.store.now_ms(tx))
        know(tx)
    if done:
        gateway.log.info("do_not_call_removed", who=who)
    return done


def names(gateway: Gateway, number: str) -> tuple[str, str]:
    """What an entry of this number (digits) may stand under."""
    return number, do_not_call.by_digest(gateway.digest(number))


def _suppress_waiting(gateway: Gateway, numbers: tuple[str, ...], batch: int) -> Iterator[int]:
    """Batch by batch. A lead that another worker holds right now is suppressed by its claim."""
    while True:
        with gateway.store.write() as tx:
            now = gateway.store.now_ms(tx)
            waiting = due.ready_of(tx, numbers, batch)
            for lead in waiting:
                leads.apply(tx, lead, decision.put_on_do_not_call(), at=now)
        yield len(waiting)
        if len(waiting) < batch:
            return
