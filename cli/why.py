"""Why a lead is where it is, in the reader's language and on their clock: its reason, or what its state says."""

from typing import Any

from cli.moments import bare
from cli.state_words import sentence
from cli.words import _, language
from core.numbers.hiding import hide_in, hide_numbers
from core.reason import moment_of, reasons_of, words

Row = dict[str, Any]


def told(reason: Row) -> str:
    """A reason in words, its numbers hidden."""
    params = {name: _fact(name, value) for name, value in reason["params"].items()}
    return words(reason["code"], params, language())


def why_lines(row: Row, ended: Row | None) -> list[str]:
    """Every reason, or what the state says where there is none. `ended`: the history row of the person who ended it."""
    by = [] if ended is None else [_("%(who)s: %(why)s", who=ended["who"], why=hide_numbers(ended["why"]))]
    return by + [told(one) for one in reasons_of(row)] or [sentence(row["state"])]


def why(row: Row, ended: Row | None) -> str:
    """The first of them."""
    return why_lines(row, ended)[0]


def _fact(name: str, value: Any) -> Any:
    """A time on the readers' clock, and all else with its numbers hidden."""
    at = moment_of(name, value)
    return hide_in(value) if at is None else bare(at)
