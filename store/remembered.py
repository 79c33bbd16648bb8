"""What a process remembers of the caps between two claims: it saves counting, and is never the proof."""

import time
from dataclasses import dataclass, field

from core.account.caps import Caps, sure_ms


@dataclass
class Remembered:
    """Which scopes have so much room that nobody can have used it up since (until when, under which figures), and
    when what is reached was last looked at."""

    looked_at: int = 0
    far: dict[str, tuple[float, tuple[object, ...]]] = field(default_factory=dict)

    def is_far(self, scope: str, each: Caps) -> bool:
        until_ms, figures = self.far.get(scope, (0.0, ()))
        return figures == _figures(each) and _ticks_ms() < until_ms

    def counted(self, scope: str, each: Caps, calls: int) -> None:
        self.far[scope] = (_ticks_ms() + sure_ms(calls), _figures(each))


def _figures(each: Caps) -> tuple[object, ...]:
    return each.calls_per_hour, each.calls_per_day, each.spend_per_day


def _ticks_ms() -> float:
    """A clock that nobody sets, in milliseconds."""
    return time.monotonic() * 1000
