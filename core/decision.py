"""What becomes of a lead: the one place that decides.

The worker decides with it on what is stored, and again when it claims; `sources try`, the comparison of
two versions and the examples of presets ask the same function about leads that nobody rings. Pure.
"""

from core import policy
from core.lead import Lead
from core.mapping import Mapped, Unmapped
from core.move import Columns, Move, later
from core.policy import Facts, Verdict
from core.reason import Reason
from core.source import Source
from core.states import CALLING, HELD, READY, RECEIVED, SUPPRESSED

NEW_VERSION_MS = 250  # until a process has read a version that another one has just taken


def decide(mapped: Mapped | Unmapped, source: Source | None, facts: Facts, now_ms: int) -> Move:
    """The move of a lead that `source` (None: it was removed) made into `mapped`, by what is known of it now.

    A received lead becomes ready, held or suppressed; a ready one is claimed, put off, held or suppressed.
    The reasons name everything that stands in the way, the weightiest first, then what failed on the way."""
    if facts.behind:  # nothing may be decided yet, not even that the source is off
        return later(facts.state, now_ms + NEW_VERSION_MS)
    if source is None:
        return hold(Reason("source_off"))
    if facts.state == READY and facts.version != facts.mapped_by and source.enabled:
        return redo(now_ms)
    if isinstance(mapped, Unmapped):
        return _without_call(mapped, source, facts)
    verdict = policy.check(mapped.call, facts, source.policy, now_ms, dry_run=source.dry_run)
    trace = {**mapped.trace, "rules": list(verdict.rules)}
    first = () if verdict.reason is None else (verdict.reason,)
    reasons = (*first, *mapped.reasons)
    columns = _of_call(mapped, source, facts) if facts.state == RECEIVED else Columns()
    if why := _cannot_ring(source, facts):
        return Move("hold", HELD, (why, *reasons), trace, columns)
    if verdict.kind == policy.HOLD:
        return Move("hold", HELD, reasons, trace, columns)
    if verdict.kind == policy.SUPPRESS:
        return Move("suppress", SUPPRESSED, reasons, trace, columns)
    if facts.state == RECEIVED:
        waits_for = first[0].code if first else ""
        columns["due_at"] = now_ms if verdict.until_ms is None else verdict.until_ms
        return Move("map", READY, reasons, trace, columns, waits_for=waits_for)
    if verdict.kind == policy.ALLOW:
        return Move("claim", CALLING, (), trace, {"urgent": 0})
    return _put_off(verdict, facts, reasons, trace, now_ms)


def claim(lead: Lead, move: Move, attempt_n: int) -> tuple[Move, ...]:
    """The move of a lead that rings now, with its n-th attempt; of a received one, that `move` maps in the same breath,
    both."""
    trace = {"attempt": attempt_n, "rules": move.trace.get("rules", [])}
    claimed = Move("claim", CALLING, trace=trace, columns={"claims": lead.claims + 1, "urgent": 0})
    return (claimed,) if move.target == CALLING else (move, claimed)


def redo(now_ms: int) -> Move:
    """Back to `received`, to be mapped by the version now in force."""
    return Move("redo", RECEIVED, columns={"due_at": now_ms})


def put_on_do_not_call() -> Move:
    """A lead that waited while its number was put on the list."""
    rule = {"rule": "do_not_call", "verdict": policy.SUPPRESS}
    return Move("suppress", SUPPRESSED, (Reason("do_not_call"),), {"rules": [rule]})


def hold(*reasons: Reason) -> Move:
    """To a person, with reasons a marketer understands."""
    return Move("hold", HELD, reasons)


def _put_off(
    verdict: Verdict, facts: Facts, reasons: tuple[Reason, ...], trace: dict[str, object], now_ms: int
) -> Move:
    """A ready lead that waits; a history row only where it waits for another reason than before."""
    due_at = now_ms if verdict.until_ms is None else verdict.until_ms
    if reasons and reasons[0].code == facts.waits_for:
        return later(READY, due_at)
    return Move("defer", READY, reasons, trace, {"due_at": due_at})


def _without_call(mapped: Unmapped, source: Source, facts: Facts) -> Move:
    """A test without a phone is a test all the same; what is no lead is suppressed; the rest waits for a person."""
    columns: Columns = {"version": facts.version, "person": mapped.person, "asked_at": mapped.asked_at_ms}
    if why := _cannot_ring(source, facts):
        return Move("hold", HELD, (why, *mapped.reasons), mapped.trace, columns)
    if policy.is_test(source.policy, facts.payload):
        return Move("suppress", SUPPRESSED, (Reason("test"),), mapped.trace, columns)
    if not mapped.is_lead:
        return Move("suppress", SUPPRESSED, mapped.reasons, mapped.trace, columns)
    return Move("hold", HELD, mapped.reasons, mapped.trace, columns)


def _cannot_ring(source: Source, facts: Facts) -> Reason | None:
    """Why no lead of this source is rung at the moment, whatever it says."""
    if not source.enabled:
        return Reason("source_off")
    return None if facts.account_known else Reason("no_account", {"account": source.account})


def _of_call(mapped: Mapped, source: Source, facts: Facts) -> Columns:
    return {
        "version": facts.version,
        "account": source.account,
        "number": mapped.call.number,
        "script": mapped.call.script,
        "sms": mapped.call.sms,
        "person": mapped.person,
        "asked_at": mapped.asked_at_ms,
    }
