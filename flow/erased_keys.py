"""Is this event the one of a lead that was erased? Its key is then known as a keyed digest only."""

from collections.abc import Callable

from flow.gateway import Gateway
from store import erasure
from store.engine import Tx
from store.journal import number_hash


class KeyOfErased(Exception):
    """A key that was just taken as new is an erased lead's: the transaction must begin anew, looking first."""


class ErasedKeys:
    """The keys of a source's erased leads, in one transaction of intake."""

    def __init__(self, gateway: Gateway, tx: Tx, source: str, now: int, looks: bool) -> None:
        """`looks`: whether `holder` asks the database at all."""
        self._gateway, self._tx, self._source, self._now, self._looks = gateway, tx, source, now, looks

    def holder(self, key: str, window_s: int) -> str | None:
        """The erased lead that took this key inside its window."""
        return self._ask(key, window_s) if self._looks else None

    def check_of(self, key: str, window_s: int) -> Callable[[], None]:
        """To be asked after the key was taken: raises KeyOfErased where an erased lead has it. Whoever erased
        that lead held the key until its commit, so that a statement after the taking sees what it left."""

        def check() -> None:
            if self._ask(key, window_s) is not None:
                raise KeyOfErased

        return check

    def _ask(self, key: str, window_s: int) -> str | None:
        digest = number_hash(key, self._gateway.digest_key)
        return erasure.holder(self._tx, self._source, digest, self._now - window_s * 1000)
