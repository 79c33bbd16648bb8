"""What becomes of a lead whose call has ended: by its owner in time, by its owner late, or by nobody. Pure."""

from core import outcome as outcomes
from core import states
from core.lead import Lead
from core.move import Columns, Move
from core.outcome import Outcome
from core.reason import Reason

OUR_OWN = frozenset({"journal", "unproven_commit"})  # not sent, and by no fault of the lead's or of the provider's
OUR_OWN_MS = 5_000
BACKOFF_MS = (1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000)


def in_time(lead: Lead, attempt_n: int, outcome: Outcome, now_ms: int, jitter: float) -> Move:
    """The owner tells how the attempt ended. `jitter` is from 0.75 to 1.25, for what is tried again."""
    transition, target = outcomes.transition_after(outcome)
    trace = _evidence(attempt_n, outcome)
    if target == states.READY and outcome.how in OUR_OWN:  # it does not count against the lead
        again: Columns = {"due_at": now_ms + int(OUR_OWN_MS * jitter)}
        return Move(transition, target, trace=trace, columns=again, waits_for="retry")
    if target == states.READY:
        wait_ms = int(BACKOFF_MS[min(lead.tries, len(BACKOFF_MS) - 1)] * jitter)
        columns: Columns = {"due_at": now_ms + wait_ms, "tries": lead.tries + 1}
        return Move(transition, target, trace=trace, columns=columns, waits_for="retry")
    if target == states.REFUSED:
        return Move(transition, target, _refused(outcome), trace)
    return Move(transition, target, trace=trace, waits_for=outcome.how if target == states.UNKNOWN else "")


def late(lead: Lead, attempt_n: int, outcome: Outcome) -> Move | None:
    """The owner comes too late, but with a proof; None where the lead has gone on and stays."""
    target = states.ACCEPTED if outcome.kind == outcomes.ACCEPTED else states.REFUSED
    if target not in states.targets("settle", lead.state):
        return None
    reasons = _refused(outcome) if target == states.REFUSED else ()
    return Move("settle", target, reasons, {**_evidence(attempt_n, outcome), "late": True})


def lost(attempt_id: str, outcome: Outcome) -> Move:
    """Nobody tells any more how the call ended."""
    trace = {"attempt_id": attempt_id, "outcome": outcome.kind, "how": outcome.how}
    return Move("lose", states.UNKNOWN, trace=trace, waits_for=outcome.how)


def brought_back(lead: Lead, attempt_n: int, round_: int, outcome: Outcome) -> Move | None:
    """A call that the database had forgotten; None where the lead is over and stays so."""
    if states.UNKNOWN not in states.targets("recall", lead.state):
        return None
    columns: Columns = {"claims": lead.claims + 1, "round": max(lead.round, round_)}
    trace = {"attempt": attempt_n, "how": outcome.how}
    return Move("recall", states.UNKNOWN, trace=trace, columns=columns, waits_for=outcome.how)


def counted_again(lead: Lead, round_: int) -> Move:
    """The lead stays as it is, and its counts know of the call."""
    columns: Columns = {"claims": lead.claims + 1, "round": max(lead.round, round_)}
    return Move("defer", lead.state, columns=columns, quiet=True)


def _refused(outcome: Outcome) -> tuple[Reason, ...]:
    return (Reason("provider_refused", {"said": (outcome.error or "")[:200]}),)


def _evidence(attempt_n: int, outcome: Outcome) -> dict[str, object]:
    return {"attempt": attempt_n, "outcome": outcome.kind, "how": outcome.how, "http_status": outcome.http_status}
