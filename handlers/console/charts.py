"""Pictures from numbers: counts become rectangles and points of a box of 100 by 100. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FEWEST = 8  # calls of an hour: a 95th of a hundred of fewer is no point


@dataclass(frozen=True)
class Bar:
    """A piece of a stacked bar, from the box's top left."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    count: int
    nth: int  # the stack it belongs to


def scale(most: int) -> int:
    """The top of the axis: a round number at or above `most`, that halves."""
    size = 1
    while size * 10 < most:
        size *= 10
    steps = (1, 2, 3, 4, 5, 6, 8, 10) if size > 1 else (2, 4, 6, 8, 10)
    return next(step * size for step in steps if step * size >= most)


def stacks(columns: Sequence[Sequence[tuple[str, int]]], top: int) -> list[Bar]:
    """The pieces of stacked bars, from the bottom up; nothing for a count of 0."""
    found = []
    width = 100 / max(1, len(columns))
    for nth, column in enumerate(columns):
        below = 0.0
        for kind, count in column:
            height = 100 * count / top
            if count:
                x, y = round(nth * width + width * 0.06, 2), round(100 - below - height, 2)
                found.append(Bar(x, y, round(width * 0.88, 2), round(height, 2), kind, count, nth))
            below += height
    return found


def spark(counts: Sequence[int]) -> str:
    """The path of bars without colours or names: a row of a table draws two dozen of them."""
    top, width = max([1, *counts]), 100 / max(1, len(counts))
    bars = ((round(nth * width, 1), round(100 * count / top, 1)) for nth, count in enumerate(counts) if count)
    return "".join(f"M{x} 100v-{height}h{width * 0.88:.1f}v{height}z" for x, height in bars)


def part_of(counts: Mapping[int, int], part: int) -> int:
    """The value that `part` of a hundred do not pass, of at least one; `counts`: value -> how often it is there."""
    left = (sum(counts.values()) * part + 99) // 100
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    raise ValueError("nothing is counted")


def lines(values: Sequence[float | None], top: float) -> list[str]:
    """Runs of an SVG polyline's points; None is a gap, and a value between two gaps has no line."""
    runs: list[list[str]] = [[]]
    for place in _places(values, top):
        if place is None:
            runs.append([])
        else:
            runs[-1].append(f"{place[0]},{place[1]}")
    return [" ".join(run) for run in runs if len(run) > 1]


def dots(values: Sequence[float | None], top: float) -> str:
    """The path of a dot for each value: lines of no length, which a round end makes dots of."""
    return "".join(f"M{place[0]} {place[1]}h0" for place in _places(values, top) if place is not None)


def _places(values: Sequence[float | None], top: float) -> list[tuple[float, float] | None]:
    step = 100 / max(1, len(values) - 1)
    return [
        None if value is None else (round(nth * step, 2), round(100 - min(100, 100 * value / top), 2))
        for nth, value in enumerate(values)
    ]
