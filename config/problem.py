"""What is wrong with a file, said so that it can be mended: where, what was expected, what to write."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One problem of one file. `line` counts from 1, 0 when the file as a whole is meant; `key` is
    the way down with dots; `got` never holds a secret; `write` is the text to write instead, if known."""

    file: str
    line: int
    key: str
    expected: str
    got: str = ""
    write: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        said = f"{where}: {self.key + ': ' if self.key else ''}expected {self.expected}"
        if self.got:
            said += f", got {self.got}"
        return f"{said}; write: {self.write}" if self.write else said


@dataclass(frozen=True)
class Problems:
    """Every problem of a text, in the order of its lines; never empty."""

    items: tuple[Problem, ...]

    def __str__(self) -> str:
        return "\n".join(str(item) for item in self.items)


def collect(items: list[Problem]) -> Problems:
    """The problems in the order of the lines they stand in, each once."""
    return Problems(tuple(sorted(dict.fromkeys(items), key=lambda p: (p.file, p.line, p.key))))
