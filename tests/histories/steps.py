"""The steps of histories: everything that anybody may do next. Each takes the world and two small numbers.

A step that has nothing to work on does nothing, so that any part of a history is a history, too.
"""

import contextlib
import json
from dataclasses import replace
from decimal import Decimal

from core.outcome import REFUSED, UNKNOWN, Outcome
from core.overall import POLICY
from flow import decide, enrich, erase, intake, operate, sweep
from store import versions
from store.engine import StoreUnavailable
from store.epoch import OtherDatabase
from tests.fakes import LOST, NEVER_LEFT, NO, TOKEN, YES
from tests.histories import allowed, backup, laws, people, texts
from tests.histories.deaths import AFTER_COMMIT, AT_A_STATEMENT, BEFORE_COMMIT, Died
from tests.histories.step import STEPS, step
from tests.histories.world import World

EXPECTED = (operate.Refused, operate.NoSuchLead, StoreUnavailable, OtherDatabase)  # whoever asked comes again
PRICED = replace(YES, price=Decimal("7.50"))
MOODS = (YES, PRICED, NO, LOST, NEVER_LEFT, Outcome(UNKNOWN, "reset"), Outcome(REFUSED, error="другая причина"))
SENDERS = ("shop", "other", "signed", "signed", "amo")
FORWARD_S = (1, 5, 30, 120, 660, 3600, 6 * 3600, 24 * 3600)


def send(world, source, request, *, keep=True):
    if keep:
        world.captured.append((source, request))
    _hear(world, intake.take(world.web, source, request, int(world.clock() * 1000)))


def _hear(world, answer):
    if answer.status == 200:
        for lead in json.loads(answer.body)["leads"]:
            world.acknowledge(lead["id"])


def _request(world, source, body):
    return texts.signed(body, world.clock()) if source == "signed" else texts.by_token(source, body)


@step(16)
def post(world: World, a, b):
    source = SENDERS[a // 13]
    send(world, source, _request(world, source, texts.body_of(a % 12, b)))


@step(3)
def post_many(world, a, b):
    """Three events in one delivery."""
    send(world, "shop", texts.by_token("shop", [texts.body_of((a + n) % 12, b + n) for n in range(3)]))


@step(5)
def post_together(world, a, b):
    """Two to four deliveries that one commit stores: of one event or of several, of one source or of two."""
    waiting = []
    for n in range(2 + b % 3):
        source = SENDERS[(a // 13 + n * (b // 3 % 2)) % len(SENDERS)]
        request = _request(world, source, texts.body_of((a + n * (b // 6 % 2)) % 12, b + n * (b // 12 % 2)))
        world.captured.append((source, request))
        begun = intake.begin(world.web, source, request, int(world.clock() * 1000))
        if isinstance(begun, intake.Waiting):
            begun.seated(lambda: None)
            waiting.append(begun)
    while waiting and waiting[0].lead():
        continue
    for one in waiting:
        _hear(world, one.answer())


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
        decided, begun = decide.decide_due(process.gateway), len(process.flying)
        claimed = world.claim(process, 2)
        if not (decided or begun or claimed):
            break
        while any(flight.outcome is None for flight in process.flying):
            world.place_next(process, 0)
        while process.flying:
            world.record_next(process, 0)


@step(4)
def ask_the_crm(world, a, b):
    enrich.enrich_next(_process(world, a).gateway)


@step(5)
def crash(world, a, b):
    name = _of(world, a).name
    world.processes[name] = world.start(name)
    world.tend(world.processes[name])


@step(2)
def start_anew(world, a, b):
    """A release, or the machine itself: every worker that is not frozen."""
    for n, process in enumerate(list(world.processes.values())):
        if not process.frozen:
            crash(world, n, b)


@step(2)
def join(world, a, b):
    """A third machine, of PostgreSQL; a third worker beside the others, of a SQLite file. A second later all know."""
    if "c" not in world.processes:
        world.run_of["c"] = world.run_of["a"] if world.store.is_sqlite else world.new_run()
        world.processes["c"] = world.start("c")
        world.everybody_tends()
        world.everybody_tends()


@step(3)
def freeze_or_thaw(world, a, b):
    process = _of(world, a)
    process.frozen = not process.frozen


@step(10)
def forward(world, a, b):
    world.forward(FORWARD_S[b % len(FORWARD_S)])


@step(4)
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
    name = ("shop", "shop", "other", "signed", "amo", POLICY, POLICY)[a % 7]
    world.put(name, texts.VERSIONS[name][b % len(texts.VERSIONS[name])])


@step(1)
def remove_a_source(world, a, b):
    """By another process, as a version comes into force; the next version puts it back."""
    name = SENDERS[a % len(SENDERS)]
    with world.store.write() as tx:
        versions.remove(tx, name, who="anna", why="ended", now=int(world.clock() * 1000))
    world.said[name] = texts.REMOVED


@step(1)
def secret(world, a, b):
    if world.secrets.pop("env:SHOP_TOKEN", None) is None:
        world.secrets["env:SHOP_TOKEN"] = TOKEN


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
    backup.put_back(world, b)


@step(1)
def put_back_without_journals(world, a, b):
    backup.put_back_without_journals(world, b)


@step(2)
def copy_the_house(world, a, b):
    """The database with its run directories, as a copied folder or a snapshot of the machine."""
    backup.take(world, runs=True)


@step(1)
def go_on_in_the_copy(world, a, b):
    backup.go_on_in_the_copy(world, b)


@step(6)
def die_inside_a_transaction(world, a, b):
    """A process ends at any statement of what it does, just before a commit or just after it: nothing is left of a
    transaction that was not committed, and nobody knows of it but the database and the journal."""
    deaths, done = world.deaths, MORTAL[b % len(MORTAL)]
    process, where = _process(world, a), (AT_A_STATEMENT, AT_A_STATEMENT, BEFORE_COMMIT, AFTER_COMMIT)[a % 4]
    world.everybody_tends()
    try:
        with deaths.at(where, 1 + b // len(MORTAL) % 3 if where else 1 + a // 8 + b // len(MORTAL) * 8):
            done(world, a, b)
    except Died:
        if deaths.rows() != deaths.committed:
            raise allowed.LawBroken("a transaction that died left something", done.__name__) from None
        world.meet_new_leads()  # by the versions that this web process knew
        world.web = world.gateway("web")
        crash(world, list(world.processes).index(process.name), b)


MORTAL = (  # a claim has the most to lose
    *(post, claim, claim, claim, walk, decide_some, record, ask_the_crm),
    *(people.erase_a_person, people.put_on_do_not_call),
)


def _process(world, a):
    process = _of(world, a)
    return process if not process.frozen else _of(world, a + 1)


def _of(world, a):
    return list(world.processes.values())[a % len(world.processes)]


def take(world, name, a, b):
    """One step and the laws after it."""
    with laws.without_mistakes(world), contextlib.suppress(EXPECTED):
        STEPS[name][0](world, a, b)
    laws.hold(world)
