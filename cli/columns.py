"""Lines in columns for a terminal of any width, a pipe, and texts that strangers wrote."""

import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

INDENT = 8
LEAST = 24  # characters beside the columns, or the last one goes under them
_TURNS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def plain(text: str) -> str:
    """The text as one line that a terminal only shows: no control characters, none that turns the line round."""
    return "".join(_shown(sign) for sign in text)


def _shown(sign: str) -> str:
    if sign in "\t\n\r\v\f\x85\u2028\u2029":
        return " "
    return "\ufffd" if sign in _TURNS or unicodedata.category(sign) in ("Cc", "Cs") else sign


def width_of(text: str) -> int:
    """How many places of a terminal it takes."""
    return sum(map(_places, text))


def _places(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def cut(text: str, width: int) -> str:
    """At most so many places, with `…` where something is left out."""
    if width_of(text) <= width:
        return text
    kept, used = "", 1
    for sign in text:
        used += _places(sign)
        if used > width:
            break
        kept += sign
    return f"{kept}…"


def terminal_width() -> int | None:
    """None where the answer goes into a file or a pipe: there nothing is cut or folded."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def lines(
    heads: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, most: Sequence[int | None]
) -> Iterator[str]:
    """A heading and a line a row. A cell is cut to the `most` of its column; the last one is whole: where a terminal
    has no room for it beside the others it stands under them."""
    cells = [[plain(cell) for cell in row] for row in (heads, *rows)]
    cells = [[cell if at is None else cut(cell, at) for cell, at in zip(row, most, strict=True)] for row in cells]
    wide = [max(width_of(row[n]) for row in cells) for n in range(len(heads) - 1)]
    left = None if width is None else width - sum(wide) - 2 * len(wide)
    for row in cells:
        line = "  ".join(cell + " " * (at - width_of(cell)) for cell, at in zip(row, wide, strict=False))
        if left is None or width_of(row[-1]) <= left:
            yield f"{line}  {row[-1]}".rstrip()
        else:
            yield from _folded(line.rstrip(), row[-1], left, width or 0)


def _folded(line: str, last: str, left: int, width: int) -> Iterator[str]:
    if left >= LEAST:
        first, *rest = textwrap.wrap(last, left) or [""]
        yield f"{line}{' ' * max(2, width - left - width_of(line))}{first}"
        yield from (" " * (width - left) + one for one in rest)
        return
    yield line
    yield from textwrap.wrap(last, max(20, width), initial_indent=" " * INDENT, subsequent_indent=" " * INDENT)
