"""What the console's forms say, read the same way everywhere."""

from flask import abort, request
from flask_babel import gettext as _

from core.reading.tree import storable

MOST_WHY = 300


def text(name: str, most: int = MOST_WHY) -> str:
    """A field in one line; empty where it is not there."""
    return " ".join(storable(request.form.get(name, ""))[:most].split())


def why_given(do: str = "") -> str:
    """Own words, else the chip that was chosen; `do` where a form holds several decisions, each with its own."""
    own = f"-{do}" if do else ""
    return text(f"why{own}") or text(f"chip{own}") or _("no reason given")


def numbers(name: str) -> list[int]:
    """Every value of a field as a number; 400 for what is none."""
    found = request.form.getlist(name)
    if not all(value.isascii() and value.isdigit() and len(value) < 16 for value in found):
        abort(400)
    return [int(value) for value in found]
