"""Is this event the one of a lead that was erased? Its key is then known as a keyed digest only."""

from collections.abc import Mapping

from flow.gateway import Gateway
from store import erasure
from store.engine import Tx
from store.keys import Key


class KeyOfErased(Exception):
    """A key that was just taken as new is an erased lead's: the transaction must begin anew, looking first."""


def holders(gateway: Gateway, tx: Tx, windows_ms: Mapping[Key, int], now: int) -> dict[Key, str]:
    """The erased leads that took these keys inside their windows.

    Asked after a key was taken, it tells for certain: whoever erased a lead held its key until the commit, so that a
    statement after the taking sees what that left."""
    digests = {(source, gateway.digest(key)): (source, key) for source, key in windows_ms}
    found = erasure.holders(tx, digests)
    return {
        digests[digest]: lead
        for digest, (lead, first_at) in found.items()
        if first_at > now - windows_ms[digests[digest]]
    }


def refuse(gateway: Gateway, tx: Tx, windows_ms: Mapping[Key, int], now: int) -> None:
    """Raises KeyOfErased where one of these keys, which were taken, is an erased lead's."""
    if holders(gateway, tx, windows_ms, now):
        raise KeyOfErased
