"""What of a lead is shown, and how: its state as a chip, its number masked, its reason in words."""

import json
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from core.numbers.hiding import DOT, hide_numbers
from core.reason import words
from handlers.console.assets import icon
from handlers.console.words import language

# state -> (colour, picture, name); a colour means a state and nothing else.
CHIPS: dict[str, tuple[str, str, Any]] = {
    "received": ("blue", "down", _l("Received")),
    "ready": ("blue", "clock", _l("Waiting")),
    "held": ("amber", "pause", _l("Held")),
    "suppressed": ("grey", "no", _l("Not called")),
    "calling": ("blue", "phone", _l("Calling")),
    "accepted": ("green", "yes", _l("Call placed")),
    "refused": ("red", "cross", _l("Refused")),
    "unknown": ("violet", "unclear", _l("Unknown")),
    "cancelled": ("grey", "cross", _l("Cancelled")),
}


def chip(state: str) -> Markup:
    colour, picture, name = CHIPS[state]
    return Markup('<span class="chip {}">{}{}</span>').format(colour, icon(picture), name)


def phone(number: str | None) -> str:
    """+7 916 •••-••-69: enough to tell two apart, not enough to ring."""
    if not number:
        return ""
    if len(number) == 11 and number.startswith("7"):
        return f"+7 {number[1:4]} {DOT * 3}-{DOT * 2}-{number[-2:]}"
    return f"+{number[: max(1, len(number) - 8)]} {DOT * 3}-{DOT * 2}-{number[-2:]}"


def whole_phone(number: str) -> str:
    """+7 916 123-45-67."""
    if len(number) == 11 and number.startswith("7"):
        return f"+7 {number[1:4]} {number[4:7]}-{number[7:9]}-{number[9:]}"
    return f"+{number}"


def reasons_of(row: Any) -> list[dict[str, Any]]:
    """The reasons of a lead's row, as code and facts."""
    found: list[dict[str, Any]] = json.loads(row["reasons"])
    return found or ([{"code": row["reason"], "params": {}}] if row["reason"] else [])


def why(row: Any) -> str:
    """The first reason in words; empty where there is none."""
    found = reasons_of(row)
    return reason(found[0]) if found else ""


def reason(told: dict[str, Any]) -> str:
    return hide_numbers(words(told["code"], told["params"], language()))


def sum_of(prices: list[str | None]) -> Decimal:
    return sum((Decimal(price) for price in prices if price), Decimal(0))
