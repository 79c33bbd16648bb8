"""The environment, `.env` behind it, and files named by `NAME_FILE`: each value read once, every wrong one told."""

from collections.abc import Callable, Mapping
from pathlib import Path

from dotenv import dotenv_values

from config import checks

Check = Callable[[str], None]  # raises ValueError with what was expected


class Environment:
    """The environment wins whole over `.env`: its NAME hides NAME_FILE of that, and the other way round. Blank is not
    set. What is wrong stands in `problems`, without any value; where it is, its default is answered."""

    def __init__(self, environ: Mapping[str, str], dotenv: Path | None) -> None:
        self.problems: list[str] = []
        given = {name: text for name, value in environ.items() if (text := value.strip())}
        behind = _lines_of(dotenv, self.problems)
        for name in given:
            behind.pop(name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE", None)
        self._values = behind | given

    def holds(self, name: str) -> bool:
        """Whether the variable is set at all, to whatever."""
        return name in self._values

    def text(self, name: str, default: str | None = None, check: Check | None = None) -> str:
        """Its value; without a default it has to be set."""
        try:
            value = self._value(name)
            if value is None and default is None:
                raise ValueError("not set")
            if value is not None and check is not None:
                check(value)
        except ValueError as why:
            self.problems.append(f"{name}: {why}")
            value = None
        return (default or "") if value is None else value

    def one_of(self, name: str, default: str, *others: str) -> str:
        choices = (default, *others)

        def check(value: str) -> None:
            if value not in choices:
                raise ValueError(f"must be one of: {', '.join(filter(None, choices))}")

        return self.text(name, default, check)

    def whole(self, name: str, default: int, least: int, most: int) -> int:
        def check(value: str) -> None:
            if not (value.isascii() and value.isdecimal() and len(value) < 20 and least <= int(value) <= most):
                raise ValueError(f"must be a whole number from {least} to {most}")

        return int(self.text(name, str(default), check))

    def number(self, name: str, default: float, least: float, most: float) -> float:
        def check(value: str) -> None:
            try:
                fits = least <= float(value) <= most
            except ValueError:
                fits = False
            if not fits:
                raise ValueError(f"must be a number from {least:g} to {most:g}")

        return float(self.text(name, str(default), check))

    def _value(self, name: str) -> str | None:
        value, file = self._values.get(name), self._values.get(f"{name}_FILE")
        if value and file:
            raise ValueError(f"{name}_FILE is set, too; leave one of them")
        if not file:
            return value
        try:
            return Path(file).read_text(encoding="utf-8").strip() or None
        except (OSError, ValueError) as why:  # no such file, not UTF-8, a name that cannot be
            raise ValueError(f"{name}_FILE must name a readable UTF-8 file") from why


def _lines_of(dotenv: Path | None, problems: list[str]) -> dict[str, str]:
    if dotenv is None or not dotenv.exists():
        return {}
    if why := checks.unreadable(dotenv):
        problems.append(f"{dotenv} cannot be read ({why}): give this user the right to, or mend it")
        return {}
    return {name: text for name, value in dotenv_values(dotenv).items() if value and (text := value.strip())}
