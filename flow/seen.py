"""Signed bytes that came before. Whoever saw a signed request can send it again for as long as its secret lives.

Inside the window of its event key it is a repeat. After that, or under another version's key, it is no
news from the sender: a person looks. So a digest of what was signed is kept among the event keys.
"""

from core.proofs import authentic
from core.proofs.authentic import Proof
from core.reason import Reason
from core.source import Source
from flow.erased_keys import ErasedKeys
from store import leads
from store.engine import Tx

MARK = "signed:"  # sorts behind every other key of a delivery, so that it is taken last
KEPT_S = 400 * 86400


class SeenBytes:
    """What one delivery's proof signed, in one transaction of intake."""

    def __init__(self, tx: Tx, source: str, proof: Proof, keys: ErasedKeys, now: int) -> None:
        self._tx, self._source, self._keys, self._now = tx, source, keys, now
        self._marks = [MARK + mark for mark in proof.marks]
        self._holder = self._seek(self._marks[0]) if self._marks else None

    @property
    def came_before(self) -> bool:
        return self._holder is not None

    def reason(self) -> Reason:
        """Why a lead of such bytes is held: it names the lead that they came for."""
        first = leads.get(self._tx, self._holder) if self._holder else None
        return Reason("signature_seen", {"no": first.no if first else "?"})

    def check(self) -> None:
        """Once a lead was stored and there are erased ones: raises KeyOfErased where one of them had these bytes."""
        if self._marks and not self.came_before:
            self._keys.check_of(self._marks[0], KEPT_S)()

    def remember(self, lead_id: str) -> None:
        """Keep what was signed, under a lead of the delivery."""
        for mark in sorted(self._marks):
            leads.take_key(self._tx, self._source, mark, lead_id, self._now, KEPT_S * 1000)

    def _seek(self, mark: str) -> str | None:
        return self._keys.holder(mark, KEPT_S) or leads.holder(self._tx, self._source, mark)


def kept_s(source: Source) -> int:
    """How long the keys of this source's leads have to tell bytes that came before; 0 where nothing is signed."""
    return 0 if authentic.covers_of(source).whole else KEPT_S
