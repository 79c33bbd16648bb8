"""Every state a lead can be in and every transition between them: the one table.

`store.leads.move` is the only code that changes a lead's state, and it refuses what
this table does not hold. A state that waits for a person is in `NEEDS_A_PERSON`.
"""

RECEIVED = "received"  # stored, not yet mapped
READY = "ready"  # mapped and allowed; to be sent at `due_at`
HELD = "held"  # cannot become a call until a person looks
SUPPRESSED = "suppressed"  # deliberately not called
CALLING = "calling"  # an attempt is committed; bytes may be on the wire. After a crash: unknown
ACCEPTED = "accepted"  # the provider answered ok
REFUSED = "refused"  # the provider answered error
UNKNOWN = "unknown"  # sent or maybe sent, and no trustworthy answer came; never repeated by itself
CANCELLED = "cancelled"  # a person ended it

STATES = (RECEIVED, READY, HELD, SUPPRESSED, CALLING, ACCEPTED, REFUSED, UNKNOWN, CANCELLED)
NEEDS_A_PERSON = frozenset({HELD, REFUSED, UNKNOWN})
NEW = ""  # the "from" of a lead that was not there before

TRANSITIONS: dict[str, frozenset[tuple[str, str]]] = {
    "receive": frozenset({(NEW, RECEIVED)}),
    "correct": frozenset((s, RECEIVED) for s in (RECEIVED, READY, HELD, SUPPRESSED)),
    "map": frozenset({(RECEIVED, READY)}),
    "hold": frozenset({(RECEIVED, HELD), (READY, HELD)}),
    "suppress": frozenset({(RECEIVED, SUPPRESSED), (READY, SUPPRESSED)}),
    "enrich": frozenset({(RECEIVED, RECEIVED)}),  # the owner's CRM answered; its words stand in the payload
    "defer": frozenset({(RECEIVED, RECEIVED), (READY, READY)}),
    "redo": frozenset({(READY, RECEIVED)}),
    "claim": frozenset({(READY, CALLING)}),
    "accept": frozenset({(CALLING, ACCEPTED)}),
    "refuse": frozenset({(CALLING, REFUSED)}),
    "lose": frozenset({(CALLING, UNKNOWN)}),
    "release": frozenset({(CALLING, READY)}),
    # The database went back to before a call that a journal knows of.
    "recall": frozenset((s, UNKNOWN) for s in (RECEIVED, READY, HELD, SUPPRESSED)),
    "settle": frozenset(
        {(UNKNOWN, ACCEPTED), (UNKNOWN, REFUSED)} | {(s, ACCEPTED) for s in (RECEIVED, READY, HELD, SUPPRESSED)}
    ),
    "cancel": frozenset((s, CANCELLED) for s in (RECEIVED, READY, HELD, SUPPRESSED, REFUSED, UNKNOWN)),
    "remap": frozenset((s, RECEIVED) for s in (RECEIVED, HELD, SUPPRESSED, CANCELLED)),
    "rearm": frozenset((s, READY) for s in (HELD, SUPPRESSED, REFUSED, UNKNOWN, ACCEPTED, CANCELLED)),
    "resolve": frozenset({(UNKNOWN, ACCEPTED)}),
}


def allowed(transition: str, origin: str, target: str) -> bool:
    """Whether the table holds this move. KeyError for a transition that does not exist."""
    return (origin, target) in TRANSITIONS[transition]


def targets(transition: str, origin: str) -> frozenset[str]:
    """The states a lead in `origin` may reach by `transition`; empty when it may not."""
    return frozenset(t for s, t in TRANSITIONS[transition] if s == origin)
