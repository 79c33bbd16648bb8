"""Hiding the numbers in a text from those who may not ring them."""

import re
from typing import Any

DOT = "•"
_KEEP = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\d(?=\D|$)"  # our ids, and dates
# Ten digits and more, with what people write between them.
_NUMBER = r"\d(?:[\s().\-‐-―/]{0,3}\d){9,}"
_EITHER = re.compile(f"(?P<keep>{_KEEP})|{_NUMBER}")


def mask(number: str) -> str:
    """The number as people other than the API may see it: 79990000001 -> 7999***0001."""
    if len(number) < 7:
        return "***"
    shown = 4 if len(number) >= 11 else 2
    return f"{number[:shown]}***{number[-shown:]}"


def hide_numbers(text: Any) -> str:
    """The text with the middle of every number hidden that could be rung; its spelling stays: "8 916 ••• •• 69"."""
    return _EITHER.sub(lambda found: found.group() if found["keep"] else _hidden(found.group()), str(text))


def hide_in(value: Any) -> Any:
    """The same for every text and number of a JSON value; keys too."""
    if isinstance(value, dict):
        return {hide_numbers(key): hide_in(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [hide_in(one) for one in value]
    if isinstance(value, str):
        return hide_numbers(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = hide_numbers(value)
        return value if shown == str(value) else shown
    return value


def _hidden(text: str) -> str:
    digits = sum(char.isdigit() for char in text)
    seen, out = 0, []
    for char in text:
        seen += char.isdigit()
        out.append(DOT if char.isdigit() and 4 < seen <= digits - 2 else char)
    return "".join(out)
