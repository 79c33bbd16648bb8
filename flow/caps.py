"""Reached caps: once a second it is looked whether there is room again, and what changed is told."""

from collections.abc import Iterable

from flow.gateway import Gateway
from store import caps
from store.caps import Reached


def look_again(gateway: Gateway) -> None:
    """Leads of a source whose cap has room again, or was raised, wait no longer. Whose version in force this process
    cannot read is left to those that can."""
    with gateway.store.read() as tx:
        if not caps.reached(tx):
            return
    with gateway.store.write() as tx:
        gone = caps.look_again(tx, gateway.capped(), gateway.sources.unreadable(), gateway.store.now_ms(tx))
    for one in gone:
        gateway.log.info("cap_has_room", source=one.source or "(all sources)", cap=one.cap)


def tell(gateway: Gateway, reached: Iterable[Reached]) -> None:
    """A log line for each that is news."""
    for one in reached:
        gateway.log.warning("cap_reached", source=one.source or "(all sources)", cap=one.cap, limit=one.limit)
