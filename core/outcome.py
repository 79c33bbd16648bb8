"""What an attempt taught us, and the transition that follows.

Four kinds, no fifth: a proven yes, a proven no, the proof that not one byte of the request
left, and everything else. Only `not_sent` may be tried again by the machine.
"""

from dataclasses import dataclass, field
from decimal import Decimal

from core import states

ACCEPTED = "accepted"
REFUSED = "refused"
NOT_SENT = "not_sent"
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Outcome:
    """How one POST ended. `reply` is the raw answer (at most 4 kB); `error` is the provider's or our
    one-line text without personal data of ours; `price` in the account's currency, the maximum cost."""

    kind: str  # accepted | refused | not_sent | unknown
    how: str = ""  # unknown: no_answer, reset, closed, http_status, odd_reply, owner_gone, store_went_back;
    #                not_sent: refused_connection, dns, connect_timeout, tls, proxy, late, unreachable
    irregular: bool = False  # accepted, but id, number or price was missing or odd
    http_status: int | None = None
    provider_id: str | None = None
    price: Decimal | None = None
    error: str | None = None
    reply: bytes = b""
    number_differs: bool = False  # the reply names another number than was asked: the account pauses
    clock_off_ms: int | None = field(default=None, compare=False)  # the reply's time against ours; None: it named none


TRANSITION_AFTER = {
    ACCEPTED: ("accept", states.ACCEPTED),
    REFUSED: ("refuse", states.REFUSED),
    NOT_SENT: ("release", states.READY),
    UNKNOWN: ("lose", states.UNKNOWN),
}


def transition_after(outcome: Outcome) -> tuple[str, str]:
    """The transition's name and its target state for the lead whose attempt ended so."""
    return TRANSITION_AFTER[outcome.kind]


def is_proof(outcome: Outcome) -> bool:
    """Whether this outcome may settle a lead whose attempt was already counted as lost."""
    return outcome.kind in (ACCEPTED, REFUSED)
