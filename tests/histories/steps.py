"""The steps of histories: everything that anybody may do next. Each takes the world and two small numbers.

A step that has nothing to work on does nothing, so that any part of a history is a history, too.
"""

import contextlib
import json

from core.outcome import REFUSED, UNKNOWN, Outcome
from flow import bulk, decide, do_not_call, enrich, erase, intake, operate, pauses, sweep
from store.engine import StoreUnavailable
from store.epoch import OtherDatabase
from store.queries import Wanted
from tests.fakes import LOST, NEVER_LEFT, NO, TOKEN, YES
from tests.histories import backup, laws, texts
from tests.histories.world import Died, World

EXPECTED = (operate.Refused, operate.NoSuchLead, StoreUnavailable, OtherDatabase)  # whoever asked comes again
MOODS = (YES, YES, NO, LOST, NEVER_LEFT, Outcome(UNKNOWN, "reset"), Outcome(REFUSED, error="другая причина"))
FORWARD_S = (1, 5, 30, 120, 660, 3600, 6 * 3600, 24 * 3600)
STATES = ("held", "suppressed", "refused", "unknown", "accepted", "cancelled", "received", "ready")
STEPS = {}


def step(weight):
    def add(function):
        STEPS[function.__name__] = (function, weight)
        return function

    return add


def send(world, source, request, *, keep=True):
    answer = intake.take(world.web, source, request, int(world.clock() * 1000))
    if keep:
        world.captured.append((source, request))
    if answer.status == 200:
        for lead in json.loads(answer.body)["leads"]:
            if lead["id"] not in world.acked:
                world.acked.append(lead["id"])


@step(16)
def post(world: World, a, b):
    source = ("shop", "signed", "signed", "amo")[a // 16]
    body = texts.body_of(a % 12, b)
    send(world, source, texts.signed(body, world.clock()) if source == "signed" else texts.by_token(source, body))


@step(4)
def post_late(world, a, b):
    send(world, "signed", texts.signed(texts.body_of(a % 12, b), world.clock() - 3600))


@step(5)
def replay(world, a, b):
    if world.captured:
        send(world, *world.captured[(a * 64 + b) % len(world.captured)], keep=False)


@step(5)
def decide_some(world, a, b):
    decide.decide_due(_process(world, a).gateway, 1 + b % 3)


@step(9)
def claim(world, a, b):
    world.claim(_process(world, a), 1 + b % 4)


@step(3)
def claim_and_die(world, a, b):
    """The process ends between the commit of its claims and the line in its journal."""
    process = _process(world, a)
    process.gateway.journal.trouble = "dies"
    try:
        world.claim(process, 1 + b % 4)
    except Died:
        crash(world, a, b)
    finally:
        process.gateway.journal.trouble = ""


@step(2)
def claim_on_a_full_disk(world, a, b):
    process = _process(world, a)
    process.gateway.journal.trouble = "full"
    try:
        world.claim(process, 1 + b % 4)
    finally:
        process.gateway.journal.trouble = ""


@step(9)
def place(world, a, b):
    world.place_next(_process(world, a), b)


@step(9)
def record(world, a, b):
    world.record_next(_process(world, a), b)


@step(12)
def walk(world, a, b):
    """Everything that one worker can do now."""
    process = _process(world, a)
    for _ in range(6):
        decide.decide_due(process.gateway)
        world.claim(process, 2)
        while any(flight.outcome is None for flight in process.flying):
            world.place_next(process, 0)
        while process.flying:
            world.record_next(process, 0)


@step(4)
def ask_the_crm(world, a, b):
    enrich.enrich_next(_process(world, a).gateway)


@step(5)
def crash(world, a, b):
    name = "ab"[a % 2]
    world.processes[name] = world.start(name)
    world.tend(world.processes[name])


@step(3)
def freeze_or_thaw(world, a, b):
    process = world.processes["ab"[a % 2]]
    process.frozen = not process.frozen


@step(10)
def forward(world, a, b):
    world.forward(FORWARD_S[b % len(FORWARD_S)])


@step(2)
def clock_back(world, a, b):
    world.forward(-24 * 3600)


@step(5)
def provider_mood(world, a, b):
    world.mood = MOODS[b % len(MOODS)]


@step(2)
def crm_mood(world, a, b):
    world.crm_mood = b % 3


@step(4)
def version(world, a, b):
    name = ("shop", "shop", "signed", "amo")[a % 4]
    world.put(name, texts.VERSIONS[name][b % len(texts.VERSIONS[name])])


@step(1)
def secret(world, a, b):
    if world.secrets.pop("env:SHOP_TOKEN", None) is None:
        world.secrets["env:SHOP_TOKEN"] = TOKEN


@step(3)
def cancel(world, a, b):
    if lead := _lead(world, a):
        operate.cancel(world.web, lead.id, "anna", "looked")


@step(5)
def remap(world, a, b):
    if lead := _lead(world, a):
        operate.remap(world.web, lead.id, "anna", "looked")
        if lead.id in world.protected or world.lost_journals:
            world.protected.discard(lead.id)
            world.events[world.event_of(lead)].allowed += 1


@step(7)
def rearm(world, a, b):
    if lead := _lead(world, a):
        again = lead.state == "accepted" and b % 2 == 1
        operate.rearm(world.web, lead.id, "anna", "looked", ASIDE[b % len(ASIDE)], again=again)
        if lead.state == "accepted" and not again:
            raise laws.LawBroken("an accepted lead was rearmed unasked", f"lead {lead.no}")
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
        if do == "rearm":
            if before[lead_id].state == "accepted":
                raise laws.LawBroken("an accepted lead was rearmed unasked", f"lead {before[lead_id].no}, among many")
            world.events[world.event_of(before[lead_id])].allowed += 1


@step(2)
def put_on_do_not_call(world, a, b):
    do_not_call.add(world.web, {f"79990000{a % 6:03}": "asked"}, "anna")


@step(2)
def take_off_do_not_call(world, a, b):
    do_not_call.remove(world.web, f"79990000{a % 6:03}", "anna", "asked")


@step(3)
def erase_a_person(world, a, b):
    erase.erase_person(world.web, f"79990000{a % 6:03}", "anna", "asked")


@step(2)
def pause(world, a, b):
    pauses.pause(world.web, "main", "anna", "stop")
    world.paused = True


@step(3)
def resume(world, a, b):
    pauses.resume(world.web, "main", "anna", "go on")
    world.paused = False


@step(2)
def forget_old(world, a, b):
    sweep.forget_old(world.web)
    erase.erase_old(world.web)


@step(7)
def back_up(world, a, b):
    backup.take(world)


@step(7)
def put_back(world, a, b):
    """A stale standby is promoted, or a backup put back; the journals are whole."""
    backup.put_back(world, b, journals_lost=False)


@step(1)
def put_back_without_journals(world, a, b):
    backup.put_back(world, b, journals_lost=True)


def _process(world, a):
    process = world.processes["ab"[a % 2]]
    return process if not process.frozen else world.processes["ab"[(a + 1) % 2]]


def _lead(world, a):
    """The newest one, or any."""
    if not world.acked:
        return None
    return world.lead(world.acked[-1] if a % 2 else world.acked[a // 2 % len(world.acked)])


def take(world, name, a, b):
    """One step and the laws after it."""
    with laws.without_mistakes(), contextlib.suppress(EXPECTED):
        STEPS[name][0](world, a, b)
    laws.hold(world)
