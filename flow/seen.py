"""Signed bytes that came before. Whoever saw a signed request can send it again for as long as its secret lives.

Inside the window of its event key it is a repeat. After that, or under another version's key, it is no
news from the sender: a person looks. So a digest of what was signed is kept among the event keys.
"""

from core.proofs import authentic
from core.source import Source

MARK = "signed:"  # sorts behind every other key of a delivery, so that it is taken last
KEPT_MS = 400 * 86_400_000


def kept_ms(source: Source) -> int:
    """How long the keys of this source's leads have to tell bytes that came before; 0 where nothing is signed."""
    return 0 if authentic.covers_of(source).whole else KEPT_MS
