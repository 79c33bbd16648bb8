"""Trials of deliveries that are stored together: one's fault is its own, a repeat is settled among them."""

import contextlib
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg

from tests.faults.database import POSTGRESQL, SQLITE
from tests.faults.gathering import MOST, commits, in_a_group
from tests.faults.senders import Heard
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import World

POISON = "a value that the database refuses"
WITHOUT_GROUPS = "tests.faults.group_builds:web_without_groups()"
FAIL_WHOLE = "tests.faults.group_builds:web_whose_groups_fail_whole()"

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("G1", "one delivery of a group is poison", short_on=(POSTGRESQL,), short={"groups": 1}, long={"groups": 20})
def poison(kind: str, folder: Path, groups: int) -> Result:
    """The database refuses one of those that are stored together: it alone hears so, the others are stored, answered
    and rung. Control: a web whose groups fail whole."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web(processes=1)
        world.worker()
        for n in range(groups):
            with _poisonous(world):
                heard, poisoned = _with_poison(world, place=n)
            if 200 <= poisoned.status < 300 or not all(one.leads for one in heard):
                problems.append(f"poison heard {poisoned.status}, the others {_statuses(heard)}")
        world.settle()
        verdict = world.verdict()
        if verdict.calls != verdict.leads:
            problems.append(f"{verdict.calls} calls for {verdict.leads} leads")
        world.web(entry="gunicorn", processes=1, application=FAIL_WHOLE)
        world.senders.ports[:] = world.senders.ports[-1:]
        with _poisonous(world):
            control, _ = _with_poison(world, place=1)
    if all(one.leads for one in control):
        problems.append("BLIND: a web whose groups fail whole was not noticed")
    failed = sum(not one.leads for one in control)
    note = f"1 of {MOST - 1} fails; control: {failed} of {len(control)} others with it"
    return Result(groups, verdict, problems + verdict.problems(), note)


def _with_poison(world: World, place: int) -> tuple[list[Heard], Heard]:
    """What the senders of one group hear, and what the sender of the poison, who comes `place`-th, does."""
    numbers = [world.senders.number() for _ in range(MOST - 1)]
    bad = numbers[place % len(numbers)]
    more = {bad: {"note": POISON}}
    heard = in_a_group(world, numbers, lambda number: world.senders.post(number, more=more.get(number)))
    told = dict(zip(numbers, heard, strict=True))
    poisoned = told.pop(bad)
    return list(told.values()), poisoned


@contextlib.contextmanager
def _poisonous(world: World) -> Iterator[None]:
    """The database refuses leads that say `POISON`."""
    if world.kind == SQLITE:
        refuse = f"BEGIN SELECT RAISE(ABORT, 'refused') WHERE new.payload LIKE '%{POISON}%'; END"
        _do(world, f"CREATE TRIGGER poison BEFORE INSERT ON leads {refuse}")
        yield
        _do(world, "DROP TRIGGER poison")
        return
    body = f"BEGIN IF new.payload LIKE '%{POISON}%' THEN RAISE EXCEPTION 'refused'; END IF; RETURN new; END"
    _do(world, f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    _do(world, "CREATE TRIGGER poison BEFORE INSERT ON leads FOR EACH ROW EXECUTE FUNCTION refuse()")
    yield
    _do(world, "DROP FUNCTION refuse CASCADE")


def _do(world: World, statement: str) -> None:
    if world.kind == SQLITE:
        with closing(sqlite3.connect(world.url.removeprefix("sqlite:///"), timeout=20, isolation_level=None)) as file:
            file.execute(statement)
        return
    with psycopg.connect(world.url, autocommit=True) as connection:
        connection.execute(statement)


@trial("G2", "repeats in a group", short_on=(SQLITE,), short={"groups": 1}, long={"groups": 20})
def repeats(kind: str, folder: Path, groups: int) -> Result:
    """Several new leads, each delivered more than once, and repeats of leads that were there before, all in one group:
    each is answered 2xx, one lead an event, and they share a commit. Control: a web without groups."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web(processes=1)
        world.worker()
        for _ in range(groups):
            known = world.senders.many(3)
            world.settle()  # a repeat of a lead that somebody holds leaves its group
            problems += _group_of_repeats(world, known)
        world.settle()
        verdict = world.verdict()
        if verdict.calls != verdict.leads:
            problems.append(f"{verdict.calls} calls for {verdict.leads} leads")
        world.web(entry="gunicorn", processes=1, application=WITHOUT_GROUPS)
        world.senders.ports[:] = world.senders.ports[-1:]
        known = world.senders.many(3)
        world.settle()
        control = _group_of_repeats(world, known)
    if not control:
        problems.append("BLIND: a web without groups was not noticed")
    return Result(groups, verdict, problems + verdict.problems(), f"control: {'; '.join(control)}")


def _group_of_repeats(world: World, known: list[str]) -> list[str]:
    """What was wrong with a group of 4 new leads, 3 deliveries each, and a repeat of each known one."""
    new = [world.senders.number() for _ in range(4)]
    sent = [*new, *known, *new, *new]
    heard = in_a_group(world, sent, world.senders.post)
    wrong = [] if all(one.leads for one in heard) else [f"answered {_statuses(heard)}"]
    leads_of: dict[str, set[str]] = {number: set() for number in sent}
    firsts = dict.fromkeys(sent, 0)
    for number, one in zip(sent, heard, strict=True):
        for lead in one.leads:
            leads_of[number].add(lead["id"])
            firsts[number] += not lead["duplicate"]
    if any(len(leads) != 1 for leads in leads_of.values()):
        wrong.append(f"{sorted(map(len, leads_of.values()))} leads of one event each")
    if [firsts[number] for number in new + known] != [1] * len(new) + [0] * len(known):
        wrong.append(f"called the first: {firsts}")
    count = commits(world, [one.delivery for one in heard])
    if count > 1:
        wrong.append(f"{len(sent)} deliveries took {count} commits")
    return wrong


@trial("G3", "a storm of retries", only_long=True, long={"times": 2000, "threads": 24})
def retry_storm(kind: str, folder: Path, times: int, threads: int) -> Result:
    """Few events, sent again and again by senders who wait for no answer before they try again: each is answered 2xx,
    one lead each, and groups are not given up for a repeat. Control: a web without groups."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web(processes=2)
        world.worker()
        shared = _storm(world, times, threads, problems)
        world.settle()
        verdict = world.verdict()
        if verdict.calls != verdict.leads:
            problems.append(f"{verdict.calls} calls for {verdict.leads} leads")
        world.web(entry="gunicorn", processes=2, application=WITHOUT_GROUPS)
        world.senders.ports[:] = world.senders.ports[-1:]
        alone = _storm(world, times // 3, threads, [])  # of a web without groups nothing is promised
    if shared < 2 * alone:
        problems.append(f"BLIND: {shared:.1f} deliveries a commit, without groups {alone:.2f}")
    return Result(
        times, verdict, problems + verdict.problems(), f"{shared:.1f} deliveries a commit; control {alone:.1f}"
    )


def _storm(world: World, times: int, threads: int, problems: list[str]) -> float:
    """Equal deliveries of ten events from all threads; how many deliveries one commit stored."""
    events = itertools.cycle([world.senders.number() for _ in range(10)])
    sent = [next(events) for _ in range(times)]
    heard = world.senders.each(sent, lambda number: world.senders.post(number, timeout=30), threads)
    leads = {(number, lead["id"]) for number, one in zip(sent, heard, strict=True) for lead in one.leads}
    if len(leads) != 10 or not all(one.leads for one in heard):
        problems.append(f"{len(leads)} leads of 10 events, answered {_statuses(heard)}")
    taken = [one.delivery for one in heard if one.leads]
    return len(taken) / commits(world, taken)


def _statuses(heard: list[Heard]) -> list[int]:
    return sorted({one.status for one in heard})
