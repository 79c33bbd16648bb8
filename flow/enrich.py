"""Asks the owner's CRM for what a lead lacks that came as an id only. Nothing here rings anybody.

A lead is taken for the length of its questions (`due_at` moves on), so that several workers do not ask
at once and a lead of a worker that was killed comes back by itself. The questions stand outside any
transaction; what they brought is written only when the lead is still as it was.
"""

import contextlib
import json
from dataclasses import dataclass, field
from typing import Any

from core import fetching, policy
from core.as_kept import as_kept
from core.decision import NEW_VERSION_MS
from core.expressions.slots import NoId
from core.fetching import Answers, Ask, Complete, NotYet
from core.lead import Lead
from core.move import Columns, Move, later, written
from core.ports import Answer
from core.reason import Reason
from core.source import Fetch, Source
from core.states import HELD, RECEIVED
from flow.decide import set_apart
from flow.gateway import Gateway
from store import due, leads, versions
from store.changes import NotAsSeen
from store.engine import StoreUnavailable, Tx

LEASE_MS = 15_000  # for each question; one lasts 8 s at most, and the pace's pause comes beside
# amoCRM links the contact a second or two after it posts the lead: the first looks come soon.
LOOK_AGAIN_MS = tuple(s * 1000 for s in (1, 2, 4, 8, 15, 30, 60, 120, 300, 600, 1800))
CRM_AGAIN_MS = tuple(s * 1000 for s in (1, 2, 5, 10, 20, 30, 60))


@dataclass(frozen=True)
class Taken:
    """A lead taken for its questions, as it stood."""

    lead: Lead
    source: Source
    fetch: Fetch


@dataclass(frozen=True)
class Asked:
    """How the questions went: all answered (`next` says what is missing), or stopped by `failed`."""

    answers: Answers
    next: Complete | NotYet | NoId | None
    failed: Answer | None = None
    trace: list[dict[str, Any]] = field(default_factory=list)


class _NotOurTurn(Exception):
    """Another worker took this moment of the CRM's pace: the claim is rolled back."""


def enrich_next(gateway: Gateway) -> bool:
    """Ask for one lead and write what came of it; False when no lead waits for a question now."""
    lead = None
    try:
        with gateway.store.read() as tx:
            if not due.anything_to_ask(tx, gateway.store.now_ms(tx)):
                return False
        with gateway.store.write() as tx:
            now = gateway.store.now_ms(tx)
            lead = due.next_to_ask(tx, now)
            if lead is None:
                return False
            taken = _take(gateway, tx, lead, now)
        if taken is not None:
            _record(gateway, taken, _ask(gateway, taken))
    except StoreUnavailable:
        raise
    except _NotOurTurn:
        return True
    except Exception:
        if lead is None:  # no lead is at fault
            raise
        gateway.log.exception("asking_failed", lead=lead.id, no=lead.no, source=lead.source)
        set_apart(gateway, lead.id)
    return True


def columns_to_receive(gateway: Gateway, source: str, payload: dict[str, Any]) -> Columns:
    """The columns of a lead that is to be mapped (again) from what was posted: the CRM is asked anew, and
    what it said before is dropped. A source that asks nobody any more keeps what was answered once."""
    current = gateway.sources.get(source)
    posted = fetching.as_posted(payload)
    if current is None or not fetching.needs_asking(posted, current.source):
        return {"asks_crm": 0}
    return {"asks_crm": 1, "payload": _text(posted), "tries": 0}


def _take(gateway: Gateway, tx: Tx, lead: Lead, now: int) -> Taken | None:
    """The lead with its lease and the CRM's turn, or None where it was moved without a question."""
    current = gateway.sources.get(lead.source)
    if gateway.sources.behind(tx, [lead.source]):
        leads.apply(tx, lead, later(RECEIVED, now + NEW_VERSION_MS), at=now)
        return None
    if current is None or current.removed or not current.source.enabled:
        leads.apply(tx, lead, _held(Reason("source_off")), at=now)
        return None
    fetch = current.source.fetch
    if fetch is None:  # a new version asks nobody: the lead is mapped as it came
        leads.apply(tx, lead, Move("defer", RECEIVED, columns={"asks_crm": 0, "due_at": now}), at=now)
        return None
    too_old = policy.outwaited(current.source.policy, lead.received_at, now)
    if too_old is not None:
        leads.apply(tx, lead, _held(_given_up(lead, too_old), *_last_words(lead)), at=now)
        return None
    lease_ms = LEASE_MS * max(1, len(fetch.steps))
    if not versions.take_question(tx, lead.source, now, len(fetch.steps) * 1000 // fetch.rate, lease_ms):
        raise _NotOurTurn
    leads.apply(tx, lead, later(RECEIVED, now + lease_ms), at=now)
    return Taken(lead, current.source, fetch)


def _ask(gateway: Gateway, taken: Taken) -> Asked:
    """Question after question, from the first: what was answered an hour ago may have changed."""
    fetch, payload = taken.fetch, fetching.as_posted(json.loads(taken.lead.payload))
    secret = gateway.secrets(fetch.token) if fetch.token else ""
    if secret is None or not (secret.isascii() and secret.isprintable()):
        return Asked({}, None, Answer("no_token", how=fetch.token))
    answers: Answers = {}
    trace: list[dict[str, Any]] = []
    while isinstance(following := fetching.next_question(payload, taken.source, answers, secret), Ask):
        if answers:
            gateway.pause(1 / fetch.rate)
        answer = gateway.crm.ask(following.question)
        tree = fetching.tree_of(answer.body) if answer.kind == "told" else None
        if answer.kind == "told" and tree is None:
            answer = Answer("odd", answer.status, "not_json")
        trace.append({"step": following.step, "answer": answer.kind, "how": answer.how, "status": answer.status})
        if answer.kind not in ("told", "nothing"):
            return Asked(answers, None, answer, trace)
        answers[following.step] = tree
    return Asked(answers, following, None, trace)


def _record(gateway: Gateway, taken: Taken, asked: Asked) -> None:
    """One commit. A lead that changed meanwhile (corrected, cancelled, asked by another) stays as it is."""
    lead = taken.lead
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        if asked.failed is not None:
            ask_at = versions.crm_failed(tx, lead.source, now, CRM_AGAIN_MS, asked.failed.retry_after_ms)
            move = _wait(lead, _why(asked.failed), asked, {"due_at": ask_at})
        else:
            versions.crm_answered(tx, lead.source, now)
            move = _follow(taken, asked, now)
        with contextlib.suppress(NotAsSeen):
            leads.apply(tx, lead, move, at=now)
    gateway.log.info(
        "asked_crm",
        lead=lead.id,
        no=lead.no,
        source=lead.source,
        steps=[(step["step"], step["answer"], step["status"]) for step in asked.trace],
        verdict="failed" if asked.failed else type(asked.next).__name__,
    )


def _follow(taken: Taken, asked: Asked, now: int) -> Move:
    """What becomes of the lead once its CRM has answered."""
    lead = taken.lead
    if isinstance(asked.next, NoId):
        return _held(Reason("crm_odd_id", {"field": asked.next.slot}), trace=asked.trace)
    if isinstance(asked.next, Complete):
        posted = fetching.as_posted(json.loads(lead.payload))
        payload = _text(fetching.with_answers(posted, taken.fetch, asked.answers))
        columns: Columns = {"payload": payload, "asks_crm": 0, "due_at": now, "tries": 0}
        return Move("enrich", RECEIVED, trace=_trace(asked.trace), columns=columns)
    again = now + LOOK_AGAIN_MS[min(lead.tries, len(LOOK_AGAIN_MS) - 1)]
    return _wait(lead, Reason("crm_knows_no_phone"), asked, {"due_at": again, "tries": lead.tries + 1})


def _wait(lead: Lead, why: Reason, asked: Asked, columns: Columns) -> Move:
    """A history row only where the reason is another than before."""
    reasons = (Reason("waits_for_crm"), why)
    quiet = written(reasons) == lead.reasons
    return Move("defer", RECEIVED, reasons, _trace(asked.trace), columns, quiet=quiet)


def _why(failed: Answer) -> Reason:
    """What keeps the CRM from answering, in a marketer's words."""
    code = {"busy": "crm_busy", "token": "crm_token", "no_token": "crm_no_token", "silent": "crm_silent"}.get(
        failed.kind, "crm_odd"
    )
    return Reason(code, {"status": failed.status, "how": failed.how})


def _given_up(lead: Lead, too_old: Reason) -> Reason:
    told = any(reason.code == "crm_knows_no_phone" for reason in _last_words(lead))
    return Reason("crm_no_phone" if told else "crm_no_answer", too_old.params)


def _last_words(lead: Lead) -> list[Reason]:
    """Why the lead waited, without that it waited."""
    return [as_kept(Reason, reason) for reason in json.loads(lead.reasons) if reason["code"] != "waits_for_crm"]


def _held(*reasons: Reason, trace: list[dict[str, Any]] | None = None) -> Move:
    return Move("hold", HELD, reasons, _trace(trace or []), {"asks_crm": 0})


def _trace(steps: list[dict[str, Any]]) -> dict[str, Any]:
    return {"crm": steps} if steps else {}


def _text(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
