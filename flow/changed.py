"""What a repeat that differs from its lead means: the same person corrected, or another person."""

import enum
import json
from collections.abc import Callable

from core import mapping
from core.identity import Piece
from core.lead import Lead
from core.reading.payload import UNSIGNED
from core.source import Source


class Difference(enum.Enum):
    NONE = "none"
    SAME_PERSON = "same_person"
    OTHER_PERSON = "other_person"  # two callable, different numbers under one id
    NOW_A_LEAD = "now_a_lead"  # the same words, which only something unsigned beside them makes a lead


def difference(source: Source, first: Lead, piece: Piece, digest: Callable[[str], str]) -> Difference:
    """Compare by the stored digest, then by both payloads' numbers as the version in force reads them.

    `digest` makes what stands for the number of an erased lead: what was erased is not brought back, and an id that is
    given to another person then loses nobody."""
    if first.erased_at is not None:
        number = mapping.callable_number(piece.payload, source) if first.number_hash else None
        return Difference.OTHER_PERSON if number and digest(number) != first.number_hash else Difference.NONE
    if first.digest == piece.digest:
        return _beside(source, first, piece)
    before = mapping.callable_number(json.loads(first.payload), source)
    after = mapping.callable_number(piece.payload, source)
    if before and after and before != after:
        return Difference.OTHER_PERSON
    if before and not after:
        return Difference.NONE  # "more about this deal" without the phone must not undo a lead that can ring
    return Difference.SAME_PERSON if mapping.is_lead(piece.payload, source) else Difference.NONE


def _beside(source: Source, first: Lead, piece: Piece) -> Difference:
    """Of two that say the same, of which what is not signed may still have stopped the first (a topic in a header)."""
    if UNSIGNED not in piece.payload or not mapping.is_lead(piece.payload, source):
        return Difference.NONE
    return Difference.NONE if mapping.is_lead(json.loads(first.payload), source) else Difference.NOW_A_LEAD
