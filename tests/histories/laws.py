"""What must hold after each step of a history, and what every lead must have come to at its end."""

import json
from collections import defaultdict
from contextlib import contextmanager

from sqlalchemy import select
from structlog.testing import capture_logs

from core import states
from core.reason import PROTECTING
from flow import decide, enrich, pauses
from store.tables import deliveries, delivery_leads, event_keys, history, leads
from tests.fakes import CRM_TOKEN, TOKEN, YES
from tests.histories import texts
from tests.histories.allowed import LawBroken
from tests.histories.world import ACCOUNTS

MISTAKES = {  # what the product logs where it survives a bug of its own
    *("claims_one_by_one", "claim_failed", "decisions_one_by_one", "decision_failed", "mapping_failed", "not_erased"),
}
MOST_MOMENTS = 60
HOUR_S, DAY_S = 3600, 24 * 3600
_FIRST = (
    select(delivery_leads.c.lead)
    .join(deliveries, deliveries.c.id == delivery_leads.c.delivery)
    .where(delivery_leads.c.kind == "first")
)


@contextmanager
def without_mistakes(world):
    """Whatever the product survives by logging a bug of its own breaks a law; a row that we spoilt is none of it."""
    with capture_logs() as lines:
        yield
    for line in lines:
        if line["event"] in MISTAKES and not (line["event"] == "not_erased" and line["id"] in world.spoiled):
            raise LawBroken("a step raised", f"{line['event']}: {line.get('exc_info')}")


def hold(world):
    """Every acknowledged lead is there, in one state, by a path through the table; nothing was a mistake."""
    world.meet_new_leads()
    with world.store.read() as tx:
        rows = {row.id: row for row in tx.execute(select(leads))}
        went = defaultdict(list)
        for row in tx.execute(select(history).order_by(history.c.lead, history.c.n)):
            went[row.lead].append(row)
        first = set(tx.execute(_FIRST).scalars())
        keyless = tx.execute(select(event_keys.c.lead).where(event_keys.c.lead.not_in(rows))).first()
    for lead_id in world.acked:
        if lead_id not in rows:
            raise LawBroken("an acknowledged lead is gone", lead_id)
    if first != rows.keys() or keyless:
        raise LawBroken("half a lead is there", f"{first ^ rows.keys() or keyless}")
    for row in rows.values():
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
        if world.said[name] != text:  # a new version has what waits looked at again, and hides who would not be
            world.put(name, text)
    for process in world.processes.values():
        process.frozen = False
    for seconds in (1, 11, 35, 1):  # a clock that was set back is noticed, then a journal that is lost waited for
        world.forward(seconds)
    for account in ACCOUNTS:
        pauses.resume(world.web, account, "anna", "mended")
    world.paused.clear()
    _wait_no_longer_than_they_may(world)
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


def _wait_no_longer_than_they_may(world):
    """No moment that is waited for lies further ahead than a rule, a CRM or a retry puts off."""
    for row in _waiting(world):
        if row.state == states.CALLING:  # until its deadline, which is minutes away
            continue
        if row.state == states.RECEIVED and row.asks_crm:  # asked at once if too far ahead: `store.due.next_to_ask`
            continue
        ahead = row.due_at / 1000 - world.clock()
        if ahead > (2 * DAY_S if row.reason == "number_cap" else HOUR_S):
            raise LawBroken("waits too long", f"lead {row.no} is {row.state} ({row.reason}) for {ahead:.0f} s")


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
