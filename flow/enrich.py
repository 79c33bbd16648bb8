"""Asks the owner's CRM for what a lead lacks that came as an id only. Nothing here rings anybody.

A lead is taken for the length of its questions (`due_at` moves on), so that several workers do not ask
at once and a lead of a worker that was killed comes back by itself. The questions stand outside any
transaction; what they brought is written only when the lead is still as it was.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from core import fetching, policy
from core.expressions.slots import NoId
from core.fetching import Answers, Ask, Complete, NotYet
from core.lead import Lead
from core.ports import Answer
from core.reason import Reason
from core.source import Fetch, Source
from core.states import HELD, RECEIVED
from flow import decide
from flow.gateway import Gateway
from store import leads
from store import versions as sources
from store.engine import Tx

WHO = "worker"
NEW_VERSION_MS = 250
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
    try:
        with gateway.store.read() as tx:
            if not leads.anything_to_ask(tx, gateway.store.now_ms(tx)):
                return False
        with gateway.store.write() as tx:
            now = gateway.store.now_ms(tx)
            lead = leads.next_to_ask(tx, now)
            if lead is None:
                return False
            taken = _take(gateway, tx, lead, now)
    except _NotOurTurn:
        return True
    if taken is not None:
        _record(gateway, taken, _ask(gateway, taken))
    return True


def columns_to_receive(gateway: Gateway, source: str, payload: dict[str, Any]) -> dict[str, object]:
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
    if decide.is_behind(tx, lead.source, current):
        leads.postpone(tx, lead, now + NEW_VERSION_MS)
        return None
    if current is None or current.removed or not current.source.enabled:
        _hold(tx, lead, [Reason("source_off")], [], now)
        return None
    fetch = current.source.fetch
    if fetch is None:  # a new version asks nobody: the lead is mapped as it came
        _move(tx, lead, "defer", RECEIVED, [], [], now, asks_crm=0, due_at=now)
        return None
    too_old = policy.outwaited(current.source.policy, lead.received_at / 1000, now / 1000)
    if too_old is not None:
        _hold(tx, lead, [_given_up(lead, too_old), *_last_words(lead)], [], now)
        return None
    lease_ms = LEASE_MS * max(1, len(fetch.steps))
    if not sources.take_question(tx, lead.source, now, len(fetch.steps) * 1000 // fetch.rate, lease_ms):
        raise _NotOurTurn
    leads.postpone(tx, lead, now + lease_ms)
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
            ask_at = sources.crm_failed(tx, lead.source, now, CRM_AGAIN_MS, int(asked.failed.retry_after_s * 1000))
            _wait(tx, lead, _why(asked.failed), asked, now, due_at=ask_at)
        else:
            sources.crm_answered(tx, lead.source, now)
            _follow(tx, taken, asked, now)
    gateway.log.info(
        "asked_crm",
        lead=lead.id,
        no=lead.no,
        source=lead.source,
        steps=[(step["step"], step["answer"], step["status"]) for step in asked.trace],
        verdict="failed" if asked.failed else type(asked.next).__name__,
    )


def _follow(tx: Tx, taken: Taken, asked: Asked, now: int) -> None:
    lead = taken.lead
    if isinstance(asked.next, NoId):
        _hold(tx, lead, [Reason("crm_odd_id", {"field": asked.next.slot})], asked.trace, now)
    elif isinstance(asked.next, Complete):
        posted = fetching.as_posted(json.loads(lead.payload))
        payload = _text(fetching.with_answers(posted, taken.fetch, asked.answers))
        _move(tx, lead, "enrich", RECEIVED, [], asked.trace, now, payload=payload, asks_crm=0, due_at=now, tries=0)
    else:
        again = now + LOOK_AGAIN_MS[min(lead.tries, len(LOOK_AGAIN_MS) - 1)]
        _wait(tx, lead, Reason("crm_knows_no_phone"), asked, now, due_at=again, tries=lead.tries + 1)


def _wait(tx: Tx, lead: Lead, why: Reason, asked: Asked, now: int, **columns: Any) -> None:
    """A history row only where the reason is another than before."""
    reasons = [Reason("waits_for_crm"), why]
    if _written(reasons) == lead.reasons:
        leads.postpone(tx, lead, columns.pop("due_at"), **columns)
    else:
        _move(tx, lead, "defer", RECEIVED, reasons, asked.trace, now, **columns)


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
    return [Reason(**reason) for reason in json.loads(lead.reasons) if reason["code"] != "waits_for_crm"]


def _hold(tx: Tx, lead: Lead, reasons: list[Reason], trace: list[dict[str, Any]], now: int) -> None:
    _move(tx, lead, "hold", HELD, reasons, trace, now, asks_crm=0)


def _move(
    tx: Tx,
    lead: Lead,
    transition: str,
    target: str,
    reasons: list[Reason],
    trace: list[dict[str, Any]],
    now: int,
    **columns: Any,
) -> None:
    columns |= {"reason": reasons[0].code if reasons else "", "reasons": _written(reasons)}
    leads.move(tx, lead, transition, target, at=now, who=WHO, trace={"crm": trace} if trace else None, **columns)


def _written(reasons: list[Reason]) -> str:
    return json.dumps([asdict(reason) for reason in reasons])


def _text(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=True, separators=(",", ":"))
