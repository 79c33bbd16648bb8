"""A file of numbers as people keep it: a number a line, or a table out of a spreadsheet."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

NUMBER = frozenset({"number", "phone", "telephone", "tel", "mobile", "msisdn", "номер", "телефон", "номер телефона"})
WHY = frozenset({"why", "reason", "comment", "note", "причина", "комментарий", "примечание"})
DELIMITERS = ";\t,"


@dataclass(frozen=True)
class Line:
    """What stands for a number, not yet read; `n` is the line's number in the file, from 1."""

    n: int
    number: str
    why: str


def lines(content: bytes) -> Iterator[Line]:
    """The lines that hold anything. The columns `number` and `why` (or what people call them) are taken
    where the first line names them, else the first column. UTF-8, else Windows-1251; comma, semicolon or
    tab. Raises csv.Error for what is no such file."""
    text = _decoded(content)
    first = text.split("\n", 1)[0]
    table = csv.reader(io.StringIO(text, newline=""), delimiter=max(DELIMITERS, key=first.count))
    number, why = 0, None
    for n, cells in enumerate(table):
        names = [cell.strip().casefold() for cell in cells]
        if n == 0 and not NUMBER.isdisjoint(names):
            number = next(i for i, name in enumerate(names) if name in NUMBER)
            why = next((i for i, name in enumerate(names) if name in WHY), None)
        elif any(names):
            yield Line(table.line_num, _cell(cells, number), "" if why is None else _cell(cells, why))


def _cell(cells: list[str], at: int) -> str:
    """What stands there; a spreadsheet's apostrophe, which says that it is text, left out."""
    return cells[at].strip().removeprefix("'") if at < len(cells) else ""


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1251", "replace")
