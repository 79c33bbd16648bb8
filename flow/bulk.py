"""One wish of a person's for many leads at once: first what it would do, then one change each.

At most 500 a go, so that a go ends in seconds and its answer can be read; `next` goes on behind it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from core import states
from core.lead import Lead
from core.refusal import Refusal
from flow import effect, operate
from flow.gateway import Gateway
from store import queries, search
from store.engine import Tx
from store.queries import Wanted

A_GO = 500
Place = tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """The leads of one go, newest first, as they were seen. `next` is the place of the go after it; `refused` are
    those of them that would be left as they are, as they stood (id, no, text)."""

    leads: tuple[dict[str, Any], ...]
    next: Place | None
    refused: tuple[dict[str, Any], ...] = ()

    @property
    def place(self) -> Place | None:
        """Behind it these very leads are the first, whatever came since."""
        return (self.leads[0]["received_at"], self.leads[0]["no"] + 1) if self.leads else None

    @property
    def sources(self) -> dict[str, int]:
        return dict(Counter(lead["source"] for lead in self.leads))

    @property
    def kinds(self) -> dict[str, int]:
        """By reason; of an unknown that is how it was lost."""
        return dict(Counter(lead["reason"] for lead in self.leads if lead["reason"]))


@dataclass
class Done:
    """What a go did. A lead that was refused is as it was."""

    changed: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)  # id, no, text, said


def plan(gateway: Gateway, wanted: Wanted, do: str, after: Place | None = None, at_most: int = A_GO) -> Plan:
    """What one go would take, behind the place `after`.

    Raises Refused where `do` cannot change leads of the wanted state."""
    if not states.targets(do, wanted.state):
        raise operate.Refused("states", state=wanted.state, act=do)
    with gateway.store.read() as tx:
        rows, place = queries.page(tx, wanted, at_most, after)
        known = search.leads_by_ids(tx, [row["id"] for row in rows])
        refused = tuple(_refused(gateway, tx, known, do))
    return Plan(tuple(rows), place, refused)


def _refused(gateway: Gateway, tx: Tx, known: Iterable[Lead], do: str) -> Iterator[dict[str, Any]]:
    """Those that `do` would leave as they are, and what a rearm would not ring all the same."""
    rings: list[Lead] = []
    for lead in known:
        try:
            if do == "remap":
                operate.refuse_remap(tx, lead, among_many=True)
            elif do == "rearm":
                operate.refuse_rearm(gateway, tx, lead, among_many=True)
                rings.append(lead)
        except operate.Refused as why:
            yield _left(lead.id, lead.no, why)
    for lead, reason in effect.of_rearm(gateway, tx, rings).never if rings else ():
        yield _left(lead.id, lead.no, Refusal("not_rung", reason=reason))


def _left(lead_id: str, no: int, why: Refusal) -> dict[str, Any]:
    """A lead that is left as it is; `text` is the English of `why`."""
    return {"id": lead_id, "no": no, "text": str(why), "why": why}


def carry_out(gateway: Gateway, planned: Plan, do: str, who: str, why: str, despite: Iterable[str] = ()) -> Done:
    """Change each lead of the plan by itself, with its own history row. One that has changed since the
    plan, or that may not be changed, is left alone and told."""
    aside = tuple(despite)
    if aside and do != "rearm":
        raise operate.Refused("aside_for_rearm")
    changes: dict[str, Callable[[str, int], object]] = {
        "cancel": lambda lead, seen: operate.cancel(gateway, lead, who, why, seen),
        "rearm": lambda lead, seen: operate.rearm(gateway, lead, who, why, aside, seen, among_many=True),
        "remap": lambda lead, seen: operate.remap(gateway, lead, who, why, seen, among_many=True),
    }
    done = Done()
    for lead in planned.leads:
        try:
            changes[do](lead["id"], lead["history_n"])
            done.changed += 1
        except operate.Refused as refusal:
            done.refused.append(_left(lead["id"], lead["no"], refusal))
    gateway.log.info("operated_many", do=do, who=who, changed=done.changed, refused=len(done.refused))
    return done
