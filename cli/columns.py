"""Lines in columns for a terminal of any width, a pipe, and texts that strangers wrote."""

import shutil
import sys
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
    has no room for it beside the others it stands under them; where it has none for those either they are folded."""
    cells = [[plain(cell) for cell in row] for row in (heads, *rows)]
    cells = [[cell if at is None else cut(cell, at) for cell, at in zip(row, most, strict=True)] for row in cells]
    wide = [max(width_of(row[n]) for row in cells) for n in range(len(heads) - 1)]
    left = None if width is None else width - sum(wide) - 2 * len(wide)
    for *row, last in cells:
        line = "  ".join(cell + " " * (at - width_of(cell)) for cell, at in zip(row, wide, strict=True)).rstrip()
        if left is None or width_of(last) <= left:
            yield f"{line}{' ' * (width_of_columns(wide) - width_of(line))}{last}".rstrip()
        elif left >= LEAST:
            first, *rest = folded(last, left)
            yield f"{line}{' ' * (width_of_columns(wide) - width_of(line))}{first}"
            yield from (" " * width_of_columns(wide) + one for one in rest)
        else:
            first, *rest = folded(line if left >= -2 else "  ".join(row), width or 0, INDENT)
            yield from (first, *rest, *(" " * INDENT + one for one in folded(last, (width or 0) - INDENT)))


def width_of_columns(wide: Sequence[int]) -> int:
    """Of all but the last, with the gaps behind them."""
    return sum(wide) + 2 * len(wide)


def folded(text: str, width: int, indent: int = 0) -> list[str]:
    """The text's words in lines of at most so many places, those after the first indented; a longer word is cut into
    pieces. At least 12 places are taken whatever the terminal says."""
    room = max(12, width)
    found = [""]
    for word in text.split(" "):
        if width_of(found[-1]) + 1 + width_of(word) <= room:
            found[-1] += f" {word}" if found[-1] else word
            continue
        is_first = found == [""]
        pieces = list(_pieces(word, room if is_first else room - indent))
        found = pieces if is_first else [*found, *(" " * indent + piece for piece in pieces)]
    return [line.rstrip() for line in found]


def _pieces(word: str, width: int) -> Iterator[str]:
    piece = ""
    for sign in word:
        if width_of(piece + sign) > width:
            yield piece
            piece = ""
        piece += sign
    yield piece
