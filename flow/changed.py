"""What a repeat that differs from its lead means: the same person corrected, or another person."""

import enum
import json

from core import mapping
from core.identity import Piece
from core.lead import Lead
from core.source import Source


class Difference(enum.Enum):
    NONE = "none"
    SAME_PERSON = "same_person"
    OTHER_PERSON = "other_person"  # two callable, different numbers under one id


def difference(source: Source, first: Lead, piece: Piece) -> Difference:
    """Compare by the stored digest, then by both payloads' numbers as the version in force reads them."""
    if first.digest == piece.digest or first.erased_at is not None:
        return Difference.NONE  # what was erased is not brought back
    before = mapping.callable_number(json.loads(first.payload), source)
    after = mapping.callable_number(piece.payload, source)
    if before and after and before != after:
        return Difference.OTHER_PERSON
    if before and not after:
        return Difference.NONE  # "more about this deal" without the phone must not undo a lead that can ring
    return Difference.SAME_PERSON if mapping.is_lead(piece.payload, source) else Difference.NONE
