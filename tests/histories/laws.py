"""What must hold after each step of a history, and what every lead must have come to at its end."""

import json
from collections import defaultdict
from contextlib import contextmanager

from sqlalchemy import func, select
from structlog.testing import capture_logs

from core import states
from core.outcome import NOT_SENT
from core.reason import PROTECTING
from flow import decide, enrich, pauses
from store import do_not_call
from store.tables import attempts, history, leads
from tests.fakes import CRM_TOKEN, TOKEN, YES
from tests.histories import texts

MISTAKES = {  # what the product logs where it survives a bug of its own
    *("claims_one_by_one", "claim_failed", "decisions_one_by_one", "decision_failed", "mapping_failed", "not_erased"),
}
HOUR_MS = 3_600_000
MOST_MOMENTS = 60


class LawBroken(Exception):
    """Which law, and how."""

    def __init__(self, law, how):
        super().__init__(f"{law}: {how}")
        self.law = law


@contextmanager
def without_mistakes():
    """Whatever the product survives by logging a bug of its own breaks a law."""
    with capture_logs() as lines:
        yield
    for line in lines:
        if line["event"] in MISTAKES:
            raise LawBroken("a step raised", f"{line['event']}: {line.get('exc_info')}")


def of_claim(world, one):
    """Whom this claim may ring at all."""
    lead = one.lead
    if lead.id in world.protected:
        raise LawBroken("a protecting hold rang", f"lead {lead.no}")
    if world.paused:
        raise LawBroken("a paused account rang", f"lead {lead.no}")
    with world.store.read() as tx:
        now = world.store.now_ms(tx)
        if do_not_call.listed(tx, [one.attempt.call.number]):
            raise LawBroken("do-not-call rang", f"lead {lead.no}")
        cap = world.processes["a"].gateway.sources.get(lead.source).source.policy.calls_per_hour
        of_hour = select(func.count()).where(
            attempts.c.source == lead.source,
            attempts.c.started_at > now - HOUR_MS,
            attempts.c.started_at <= now,
            attempts.c.outcome.is_(None) | (attempts.c.outcome != NOT_SENT),
        )
        if cap and tx.execute(of_hour).scalar_one() > cap:
            raise LawBroken("over a cap", f"lead {lead.no}, {cap} an hour")


def hold(world):
    """Every acknowledged lead is there, in one state, by a path through the table; nothing was a mistake."""
    with world.store.read() as tx:
        rows = {row.id: row for row in tx.execute(select(leads))}
        went = defaultdict(list)
        for row in tx.execute(select(history).order_by(history.c.lead, history.c.n)):
            went[row.lead].append(row)
    for lead_id in world.acked:
        if lead_id not in rows:
            raise LawBroken("an acknowledged lead is gone", lead_id)
    for row in rows.values():
        world.event_of(row)
        _of_history(row, went[row.id])
        if any(one["code"] in PROTECTING for one in json.loads(row.reasons)):
            world.protected.add(row.id)
        if row.reason == "mapping_error":
            raise LawBroken("a step raised", f"lead {row.no} is held for a mistake of ours")


def _of_history(row, went):
    at = states.RECEIVED  # the first row is the lead's own
    for n, step in enumerate(went, 2):
        allowed = (step.origin, step.target) in states.TRANSITIONS[step.transition]
        if step.n != n or step.origin != at or not allowed:
            raise LawBroken("history is no path", f"lead {row.no}, row {step.n}: {step.transition} from {at}")
        at = step.target
    if (at, row.history_n) != (row.state, len(went) + 1):
        raise LawBroken("history is no path", f"lead {row.no} is {row.state}, its history says {at}")


def hold_at_the_end(world):
    """All that stood in the way is gone: every lead comes to its end, or waits for a person."""
    world.mood, world.crm_mood = YES, 0
    world.secrets.update({"env:SHOP_TOKEN": TOKEN, "env:SHOP_CRM": CRM_TOKEN})
    for name, text in texts.FIRST.items():
        world.put(name, text)
    for process in world.processes.values():
        process.frozen = False
    for seconds in (1, 35, 1):  # a journal that is lost is waited for
        world.forward(seconds)
    pauses.resume(world.web, "main", "anna", "mended")
    world.paused = False
    for _ in range(MOST_MOMENTS):
        _work(world)
        if not (waiting := _waiting(world)):
            break
        # To the next named moment: at the latest to the end of what is in flight.
        world.forward(max(5.0, min(row.due_at for row in waiting) / 1000 - world.clock()))
    else:
        told = [f"lead {row.no} is {row.state} ({row.reason}), due at {row.due_at}" for row in waiting]
        raise LawBroken("stands for ever", "; ".join(told))
    with world.store.read() as tx:
        for row in tx.execute(select(leads).where(leads.c.state == states.ACCEPTED)):
            if row.id not in world.resolved and not world.events[world.event_of(row)].posts:
                raise LawBroken("accepted without a POST", f"lead {row.no}")


def _work(world):
    for process in world.processes.values():
        while enrich.enrich_next(process.gateway):
            continue
        while decide.decide_due(process.gateway):
            continue
        for _ in range(50):
            world.claim(process, 4)
            if not process.flying:
                break
            while process.flying:
                world.place_next(process, 0)
                world.record_next(process, 0)


def _waiting(world):
    on_the_way = leads.c.state.in_(states.ON_THE_WAY)
    with world.store.read() as tx:
        return tx.execute(select(leads).where(on_the_way)).all()
