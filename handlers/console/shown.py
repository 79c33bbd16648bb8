"""What of a lead is shown, and how: its state as a chip, its number masked, its reason in words."""

import json
import re
from typing import Any

from flask import g
from flask_babel import gettext as _
from markupsafe import Markup

from core.numbers.hiding import DOT, hide_numbers
from core.people import OPERATOR
from core.reason import advice as reason_advice
from core.reason import moment_of, reasons_of, words
from core.state_words import NAMES
from handlers.console.addresses import icon
from handlers.console.door import may
from handlers.console.words import at, clock, language, span

# state -> (colour, picture); a colour means a state and nothing else.
CHIPS: dict[str, tuple[str, str]] = {
    "received": ("blue", "down"),
    "ready": ("blue", "clock"),
    "held": ("amber", "pause"),
    "suppressed": ("grey", "no"),
    "calling": ("blue", "phone"),
    "accepted": ("green", "yes"),
    "refused": ("red", "cross"),
    "unknown": ("violet", "unclear"),
    "cancelled": ("grey", "cross"),
}
WRITTEN = {
    "provider_refused": ("said",),
    "script_not_allowed": ("script",),
}  # a reason's facts that are no words of ours
_SPAN = re.compile(r"(\d{1,6})([hms])")


def chip(state: str) -> Markup:
    """The state as icon and word; each is made once a request."""
    made: dict[str, Markup] = g.setdefault("chips", {})
    if state not in made:
        colour, picture = CHIPS[state]
        made[state] = Markup('<span class="chip {}">{}{}</span>').format(colour, icon(picture), state_name(state))
    return made[state]


def state_name(state: str) -> str:
    return _(NAMES[state])


def phone(number: str | None) -> str:
    """+7 916 •••-••-69: enough to tell two apart, not enough to ring."""
    if not number:
        return ""
    if number[0] == "#":  # store.do_not_call.by_digest
        return f"{number[:9]}…"
    if len(number) == 11 and number.startswith("7"):
        return f"+7 {number[1:4]} {DOT * 3}-{DOT * 2}-{number[-2:]}"
    return f"+{number[: max(1, len(number) - 8)]} {DOT * 3}-{DOT * 2}-{number[-2:]}"


def person(name: str | None) -> str:
    """A person's name; a number that was typed in its place is hidden."""
    return hide_numbers(name or "")


def whole_phone(number: str) -> str:
    """+7 916 123-45-67."""
    if len(number) == 11 and number.startswith("7"):
        return f"+7 {number[1:4]} {number[4:7]}-{number[7:9]}-{number[9:]}"
    return f"+{number}"


def why(row: Any) -> str:
    """The first reason in words; empty where there is none."""
    found = reasons_of(row)
    return reason(found[0]) if found else ""


def reason(told: dict[str, Any]) -> str:
    """A reason in the reader's language and time zone, its numbers hidden, and veiled what a stranger wrote in it."""
    params = {name: _fact(name, value) for name, value in told["params"].items()}
    params |= {name: veiled(params[name], may(OPERATOR)) for name in WRITTEN.get(told["code"], ()) if name in params}
    if (
        told["code"] == "called_recently"
        and language() == "ru"
        and (moment := moment_of("at", told["params"].get("at")))
    ):
        params["at"] = at(moment, exact=False)
    return hide_numbers(words(told["code"], params, language()))


def veiled(value: Any, texts: bool) -> str:
    """A value that somebody typed: with its numbers hidden; for a viewer no more than how it begins."""
    if value is None or value == "":
        return ""
    shown = hide_numbers(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return shown if texts else f"{shown[:1]}•••"


def advice(code: str) -> str:
    """What a person may do about a reason."""
    return reason_advice(code, language())


def by_reason(pairs: list[tuple[Any, Any]]) -> list[tuple[str, list[int]]]:
    """(lead, its reason) as (the reason in words, the leads' numbers), the reason of most leads first."""
    found: dict[str, list[int]] = {}
    for lead, why_ in pairs:
        found.setdefault(reason({"code": why_.code, "params": why_.params}), []).append(lead.no)
    return sorted(found.items(), key=lambda one: -len(one[1]))


def _fact(name: str, value: Any) -> Any:
    if (moment := moment_of(name, value)) is not None:
        return clock(moment)
    if isinstance(value, str) and (found := _SPAN.fullmatch(value)):
        return span(int(found[1]) * {"h": 3600, "m": 60, "s": 1}[found[2]])
    return value


def rule_facts(seen: dict[str, Any]) -> str:
    """What a rule looked at, short."""
    parts = []
    if "found" in seen:
        found = seen["found"]
        parts.append(", ".join(map(str, found)) if isinstance(found, list) else str(found))
    if "waited_s" in seen:
        parts.append(span(int(seen["waited_s"])))
    for name in ("at", "opens"):
        if name in seen:
            parts.append(str(_fact(name, seen[name])))
    if "zone" in seen:
        parts.append(str(seen["zone"]))
    return hide_numbers(", ".join(parts))
