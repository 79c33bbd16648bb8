"""From a committed claim to one POST, and from its ending to the lead's next state.

An attempt whose fate is unknown is never tried again by the machine; a late owner changes nothing
without a proof.
"""

import json
import random
import threading
import time
from dataclasses import asdict
from typing import Any

from core import outcome as outcomes
from core import states
from core.lead import Lead
from core.outcome import Outcome
from core.reason import Reason
from flow import account as trouble
from flow import recover
from flow.claim import Claimed
from flow.gateway import Gateway
from store import attempts, leads
from store.attempts import Attempt
from store.engine import StoreUnavailable, Tx

WHO = "worker"
LAST_WORDS = 3  # tries, a second apart, that a worker which is asked to end still makes
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


def place(gateway: Gateway, claimed: Claimed) -> Outcome:
    """The only line that touches the provider."""
    if claimed.not_sent is not None:
        return claimed.not_sent
    return gateway.accounts[claimed.attempt.account].voice.place(claimed.attempt.call, claimed.start)


def record(gateway: Gateway, claimed: Claimed, outcome: Outcome) -> str:
    """Write what the attempt taught us, in one commit; the lead's state after it.

    An owner that comes too late changes nothing, unless it brings a proof."""
    lesson: trouble.Lesson | None = None
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        if claimed.not_sent is None and not attempts.exists(tx, claimed.attempt.id):
            recover.bring_back(tx, claimed.entry, now)
        lead = leads.get(tx, claimed.lead.id, lock=True)
        if lead is None:
            return ""  # an older database has forgotten it; its number and key are kept as guards
        state = lead.state
        if attempts.close(tx, claimed.attempt.id, outcome, now):
            state = _end_in_time(tx, lead, claimed.attempt, outcome, now)
            if not (claimed.calm and outcome.kind == outcomes.ACCEPTED):
                lesson = trouble.learn(gateway, tx, claimed.attempt, outcome, now)
        elif outcomes.is_proof(outcome) and attempts.prove(tx, claimed.attempt.id, outcome, now):
            state = _settle(tx, lead, claimed.attempt, outcome, now)
    gateway.log.info(
        "called",
        lead=lead.id,
        no=lead.no,
        attempt=claimed.attempt.n,
        outcome=outcome.kind,
        how=outcome.how,
        http_status=outcome.http_status,
        state=state,
    )
    if lesson is not None:
        trouble.say(gateway, lesson, outcome)
    return state


def _end_in_time(tx: Tx, lead: Lead, attempt: Attempt, outcome: Outcome, now: int) -> str:
    attempts.free_number(tx, attempt.id, attempt.account, attempt.call.number)
    transition, target = outcomes.transition_after(outcome)
    columns: dict[str, Any] = {"reason": outcome.how if target == states.UNKNOWN else ""}
    if target == states.READY:
        wait = BACKOFF_S[min(lead.tries, len(BACKOFF_S) - 1)]
        due_at = now + int(wait * random.uniform(0.75, 1.25) * 1000)  # noqa: S311 - jitter, no secret
        columns = {"reason": "retry", "due_at": due_at, "tries": lead.tries + 1}
    if target == states.REFUSED:
        columns = _refused(outcome)
    done = leads.move(tx, lead, transition, target, at=now, who=WHO, trace=_evidence(attempt, outcome), **columns)
    if not done:
        raise RuntimeError("an open attempt's lead was not calling")
    return target


def _refused(outcome: Outcome) -> dict[str, Any]:
    said = Reason("provider_refused", {"said": (outcome.error or "")[:200]})
    return {"reason": said.code, "reasons": json.dumps([asdict(said)])}


def _settle(tx: Tx, lead: Lead, attempt: Attempt, outcome: Outcome, now: int) -> str:
    target = states.ACCEPTED if outcome.kind == outcomes.ACCEPTED else states.REFUSED
    if target not in states.targets("settle", lead.state):
        return lead.state
    trace = {**_evidence(attempt, outcome), "late": True}
    columns = _refused(outcome) if target == states.REFUSED else {"reason": "", "reasons": "[]"}
    if not leads.move(tx, lead, "settle", target, at=now, who=WHO, trace=trace, **columns):
        raise RuntimeError("a locked lead changed under its proof")
    return target


def _evidence(attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    return {"attempt": attempt.n, "outcome": outcome.kind, "how": outcome.how, "http_status": outcome.http_status}


def record_surely(
    gateway: Gateway, claimed: Claimed, outcome: Outcome, ending: threading.Event | None = None, tries: int = 50
) -> None:
    """Record the outcome, also over a database that is away for a while; once `ending` is set, only a moment
    longer. What cannot be recorded is found by any worker as overdue and becomes `unknown`; it is never
    called again."""
    last_words = LAST_WORDS
    for n in range(tries):
        try:
            record(gateway, claimed, outcome)
            return
        except StoreUnavailable as why:
            gateway.log.warning("outcome_not_recorded", lead=claimed.lead.id, outcome=outcome.kind, why=str(why), n=n)
        if ending is None:
            time.sleep(min(0.1 * 2**n, 2.0))
        elif ending.wait(min(0.1 * 2**n, 2.0)):
            if not last_words:
                break
            last_words -= 1
            time.sleep(1.0)
    gateway.log.error("outcome_given_up", lead=claimed.lead.id, outcome=outcome.kind)
