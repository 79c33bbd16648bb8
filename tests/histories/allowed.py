"""The laws of a claim: whom it may ring at all, reckoned from the rows by other means than the product's own."""

from decimal import Decimal

from sqlalchemy import select

from core.durations import DAY_MS, HOUR_MS
from core.outcome import ACCEPTED, NOT_SENT, REFUSED, UNKNOWN
from core.overall import POLICY
from store import do_not_call
from store.tables import attempts
from tests.histories.texts import REMOVED

MINUTE_S, DAY_S, MOSCOW_S = 60, 24 * 3600, 3 * 3600
AT_FIRST = Decimal(10)  # what a call is reckoned with while no price of its script is known


class LawBroken(Exception):
    """Which law, and how."""

    def __init__(self, law, how):
        super().__init__(f"{law}: {how}")
        self.law = law


def of_claim(world, one):
    """Whom this claim may ring at all."""
    lead = one.lead
    if lead.id in world.protected:
        raise LawBroken("a protecting hold rang", f"lead {lead.no}")
    if any(
        world.paused.get(one_of) for one_of in (one.attempt.account, (one.attempt.account, one.attempt.call.script))
    ):
        raise LawBroken("a paused account rang", f"lead {lead.no}, {one.attempt.account}")
    if lead.id in world.ended:
        raise LawBroken("a cancelled lead rang", f"lead {lead.no}")
    said = world.said[lead.source]
    if one.attempt.account != ("second" if "account: second" in said else "main"):
        raise LawBroken("another account rang", f"lead {lead.no}, {one.attempt.account}")
    if said == REMOVED:
        raise LawBroken("a source that is no more rang", f"lead {lead.no}")
    if "enabled: false" in said or "dry_run: true" in said:
        raise LawBroken("a source that is off or dry rang", f"lead {lead.no}")
    if "00:00-00:01" in said and "hours" not in lead.set_aside and (world.clock() + MOSCOW_S) % DAY_S >= MINUTE_S:
        raise LawBroken("rung outside the hours", f"lead {lead.no}")
    with world.store.read() as tx:
        if one.attempt.call.number in world.unwanted or do_not_call.find(tx, [one.attempt.call.number]):
            raise LawBroken("do-not-call rang", f"lead {lead.no}")
        now = world.store.now_ms(tx)
        rows = tx.execute(select(attempts).where(attempts.c.outcome.is_(None) | (attempts.c.outcome != NOT_SENT))).all()
    _of_caps(world.caps(lead.source), [row for row in rows if row.source == lead.source], rows, now)
    _of_caps(world.caps(POLICY), rows, rows, now)
    per_number = world.caps(POLICY).get("calls_per_number_per_day", 3)
    today = [row for row in rows if row.number == one.attempt.call.number and now - DAY_MS < row.started_at <= now]
    if per_number and len(today) > per_number:
        raise LawBroken("over a cap", f"lead {lead.no}, {per_number} a number")
    others = [row for row in today if row.lead != lead.id and row.outcome in (ACCEPTED, UNKNOWN)]
    if others and 'once_per_number: "0"' not in said and "once_per_number" not in lead.set_aside:
        raise LawBroken("a number rang for another lead", f"lead {lead.no}, by {[row.account for row in others]}")


def of_pace(world, account):
    """Behind each claim that claimed anything: no sooner than its pace after the one before."""
    last = world.paced_at.get(account.name)
    if last is not None and 0 <= world.passed - last < 1 / account.calls_per_s:
        raise LawBroken("over its pace", f"{account.name} after {world.passed - last:.1f} s")
    world.paced_at[account.name] = world.passed


def _of_caps(caps, counted, rows, now):
    for cap, window in (("calls_per_hour", HOUR_MS), ("calls_per_day", DAY_MS)):
        rung = sum(now - window < row.started_at <= now for row in counted)
        if caps.get(cap) and rung > caps[cap]:
            raise LawBroken("over a cap", f"{rung} calls, {cap} is {caps[cap]}")
    if not (most := caps.get("spend_per_day")):
        return
    prices = {}
    for row in rows:
        if row.outcome == ACCEPTED and row.price is not None:
            prices[row.script] = max(prices.get(row.script, Decimal(0)), Decimal(row.price))
    spent = Decimal(0)
    for row in counted:
        if now - DAY_MS < row.started_at <= now and row.outcome != REFUSED:
            known = row.outcome == ACCEPTED and row.price is not None
            spent += Decimal(row.price) if known else prices.get(row.script, AT_FIRST)
    if spent > most:
        raise LawBroken("over a cap", f"{spent} of money, spend_per_day is {most}")
