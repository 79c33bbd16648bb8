"""A move is a decision as a value: what becomes of a lead, why, and what is set along with its state.

`core.decision` and a person's acts make moves, `store.leads.apply` writes them. Pure.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, TypedDict

from core.reason import Reason


class Columns(TypedDict, total=False):
    """The columns of a lead that a move may set; what is left out stays. Times are milliseconds since 1970."""

    due_at: int
    urgent: int
    tries: int
    asks_crm: int
    digest: str
    payload: str
    version: int
    account: str
    number: str | None
    script: str | None
    sms: str | None
    person: str | None
    asked_at: int | None
    round: int
    claims: int
    despite: str


@dataclass(frozen=True)
class Move:
    """`transition` and `target` are of `core.states`. The first of `reasons` is what the lead waits for, or
    why it is held; `waits_for` says so where no reason stands for it (`retry`, how a call was lost).

    `quiet`: the lead stays where it is for the same reason, only later: no history row. `old_payload` is
    what a correction replaces, kept in the history."""

    transition: str
    target: str
    reasons: tuple[Reason, ...] = ()
    trace: dict[str, Any] = field(default_factory=dict)
    columns: Columns = field(default_factory=Columns)
    waits_for: str | None = None
    who: str = "worker"
    why: str = ""
    quiet: bool = False
    old_payload: str | None = None

    @property
    def reason(self) -> str:
        """What stands in the lead's `reason`."""
        if self.waits_for is not None:
            return self.waits_for
        return self.reasons[0].code if self.reasons else ""


def written(reasons: Iterable[Reason]) -> str:
    """Reasons as a lead's row keeps them: JSON."""
    return json.dumps([asdict(reason) for reason in reasons])


def later(state: str, due_at: int, columns: Columns | None = None) -> Move:
    """The lead waits on for the same reason, until `due_at`."""
    return Move("defer", state, columns={**(columns or {}), "due_at": due_at}, quiet=True)
