"""Deliveries stored in one commit: keys first, all of them in one order; then what each comes to; then its rows.

A repeat of one that stands in the same batch is settled inside the batch, as if the other had come a moment before.
What would have to wait for somebody, or take one more key, is stored alone after the others (`flow.together.Apart`)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core import decision, states
from core.lead import Lead, not_stored
from core.move import Columns, Move
from core.reason import Reason
from flow import erased_keys
from flow.changed import Difference, difference
from flow.gateway import Gateway
from flow.intake_prepared import Prepared, Ready
from flow.seen import KEPT_MS
from flow.together import Apart
from store import deliveries, epoch, keys, leads
from store.engine import Tx
from store.keys import Key

ANOTHER_LEAD = {Difference.OTHER_PERSON: "same_id_other_number", Difference.NOW_A_LEAD: "signature_seen"}


@dataclass(frozen=True)
class Stored:
    """One lead of a delivery. `duplicate`: it had come before."""

    id: str
    state: str
    duplicate: bool


class Batch:
    """Some deliveries in their transaction. `looks`: the keys of erased leads are asked for before any is taken."""

    def __init__(self, gateway: Gateway, tx: Tx, prepared: Sequence[Prepared], *, looks: bool) -> None:
        self._gateway, self._tx, self._prepared = gateway, tx, prepared
        self._now = gateway.store.now_ms(tx)
        self._looks = looks
        self._alone = len(prepared) == 1
        self._holder: dict[Key, str] = {}  # the lead of each key and of each mark that is known
        self._known: dict[str, Lead] = {}  # leads that were there before, or that were asked for, as they are now
        self._new: dict[str, Ready] = {}  # leads of this batch
        self._numbers: dict[str, int] = {}  # of those that are written
        self._apart: set[Prepared] = set()
        self._waiting_leads: list[Ready] = []
        self._waiting_holds: list[tuple[str, list[Reason]]] = []
        self._waiting_links: list[tuple[str, str, int, str]] = []
        self._waiting_keys: dict[Key, int] = {}  # keys that an erased lead may have, with their windows
        self._deliveries_written = False

    def store(self) -> list[list[Stored]]:
        """What each delivery's leads came to, in the order in which they stand in it. Raises Apart and
        `flow.erased_keys.KeyOfErased`; the transaction has to be rolled back then."""
        self._take_keys()
        self._lock_firsts()
        if self._apart:
            raise Apart(self._apart)
        stored = [self._decide(prepared) for prepared in self._prepared]
        if self._apart:
            raise Apart(self._apart)
        self._write()
        self._remember_marks(stored)
        return stored

    # Read.

    def _take_keys(self) -> None:
        """Take every key that is free, and learn who has the others, and the marks."""
        wanted: dict[Key, Ready] = {}
        for one in self._all():
            wanted.setdefault(one.key, one)
        marks = {prepared.marks[0]: KEPT_MS for prepared in self._prepared if prepared.marks}
        if self._looks:
            windows = {key: one.window_ms for key, one in wanted.items()} | marks
            self._holder |= erased_keys.holders(self._gateway, self._tx, windows, self._now)
        order = [key for key in sorted(wanted, key=keys.in_order) if key not in self._holder]
        while order:
            window_ms = wanted[order[0]].window_ms
            n = next((n for n, key in enumerate(order) if wanted[key].window_ms != window_ms), len(order))
            run, order = {key: wanted[key].lead["id"] for key in order[:n]}, order[n:]
            self._holder |= {key: run[key] for key in keys.take(self._tx, run, self._now, window_ms)}
        if others := [key for key in {**wanted, **marks} if key not in self._holder]:
            self._holder |= keys.holders(self._tx, others)

    def _lock_firsts(self) -> None:
        """The leads that ours are repeats of, locked."""
        new = {one.lead["id"] for one in self._all()}
        self._lock({self._holder[one.key] for one in self._all()} - new)
        self._apart |= {
            prepared
            for prepared in self._prepared
            if any(self._holder[one.key] not in self._known.keys() | new for one in prepared.leads)
        }

    def _lock(self, lead_ids: set[str]) -> None:
        """One alone waits for what somebody holds."""
        if lead_ids:
            self._known |= leads.get_all(self._tx, lead_ids, waits=self._alone)
            if self._alone and not lead_ids <= self._known.keys():
                raise RuntimeError("an event key points to no lead")

    def _all(self) -> list[Ready]:
        return [one for prepared in self._prepared for one in prepared.leads]

    # Decide.

    def _decide(self, prepared: Prepared) -> list[Stored]:
        came_before = self._holder.get(prepared.marks[0]) if prepared.marks else None
        stored: dict[int, Stored] = {}
        for one in prepared.leads:
            stored[one.position] = self._decide_lead(prepared, one, came_before)
        for mark in prepared.marks:
            self._holder.setdefault(mark, stored[0].id)
        return [stored[position] for position in sorted(stored)]

    def _decide_lead(self, prepared: Prepared, one: Ready, came_before: str | None) -> Stored:
        lead_id = self._holder[one.key]
        if lead_id == one.lead["id"]:
            return self._receive(prepared, one, self._reasons_to_hold(prepared, one, came_before), one.key, came_before)
        first = self._first(lead_id)
        changed = difference(prepared.source, first, one.piece, self._gateway.digest)
        if changed in ANOTHER_LEAD:
            if not self._alone:
                self._apart.add(prepared)
                return Stored(lead_id, first.state, duplicate=True)
            # For a person to decide; the key with its digest makes its own retries repeats of it.
            reason = Reason(ANOTHER_LEAD[changed], {"no": self._no(first.id)})
            key = (one.key[0], json.dumps([one.key[1], one.piece.digest]))
            first_or_none = self._take_one(key, one)
            if first_or_none is None:
                return self._receive(prepared, one, [reason], key, came_before)
            first, changed = first_or_none, Difference.NONE
        return self._repeat(prepared, one, first, changed, came_before)

    def _first(self, lead_id: str) -> Lead:
        """The lead a repeat is of, as it is by now; of this batch where it came with it."""
        if any(lead_id == held for held, _ in self._waiting_holds):
            self._write()
        if lead_id not in self._known:
            self._known[lead_id] = self._as_received(lead_id)
        return self._known[lead_id]

    def _as_received(self, lead_id: str) -> Lead:
        lead = self._new[lead_id].lead
        given = (lead["source"], lead["account"], lead["event_key"], lead["digest"], lead["payload"])
        return replace(not_stored(*given, self._now), id=lead_id, asks_crm=lead["asks_crm"])

    def _no(self, lead_id: str) -> int | str:
        """The number people say of a lead that came before."""
        self._write()
        lead = leads.get(self._tx, lead_id)
        return lead.no if lead else "?"

    def _take_one(self, key: Key, one: Ready) -> Lead | None:
        """The lead that has this key, locked; None when it is ours now."""
        if self._looks:
            windows = {key: one.window_ms}
            self._holder |= erased_keys.holders(self._gateway, self._tx, windows, self._now)
        if key not in self._holder and keys.take(self._tx, {key: one.lead["id"]}, self._now, one.window_ms):
            self._holder[key] = one.lead["id"]
            return None
        if key not in self._holder:
            self._holder |= keys.holders(self._tx, [key])
        if self._holder[key] not in self._known and self._holder[key] not in self._new:
            self._lock({self._holder[key]})
        return self._first(self._holder[key])

    def _reasons_to_hold(self, prepared: Prepared, one: Ready, came_before: str | None) -> list[Reason]:
        if one.piece.problem:
            return [Reason("unreadable"), Reason(one.piece.problem)]
        seen = [Reason("signature_seen", {"no": self._no(came_before)})] if came_before else []
        return seen + ([Reason("late_signature")] if prepared.late else [])

    def _receive(self, prepared: Prepared, one: Ready, hold: list[Reason], key: Key, came_before: str | None) -> Stored:
        lead_id = one.lead["id"]
        self._new[lead_id] = one
        self._waiting_leads.append(one)
        self._waiting_keys[key] = one.window_ms
        if prepared.marks and not came_before:
            self._waiting_keys[prepared.marks[0]] = KEPT_MS
        self._waiting_links.append((prepared.kept.id, lead_id, one.position, "first"))
        if not hold:
            return Stored(lead_id, states.RECEIVED, duplicate=False)
        self._waiting_holds.append((lead_id, hold))
        return Stored(lead_id, states.HELD, duplicate=False)

    def _repeat(
        self, prepared: Prepared, one: Ready, first: Lead, changed: Difference, came_before: str | None
    ) -> Stored:
        """A repeat never vanishes: it is a delivery of its lead, and mends it where no call was claimed and nothing
        protects it. What came before, or comes late, is old: it mends nothing."""
        kind, state = "repeat", first.state
        differs = changed is Difference.SAME_PERSON and not (came_before or prepared.late)
        if differs and first.claims:
            kind = "changed_after_call"
            leads.mark_changed_after_call(self._tx, first.id)
        elif differs and not first.protected_by and states.targets("correct", first.state):
            kind, state = "correction", self._correct(one, first)
        self._waiting_links.append((prepared.kept.id, first.id, one.position, kind))
        return Stored(first.id, state, duplicate=True)

    # Write.

    def _correct(self, one: Ready, first: Lead) -> str:
        """Mend the lead; its state then."""
        self._write()
        columns: Columns = {
            "payload": one.lead["payload"],
            "digest": one.piece.digest,
            "asks_crm": one.lead["asks_crm"],
            "tries": 0,
            "due_at": self._now,
        }
        moves = [Move("correct", states.RECEIVED, columns=columns, who="web", old_payload=first.payload)]
        if first.received_at <= epoch.lost_calls_before(self._tx):
            moves.append(decision.hold(Reason("may_have_rung")))
        self._known[first.id] = leads.apply(self._tx, self._known[first.id], *moves, at=self._now)
        return moves[-1].target

    def _write(self) -> None:
        """Whatever was decided so far."""
        came = [prepared.kept for prepared in self._prepared if not self._deliveries_written]
        self._deliveries_written = True
        numbers, any_erased = leads.receive(
            self._tx,
            [one.lead for one in self._waiting_leads],
            at=self._now,
            stood_in=[deliveries.of(came, at=self._now)],
            links=self._waiting_links,
        )
        self._numbers |= numbers
        if any_erased:
            erased_keys.refuse(self._gateway, self._tx, self._waiting_keys, self._now)
        for lead_id, reasons in self._waiting_holds:
            move = decision.hold(*reasons)
            self._known[lead_id] = leads.apply(self._tx, self._as_received(lead_id), move, at=self._now)
        self._waiting_leads, self._waiting_links, self._waiting_holds, self._waiting_keys = [], [], [], {}

    def _remember_marks(self, stored: Sequence[Sequence[Stored]]) -> None:
        """Keep what was signed, under a lead of its delivery."""
        marks: dict[Key, str] = {}
        for prepared, its in zip(self._prepared, stored, strict=True):
            for mark in prepared.marks:
                marks.setdefault(mark, its[0].id)
        if marks:
            keys.take(self._tx, marks, self._now, KEPT_MS)
