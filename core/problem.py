"""What is wrong with a file, said so that it can be mended: where, what was expected, what to write."""

from dataclasses import dataclass

from core.problem_words import in_words


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
        return self.said("en")

    def said(self, language: str) -> str:
        """The whole sentence, in English or Russian (`ru`)."""
        where = f"{self.file}:{self.line}" if self.line else self.file
        expected, got = in_words(self.expected, language), in_words(self.got, language)
        if language == "ru":
            told = f"нужно: {expected}" + (f"; сейчас: {got}" if got else "")
        else:
            told = f"expected {expected}" + (f", got {got}" if got else "")
        if self.write:
            told += f"; {'напишите' if language == 'ru' else 'write'}: {self.write}"
        return f"{where}: {self.key + ': ' if self.key else ''}{told}"


@dataclass(frozen=True)
class Problems:
    """Every problem of a text, in the order of its lines; never empty."""

    items: tuple[Problem, ...]

    def __str__(self) -> str:
        return self.said("en")

    def said(self, language: str) -> str:
        """A line a problem, in English or Russian (`ru`)."""
        return "\n".join(item.said(language) for item in self.items)


def collect(items: list[Problem]) -> Problems:
    """The problems in the order of the lines they stand in, each once."""
    return Problems(tuple(sorted(dict.fromkeys(items), key=lambda p: (p.file, p.line, p.key))))
