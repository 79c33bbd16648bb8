"""Cases: leads that wait for a person for one and the same cause, and what may be done about it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from core.reason import reasons_of
from core.states import HELD, REFUSED
from handlers.console.shown import reason
from store.inbox import MOST, ORDER

Row = dict[str, Any]


@dataclass
class Case:
    """`key` names it in a page; the cause of a held lead lies in its source, so each source is a case of its own.
    `since`: when the first of its `size` leads came; `more`: of its state there may be more than were looked at.
    `leads` are their rows, or rows that stand for `n` leads each."""

    state: str
    code: str
    source: str
    text: str
    leads: list[Row] = field(default_factory=list)
    more: bool = False

    @property
    def key(self) -> str:
        return f"{self.state}-{min(row['no'] for row in self.leads)}"

    @property
    def since(self) -> int:
        return min(int(row["received_at"]) for row in self.leads)

    @property
    def size(self) -> int:
        return sum(row.get("n", 1) for row in self.leads)


def grouped(rows: list[Row]) -> list[Case]:
    """The cases of these leads: unknown, refused, held, then by size."""
    found: dict[tuple[str, ...], Case] = {}
    causes: dict[tuple[str, str], tuple[str, str]] = {}  # most leads wait for a cause that others wait for too
    for row in rows:
        said = (row["reason"], row["reasons"])
        if said not in causes:
            told = reasons_of(row)
            causes[said] = (told[0]["code"], reason(told[0])) if told else ("", "")
        code, text = causes[said]
        source = row["source"] if row["state"] == HELD else ""
        cause = (row["state"], code, source, text if row["state"] == REFUSED else "")
        found.setdefault(cause, Case(row["state"], code, source, text)).leads.append(row)
    looked_at: Counter[str] = Counter()
    for case in found.values():
        looked_at[case.state] += case.size
    for case in found.values():
        case.more = looked_at[case.state] >= MOST
    return sorted(found.values(), key=lambda case: (ORDER.index(case.state), -case.size, case.since))
