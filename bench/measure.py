"""What a row of the table is: figures of ours beside those of its ceiling, taken in turn in one run."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

PAIRS = 5  # A B A B ...: a shared machine drifts by more than what is measured


class Skip(Exception):
    """This machine lacks what the row needs; the text says what, and what to install."""


@dataclass
class Line:
    """One line of the table. `ours[n]` and `ceiling[n]` were measured right after each other.

    `goal` is ">= x" or "<= x" and speaks of the ratio ours / ceiling, or of ours - ceiling where `by` is
    "difference", or of ours alone ("alone"); empty: no goal. `not_run` says why there are no figures."""

    row: str
    what: str
    against: str
    unit: str
    goal: str = ""
    by: str = "ratio"
    ours: list[float] = field(default_factory=list)
    ceiling: list[float] = field(default_factory=list)
    note: str = ""
    not_run: str = ""

    def compared(self) -> list[float]:
        """One value a pair, as `by` says."""
        if self.by == "alone":
            return list(self.ours)
        pairs = zip(self.ours, self.ceiling, strict=True)
        if self.by == "difference":
            return [ours - ceiling for ours, ceiling in pairs]
        return [ours / ceiling for ours, ceiling in pairs if ceiling]

    def met(self) -> bool | None:
        """Whether the median keeps the goal; None without goal or figures."""
        values = self.compared()
        if not self.goal or not values:
            return None
        sign, limit = self.goal.split()[:2]
        middle = statistics.median(values)
        return middle >= float(limit) if sign == ">=" else middle <= float(limit)


@contextmanager
def measuring(*lines: Line) -> Iterator[None]:
    """Where this machine lacks what these lines need, they say so in place of figures."""
    try:
        yield
    except Skip as why:
        for line in lines:
            line.not_run = str(why)


def in_turn(
    ours: Callable[[], float], ceiling: Callable[[], float], pairs: int = PAIRS
) -> Iterator[tuple[float, float]]:
    """Measure both in turn; each goes first every other time, so that neither always has the warmer machine."""
    for n in range(pairs):
        if n % 2:
            first = ceiling()
            yield ours(), first
        else:
            first = ours()
            yield first, ceiling()


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` (0 to 1) of them lie; they may come in any order."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def shown(value: float) -> str:
    """Three digits that count, never in exponents."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def spread(values: list[float]) -> str:
    """The median, with the least and the greatest."""
    if not values:
        return ""
    return f"{shown(statistics.median(values))} ({shown(min(values))}-{shown(max(values))})"
