"""A file of numbers as people keep it: numbers, or a table out of a spreadsheet."""

import csv
import io
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = frozenset(
    {"number", "phone", "phone number", "telephone", "tel", "mobile", "msisdn"}
    | {"номер", "телефон", "номер телефона", "мобильный"}
)
WHY = frozenset({"why", "reason", "comment", "note", "причина", "комментарий", "примечание"})
DELIMITERS = ";\t,"
_SAMPLE = 10_000  # characters
_EXCEL = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)  # how a table tells Excel what parts its columns
_LOOKS_LIKE_ONE = re.compile(r"(?=(?:\D*\d){9,15}\D*$)\+?[\d\s().\-]+")  # a date has eight digits, or a colon


@dataclass(frozen=True)
class Line:
    """What stands for a number, not yet read; `n` is the line's number in the file, from 1."""

    n: int
    number: str
    why: str


def lines(content: bytes) -> Iterator[Line]:
    """What stands for the numbers, a `Line` for each; a line of the file that holds anything yields at least one.

    The columns `number` (there may be several) and `why`, or what people call them, are taken where the first
    line names them, else the column in which most numbers stand; a first line without a digit is a headline.
    A line of numbers only gives them all. UTF-8, UTF-16 or Windows-1251; comma, semicolon or tab. Raises
    csv.Error for what is no such file."""
    rows = list(_rows(_decoded(content)))
    names = [cell.casefold() for cell in rows[0][1]] if rows else []
    numbers = [at for at, name in enumerate(names) if name in NUMBER]
    why = next((at for at, name in enumerate(names) if name in WHY), None) if numbers else None
    if numbers or not any(character.isdigit() for name in names for character in name):
        rows = rows[1:]
    fullest = _fullest(rows)
    for n, cells in rows:
        reason = "" if why is None else _cell(cells, why)
        filled = [cell for cell in cells if cell]
        if not numbers and all(map(_LOOKS_LIKE_ONE.fullmatch, filled)):
            found = filled
        else:
            found = [cell for at in numbers or [fullest] if (cell := _cell(cells, at))] or [""]
        yield from (Line(n, number, reason) for number in found)


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold anything, with their numbers; a spreadsheet's apostrophe, which says text, left out."""
    said = _EXCEL.match(text)
    first = text.lstrip().split("\n", 1)[0]
    sample = first if any(delimiter in first for delimiter in DELIMITERS) else text[:_SAMPLE]
    delimiter = said[1] if said else max(DELIMITERS, key=sample.count)
    table = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for cells in table:
        stripped = [cell.strip().removeprefix("'") for cell in cells]
        if any(stripped) and not (said and table.line_num == 1):
            yield table.line_num, stripped


def _fullest(rows: list[tuple[int, list[str]]]) -> int:
    """The column in which most numbers stand; the first where none does."""
    seen = Counter(at for _, cells in rows for at, cell in enumerate(cells) if _LOOKS_LIKE_ONE.fullmatch(cell))
    return max(sorted(seen), key=lambda at: seen[at], default=0)


def _cell(cells: list[str], at: int) -> str:
    return cells[at] if at < len(cells) else ""


def _decoded(content: bytes) -> str:
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if b"\0" in content:  # no other encoding of a text has them: ASCII's every second byte in UTF-16
        little = content[1::2].count(0) >= content[::2].count(0)
        return content.decode("utf-16-le" if little else "utf-16-be", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", "replace")
