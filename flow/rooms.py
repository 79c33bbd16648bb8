"""What this process remembers of the caps between two claims; a hint that saves counting, never the proof."""

import time
from dataclasses import dataclass, field

from core.account.caps import Caps, sure_s
from store.caps import Reached


@dataclass
class Rooms:
    """`full`: the sources (and `TOTALS`) whose leads wait, as last looked at; `news`: what that look found to be
    otherwise than its row says; `near`: those so near to a cap that they are counted alone. A scope that is
    far from its caps is not counted at each claim."""

    full: frozenset[str] = frozenset()
    looked_at: int = 0
    news: list[tuple[Reached, Reached | None]] = field(default_factory=list)  # the row, and what it has to become
    near: set[str] = field(default_factory=set)
    _far: dict[str, tuple[float, tuple[object, ...]]] = field(default_factory=dict)

    def is_far(self, scope: str, caps: Caps) -> bool:
        """Whether it is certain that the scope is far from these caps; a changed cap is looked at anew."""
        until, known = self._far.get(scope, (0.0, ()))
        return known == _figures(caps) and time.monotonic() < until

    def counted(self, scope: str, caps: Caps, calls: int, near: bool) -> None:
        """So many more calls fit in the scope at this moment."""
        (self.near.add if near else self.near.discard)(scope)
        self._far[scope] = (time.monotonic() + sure_s(calls), _figures(caps))


def _figures(caps: Caps) -> tuple[object, ...]:
    return caps.calls_per_hour, caps.calls_per_day, caps.spend_per_day
