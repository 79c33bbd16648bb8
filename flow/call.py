"""From a lead whose turn it is to one POST, and from its ending to the lead's next state.

The claim and its attempt are committed before the first byte leaves; nothing after that commit
repeats the POST. An attempt whose fate is unknown is never tried again by the machine.
"""

import random
import time
from dataclasses import dataclass
from typing import Any

from core import outcome as outcomes
from core import policy, states
from core.lead import Lead
from core.outcome import Outcome
from core.ports import Call, Start
from core.reason import Reason
from flow import decide
from flow.house import House
from store import attempts, leads, sources
from store import house as accounts
from store.attempts import Attempt
from store.engine import StoreUnavailable, Tx
from store.ids import new_id

WHO = "worker"
EVERY_FIFTH_OLDEST = 5
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


@dataclass(frozen=True)
class Claimed:
    """A lead in `calling` and its committed attempt; `start` was taken before the transaction began."""

    lead: Lead
    attempt: Attempt
    start: Start


@dataclass(frozen=True)
class Rest:
    """Nothing to claim now. `seconds` until the account's pace allows the next call; None: nothing is due."""

    seconds: float | None = None


class _NotOurTurn(Exception):
    """Another worker took this moment of the account's pace: the whole claim is rolled back."""


def take_start() -> Start:
    """This moment on both clocks."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Start(boot=time.clock_gettime(boot), wall=time.time())


def claim_next(house: House, account: str, owner: str, turn: int = 0) -> Claimed | Rest | None:
    """Claim the account's next lead and commit its attempt. None: a lead was looked at but not claimed,
    look again. Every fifth `turn` takes the oldest due lead, the others the newest."""
    start = take_start()
    try:
        with house.store.write() as tx:
            now = house.store.now_ms(tx)
            wait = accounts.until_turn(tx, account, now) if house.rate else 0
            if wait:
                return Rest(wait / 1000)
            oldest = turn % EVERY_FIFTH_OLDEST == EVERY_FIFTH_OLDEST - 1
            lead = leads.next_ready(tx, account, now, oldest=oldest)
            if lead is None:
                return Rest()
            claimed = _claim(house, tx, lead, owner, start, now)
    except _NotOurTurn:
        return Rest(1 / house.rate)
    if claimed is not None:
        house.log.info("claimed", lead=lead.id, no=lead.no, attempt=claimed.attempt.n, source=lead.source)
    return claimed


def _claim(house: House, tx: Tx, lead: Lead, owner: str, start: Start, now: int) -> Claimed | None:
    """Everything that time can change is read again here; what fits no more is moved accordingly."""
    current = house.sources.get(lead.source)
    if current is None or current.removed or not current.source.enabled:
        decide.hold(tx, lead, [Reason("source_off")], {}, now)
        return None
    in_force = sources.number_in_force(tx, lead.source)
    if in_force != current.n:  # this process is about to read the new version
        leads.postpone(tx, lead, now + decide.NEW_VERSION_MS)
        return None
    if lead.version != in_force:
        redo(tx, lead, now)
        return None
    attempt = _attempt(house, tx, lead, now)
    if not attempts.lock_number(tx, lead.account, attempt.call.number, attempt.id):
        busy = policy.Verdict(policy.DEFER, Reason("number_busy"), now / 1000 + policy.BUSY_AGAIN_S, ())
        decide.follow(tx, lead, busy, {}, now)
        return None
    known = decide.gather(tx, lead, attempt.call, lead.asked_at, current.source)
    verdict = policy.check(attempt.call, known, current.source.policy, now / 1000, lead.set_aside)
    if verdict.kind != policy.ALLOW:
        attempts.free_number(tx, attempt.id, lead.account, attempt.call.number)
        decide.follow(tx, lead, verdict, {}, now)
        return None
    if not accounts.take_turn(tx, lead.account, now, house.rate):
        raise _NotOurTurn
    attempts.open_attempt(tx, attempt, owner, now)
    trace = {"attempt": attempt.n, "rules": list(verdict.rules)}
    columns: dict[str, Any] = {"claims": lead.claims + 1, "reason": "", "reasons": "[]", "urgent": 0}
    if not leads.move(tx, lead, "claim", states.CALLING, at=now, who=WHO, trace=trace, **columns):
        raise RuntimeError("a locked lead changed under its claim")
    return Claimed(lead, attempt, start)


def _attempt(house: House, tx: Tx, lead: Lead, now: int) -> Attempt:
    return Attempt(
        id=new_id(),
        lead=lead.id,
        n=attempts.next_n(tx, lead.id),
        round=lead.round,
        account=lead.account,
        call=Call(str(lead.number), str(lead.script), lead.sms),
        deadline_at=now + int(house.total_timeout * 1000),
    )


def redo(tx: Tx, lead: Lead, now: int) -> None:
    """Back to `received`, to be mapped by the version now in force."""
    leads.move(tx, lead, "redo", states.RECEIVED, at=now, who=WHO, due_at=now, reason="", reasons="[]")


def place(house: House, claimed: Claimed) -> Outcome:
    """The only line that touches the provider."""
    return house.voices[claimed.attempt.account].place(claimed.attempt.call, claimed.start)


def record(house: House, claimed: Claimed, outcome: Outcome) -> str:
    """Write what the attempt taught us, in one commit; the lead's state after it.

    An owner that comes too late changes nothing, unless it brings a proof."""
    with house.store.write() as tx:
        now = house.store.now_ms(tx)
        lead = leads.get(tx, claimed.lead.id, lock=True)
        if lead is None:
            raise RuntimeError("a claimed lead is gone")
        if attempts.close(tx, claimed.attempt.id, outcome, now):
            _end_in_time(tx, lead, claimed.attempt, outcome, now)
        elif outcomes.is_proof(outcome) and attempts.prove(tx, claimed.attempt.id, outcome, now):
            _settle(tx, lead, claimed.attempt, outcome, now)
        after = leads.get(tx, lead.id)
    state = "" if after is None else after.state
    house.log.info(
        "called",
        lead=lead.id,
        no=lead.no,
        attempt=claimed.attempt.n,
        outcome=outcome.kind,
        how=outcome.how,
        http_status=outcome.http_status,
        state=state,
    )
    return state


def _end_in_time(tx: Tx, lead: Lead, attempt: Attempt, outcome: Outcome, now: int) -> None:
    attempts.free_number(tx, attempt.id, attempt.account, attempt.call.number)
    transition, target = outcomes.transition_after(outcome)
    columns: dict[str, Any] = {"reason": outcome.how if target == states.UNKNOWN else ""}
    if target == states.READY:
        wait = BACKOFF_S[min(lead.tries, len(BACKOFF_S) - 1)]
        due_at = now + int(wait * random.uniform(0.75, 1.25) * 1000)  # noqa: S311 - jitter, no secret
        columns = {"reason": "retry", "due_at": due_at, "tries": lead.tries + 1}
    done = leads.move(tx, lead, transition, target, at=now, who=WHO, trace=_evidence(attempt, outcome), **columns)
    if not done:
        raise RuntimeError("an open attempt's lead was not calling")


def _settle(tx: Tx, lead: Lead, attempt: Attempt, outcome: Outcome, now: int) -> None:
    target = states.ACCEPTED if outcome.kind == outcomes.ACCEPTED else states.REFUSED
    if target in states.targets("settle", lead.state):
        trace = {**_evidence(attempt, outcome), "late": True}
        leads.move(tx, lead, "settle", target, at=now, who=WHO, trace=trace, reason="", reasons="[]")


def _evidence(attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    return {"attempt": attempt.n, "outcome": outcome.kind, "how": outcome.how, "http_status": outcome.http_status}


def record_surely(house: House, claimed: Claimed, outcome: Outcome, tries: int = 50) -> None:
    """Record the outcome, also over a database that is away for a while. What cannot be recorded is
    found by any worker as overdue and becomes `unknown`; it is never called again."""
    for n in range(tries):
        try:
            record(house, claimed, outcome)
            return
        except StoreUnavailable as why:
            house.log.warning("outcome_not_recorded", lead=claimed.lead.id, outcome=outcome.kind, why=str(why), n=n)
            time.sleep(min(0.1 * 2**n, 2.0))
    house.log.error("outcome_given_up", lead=claimed.lead.id, outcome=outcome.kind)
