"""Every state a lead can be in and every transition between them: the one table.

`store.leads.apply` is the only code that changes a lead's state, and it refuses what
this table does not hold. Who waits, who is over, who needs a person and what a person
may do is derived from the table: no other file writes down a group of states.
"""

from collections.abc import Callable
from dataclasses import dataclass

RECEIVED, READY, HELD, SUPPRESSED = "received", "ready", "held", "suppressed"
CALLING, ACCEPTED, REFUSED, UNKNOWN, CANCELLED = "calling", "accepted", "refused", "unknown", "cancelled"
NEW = ""  # the "from" of a lead that was not there before


@dataclass(frozen=True)
class State:
    """What there is to know about a state. What neither waits, nor is in flight, nor needs a person is final:
    nobody has to do anything more, though a person may."""

    name: str
    meaning: str
    waits: bool = False  # the machine goes on with it by itself, at `due_at`
    needs_person: bool = False
    uncalled: bool = False  # no call of this round was claimed yet: a correction, or a proof of before, still counts
    after_a_crash: str = ""  # what it becomes when the process that works on it dies; empty: nobody does

    @property
    def in_flight(self) -> bool:
        return self.after_a_crash != ""

    @property
    def goes_on(self) -> bool:
        """The machine will ring, or is ringing."""
        return self.waits or self.in_flight

    @property
    def final(self) -> bool:
        return not (self.goes_on or self.needs_person)


STATES: dict[str, State] = {
    state.name: state
    for state in (
        State(
            RECEIVED,
            "stored, not yet mapped; or the CRM has still to be asked for the phone",
            waits=True,
            uncalled=True,
        ),
        State(READY, "mapped and allowed; to be sent at `due_at`", waits=True, uncalled=True),
        State(HELD, "cannot become a call until someone looks", needs_person=True, uncalled=True),
        State(SUPPRESSED, "deliberately not called", uncalled=True),
        State(CALLING, "an attempt is committed; bytes may be on the wire", after_a_crash=UNKNOWN),
        State(ACCEPTED, "the provider answered `ok`; its id and maximum price are kept"),
        State(REFUSED, "the provider answered `error`; its text is kept", needs_person=True),
        # Never repeated by the machine.
        State(UNKNOWN, "sent or maybe sent, and no trustworthy answer came", needs_person=True),
        State(CANCELLED, "a person ended it"),
    )
}


def _those(holds: Callable[[State], bool]) -> tuple[str, ...]:
    return tuple(name for name, state in STATES.items() if holds(state))


WAITING = _those(lambda state: state.waits)
ON_THE_WAY = _those(lambda state: state.waits or state.in_flight)
STANDING = _those(lambda state: state.final or state.needs_person)  # until a person, or a late proof, moves it
NEEDS_A_PERSON = _those(lambda state: state.needs_person)
FINAL = _those(lambda state: state.final)
UNCALLED = _those(lambda state: state.uncalled)

TRANSITIONS: dict[str, frozenset[tuple[str, str]]] = {
    "receive": frozenset({(NEW, RECEIVED)}),
    "correct": frozenset((s, RECEIVED) for s in UNCALLED),
    "map": frozenset({(RECEIVED, READY)}),
    "hold": frozenset((s, HELD) for s in WAITING),
    "suppress": frozenset((s, SUPPRESSED) for s in WAITING),
    "enrich": frozenset({(RECEIVED, RECEIVED)}),  # the owner's CRM answered; its words stand in the payload
    "defer": frozenset((s, s) for s in WAITING),
    "redo": frozenset({(READY, RECEIVED)}),
    "claim": frozenset({(READY, CALLING)}),
    "accept": frozenset({(CALLING, ACCEPTED)}),
    "refuse": frozenset({(CALLING, REFUSED)}),
    "lose": frozenset((s.name, s.after_a_crash) for s in STATES.values() if s.in_flight),
    "release": frozenset({(CALLING, READY)}),
    # The database went back to before a call that a journal knows of.
    "recall": frozenset((s, UNKNOWN) for s in UNCALLED),
    "settle": frozenset({(UNKNOWN, ACCEPTED), (UNKNOWN, REFUSED)} | {(s, ACCEPTED) for s in UNCALLED}),
    "cancel": frozenset((s, CANCELLED) for s in {*UNCALLED, *NEEDS_A_PERSON}),
    "remap": frozenset((s, RECEIVED) for s in (RECEIVED, HELD, SUPPRESSED, CANCELLED)),
    "rearm": frozenset((s, READY) for s in STANDING),
    "resolve": frozenset({(UNKNOWN, ACCEPTED)}),
}
BY_A_PERSON = ("cancel", "remap", "rearm", "resolve")
FOR_MANY = ("cancel", "rearm", "remap")  # a person's, of many leads at once: who resolves has looked one call up


def allowed(transition: str, origin: str, target: str) -> bool:
    """Whether the table holds this move. KeyError for a transition that does not exist."""
    return (origin, target) in TRANSITIONS[transition]


def targets(transition: str, origin: str) -> frozenset[str]:
    """The states a lead in `origin` may reach by `transition`; empty when it may not."""
    return frozenset(t for s, t in TRANSITIONS[transition] if s == origin)


def a_person_may(state: str) -> tuple[str, ...]:
    """The transitions by which a person may move a lead that is in this state."""
    return tuple(transition for transition in BY_A_PERSON if targets(transition, state))


# What comes of a lead when it is mapped and the policy is asked, now or in a trial.
DECIDED = tuple(state for transition in ("map", "hold", "suppress") for state in targets(transition, RECEIVED))
NOT_CALLED = tuple(state for state in DECIDED if state != READY)
