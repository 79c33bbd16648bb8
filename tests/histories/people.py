"""The steps of persons: on one lead, on many, on a number, on the account."""

from sqlalchemy import exists, select, update

from flow import bulk, do_not_call, erase, operate, pauses
from store.queries import Wanted
from store.tables import deliveries, delivery_leads, history, leads
from tests.histories.allowed import LawBroken
from tests.histories.step import step

SCRIPT = "Заявка"  # the only one that is asked for
STATES = ("held", "suppressed", "refused", "unknown", "accepted", "cancelled", "received", "ready")


@step(3)
def cancel(world, a, b):
    if lead := _lead(world, a):
        operate.cancel(world.web, lead.id, "anna", "looked")
        world.ended.add(lead.id)


@step(5)
def remap(world, a, b):
    if lead := _lead(world, a):
        operate.remap(world.web, lead.id, "anna", "looked")
        world.ended.discard(lead.id)
        if lead.id in world.protected or world.lost_journals:
            world.protected.discard(lead.id)
            world.events[world.event_of(lead)].allowed += 1


@step(7)
def rearm(world, a, b):
    if lead := _lead(world, a):
        again = lead.state == "accepted" and b % 4 > 0
        operate.rearm(world.web, lead.id, "anna", "looked", ASIDE[b % len(ASIDE)], again=again)
        if lead.state == "accepted" and not again:
            raise LawBroken("an accepted lead was rearmed unasked", f"lead {lead.no}")
        world.ended.discard(lead.id)
        world.protected.discard(lead.id)
        world.events[world.event_of(lead)].allowed += 1


ASIDE = ((), ("hours",), ("max_age", "once_per_number"), ("hours", "max_age", "once_per_number"))


@step(2)
def resolve(world, a, b):
    if lead := _lead(world, a):
        operate.resolve(world.web, lead.id, "anna", "looked")
        world.resolved.add(lead.id)


@step(4)
def bulk_change(world, a, b):
    do, state = ("remap", "rearm", "cancel")[a % 3], STATES[b % len(STATES)]
    planned = bulk.plan(world.web, Wanted(state=state), do)
    before = {lead["id"]: world.lead(lead["id"]) for lead in planned.leads}
    done = bulk.carry_out(world.web, planned, do, "anna", "looked")
    for lead_id in set(before) - {refused["id"] for refused in done.refused}:
        (world.ended.add if do == "cancel" else world.ended.discard)(lead_id)
        if do == "rearm":
            if before[lead_id].state == "accepted":
                raise LawBroken("an accepted lead was rearmed unasked", f"lead {before[lead_id].no}, among many")
            world.events[world.event_of(before[lead_id])].allowed += 1


@step(2)
def put_on_do_not_call(world, a, b):
    number = f"79990000{a % 6:03}"
    do_not_call.add(world.web, {number: "asked"}, "anna")
    world.unwanted.add(number)


@step(2)
def take_off_do_not_call(world, a, b):
    number = f"79990000{a % 6:03}"
    do_not_call.remove(world.web, number, "anna", "asked")
    world.unwanted.discard(number)


@step(3)
def erase_a_person(world, a, b):
    number = f"79990000{a % 6:03}"
    done = erase.erase_person(world.web, number, "anna", "asked")
    with world.store.read() as tx:
        whole = tx.execute(select(leads.c.id, leads.c.no).where(leads.c.number == number, leads.c.erased_at.is_(None)))
        missed = [row.no for row in whole if row.no not in done.left and row.id not in world.spoiled]
        sent = _readable(tx, number)
    if missed:
        raise LawBroken("a person's lead was not erased", f"leads {missed}")
    if sent:
        raise LawBroken("what a person sent was not erased", f"deliveries {sent}")


def _readable(tx, number):
    """The deliveries of erased leads in which the number can be read."""
    hangs = delivery_leads.c.delivery == deliveries.c.id
    alive = exists().where(hangs, delivery_leads.c.lead == leads.c.id, leads.c.erased_at.is_(None))
    rows = tx.execute(select(deliveries).where(deliveries.c.erased_at.is_(None), ~alive))
    return [row.id for row in rows if number[1:].encode() in bytes(row.body)]


@step(1)
def spoil_a_row(world, a, b):
    """A row as no release of ours writes it: its lead cannot be erased."""
    if lead := _lead(world, a):
        with world.store.write() as tx:
            tx.execute(update(history).where(history.c.lead == lead.id).values(trace="no JSON"))
        world.spoiled.add(lead.id)


@step(2)
def pause(world, a, b):
    account = ("main", "second")[b % 2]
    pauses.pause(world.web, account, "anna", "stop")
    world.paused[account] = True


@step(3)
def resume(world, a, b):
    account = ("main", "second")[b % 2]
    pauses.resume(world.web, account, "anna", "go on")
    world.paused[account] = world.paused[account, SCRIPT] = False


@step(2)
def pause_a_script(world, a, b):
    account = ("main", "second")[b % 2]
    pauses.pause(world.web, account, "anna", "stop", SCRIPT)
    world.paused[account, SCRIPT] = True


@step(2)
def resume_a_script(world, a, b):
    account = ("main", "second")[b % 2]
    pauses.resume(world.web, account, "anna", "go on", SCRIPT)
    world.paused[account, SCRIPT] = False


def _lead(world, a):
    """The newest one, or any."""
    if not world.acked:
        return None
    return world.lead(world.acked[-1] if a % 4 else world.acked[a // 4 % len(world.acked)])
