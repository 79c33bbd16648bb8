"""What is left of a lead's evidence when its personal data is erased, and where a number is mentioned."""

import json
import re
from typing import Any
from urllib.parse import unquote_plus

ERASED = "(erased)"
# The values that are never a person's: our own words, the owner's settings, moments, places in a lead.
KEPT = frozenset(
    {
        *("allowed", "answer", "asked", "at", "attempt", "attempt_id", "by", "cap", "chose", "code", "country"),
        *(
            "despite",
            "expression",
            "field",
            "fields",
            "found",
            "from",
            "how",
            "http_status",
            "held",
            "kind",
            "late",
            "lead",
        ),
        *("lead_when", "limit", "no", "opens", "outcome", "problem", "provider_id", "read_ms", "region", "reason"),
        *("round", "rule", "rules", "characters", "segments", "source", "status", "step", "types", "until", "verdict"),
        *("version", "waited_s", "waits_for", "when", "where", "window", "zone", "crm", "params"),
    }
)
_DIGITS_OF_A_COUNTRY = 10  # the digits of a number that people leave out or write as 8 stand before these


def erased(evidence: Any, key: str = "") -> Any:
    """The evidence with the values that may be a person's taken out; its shape and our own words stay."""
    if isinstance(evidence, dict):
        return {name: erased(value, name) for name, value in evidence.items()}
    if isinstance(evidence, list):
        return [erased(item, key) for item in evidence]
    if evidence is None or isinstance(evidence, bool) or key in KEPT:
        return evidence
    return ERASED


class Mentions:
    """Whether a text or a body mentions a number, however it is written there."""

    def __init__(self, number: str) -> None:
        """`number`: E.164 digits."""
        self._pattern = re.compile(r"\D{0,3}".join(number[-_DIGITS_OF_A_COUNTRY:]), re.ASCII)

    def in_json(self, text: str) -> bool:
        """In JSON text, ASCII-escaped or not."""
        try:
            whole = json.dumps(json.loads(text), ensure_ascii=False)
        except (ValueError, RecursionError):
            whole = text
        return self._pattern.search(whole) is not None

    def in_body(self, body: bytes) -> bool:
        """In a form, JSON or XML, as it came."""
        text = body.decode("utf-8", "replace")
        return any(self._pattern.search(one) for one in (text, unquote_plus(text))) or self.in_json(text)
