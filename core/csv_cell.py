"""Cells of a CSV file that a spreadsheet shows and never executes."""

import re

# What a spreadsheet takes for a formula when a cell, or a line of one, begins with it, blanks before it or not.
_LINE = r"(^|\r\n|[\r\n\x0b\x0c\x85\u2028\u2029])"
_UNSEEN = r"(?:[^\S\r\n]|[\x00-\x08\x0e-\x1f\xad\u200b-\u200f\u2060\ufeff])*"
_FORMULA = re.compile(_LINE + "(" + _UNSEEN + r"[=+\-@\uff1d\uff0b\uff0d\uff20]|(?=[\t\r\n]))")


def safe(value: object) -> str:
    """The cell's text. An apostrophe stands before what could be a formula, in each line of it."""
    if value is None:
        return ""
    return _FORMULA.sub(r"\1'\2", str(value))


def amount(price: str | None) -> str:
    """An amount where `;` parts the cells: decimals have a comma there, and a point would make it a date or a text."""
    return safe(price).replace(".", ",")


def phone(number: str | None) -> str:
    """A number as text: a spreadsheet would make it a rounded decimal, or a formula of its `+`."""
    return f"'+{number}" if number else ""
