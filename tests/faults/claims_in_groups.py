"""Trials of several leads that one commit claims: their worker dies over the journal's lines, or never learns whether
it committed."""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.faults.checker import Verdict
from tests.faults.database import POSTGRESQL, rows
from tests.faults.failpoints import BEFORE_LINES, BETWEEN_LINES, IN_A_LINE
from tests.faults.other_database import database_of, keep_copy, put_copy_back
from tests.faults.processes import wait_until
from tests.faults.proxy import AFTER, BEFORE, CuttingProxy, behind_a_proxy
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import World

LINES = (BEFORE_LINES, BETWEEN_LINES, IN_A_LINE)
TOGETHER = 8  # leads of one claim
PATIENT_S = 3.0  # where what is claimed has to leave in time, also on a busy machine

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("C1", "kill -9 between a claim's commit and its journal lines", short={"runs": 1}, long={"runs": 5})
def killed_over_the_lines(kind: str, folder: Path, runs: int) -> Result:
    """Before the first line, between two, in the middle of one: nobody has been rung, those that were claimed are
    unknown, all others are rung. Control: a worker that sends before it writes."""
    problems: list[str] = []
    claimed: set[str] = set()
    with World(kind, folder, concurrency=TOGETHER) as world:
        world.web()
        for point in LINES * runs:
            world.senders.many(TOGETHER + 2)
            before = world.provider.posts().total()
            _killed(world, "worker_with_failpoint", point, problems)
            claimed |= _calling(world)
            if world.provider.posts().total() != before:
                problems.append(f"{point}: somebody was rung before all lines were there")
        world.worker()
        world.settle()
        ends = dict(world.states())
        verdict = world.verdict()
        others = {ends[lead] for lead in ends.keys() - claimed}
        if {ends[lead] for lead in claimed} != {"unknown"} or others != {"accepted"}:
            problems.append(f"claimed: {sorted({ends[lead] for lead in claimed})}, others: {sorted(others)}")
    if len(claimed) < 2 * len(LINES) * runs:
        problems.append(f"BLIND: {len(claimed)} were claimed together in {len(LINES) * runs} claims")
    with World(kind, folder / "control", concurrency=TOGETHER, timeout=PATIENT_S) as world:
        world.web()
        world.senders.many(TOGETHER)
        _killed(world, "worker_that_sends_first", BETWEEN_LINES, problems)
        early = world.provider.posts().total()
    if not early:
        problems.append("BLIND: a worker that sends before it writes was not noticed")
    note = f"{len(claimed)} claimed in {len(LINES) * runs} claims; control: {early} rung before their lines"
    return Result(len(LINES) * runs, verdict, problems + verdict.problems(), note)


@trial("C2", "the same, then a backup of before the claim is put back", only_long=True, long={"runs": 2})
def killed_and_forgotten(kind: str, folder: Path, runs: int) -> Result:
    """The database has forgotten the claim, half of its lines are in the journal: those wait for a person, the others
    are rung. Control: a worker that sends before it writes rings twice."""
    problems: list[str] = []
    seen = []
    for run in range(runs):
        for point in (BETWEEN_LINES, IN_A_LINE):
            seen.append(_forgotten(kind, folder / f"{run}-{point}", "worker_with_failpoint", point, problems))
    control = _forgotten(kind, folder / "control", "worker_that_sends_first", BETWEEN_LINES, [])
    if not control.verdict.doubles:
        problems.append("BLIND: the control rang nobody twice")
    verdict = seen[-1].verdict
    for one in seen:
        problems += one.verdict.problems()
    note = f"{sum(one.lines for one in seen)} lines in {len(seen)} journals; control: {control.verdict.doubles} doubles"
    return Result(len(seen), verdict, problems, note)


@dataclass
class Forgotten:
    """What became of a claim that the database has forgotten; `lines` of it are in the journal."""

    verdict: Verdict
    lines: int


def _forgotten(kind: str, folder: Path, entry: str, point: str, problems: list[str]) -> Forgotten:
    with (
        database_of(kind, folder) as (url, cluster),
        World(kind, folder, url=url, concurrency=TOGETHER, timeout=PATIENT_S) as world,
    ):
        world.web()
        first = world.worker()
        world.senders.many(2)  # calls that the copy knows of
        world.settle()
        first.kill()
        world.senders.many(TOGETHER)
        keep_copy(world, cluster)
        before = _lines(world)
        _killed(world, entry, point, problems)
        written = _lines(world) - before
        put_copy_back(world, cluster)
        world.worker()
        wait_until(lambda: not {"received", "ready", "calling"} & {state for _, state in world.states()}, 60)
        ends = dict(world.states())
        protected = {lead for lead, state in ends.items() if state in ("unknown", "held")}
        if protected != written or len(written) < 2:
            problems.append(f"{point}: {len(protected)} wait for a person, {len(written)} have a line")
        return Forgotten(world.verdict(), len(written))


@trial(
    "C3",
    "the connection cut at the COMMIT of several claims",
    databases=(POSTGRESQL,),
    short={"runs": 1},
    long={"runs": 10},
)
def cut_at_a_claims_commit(kind: str, folder: Path, runs: int) -> Result:
    """Before the server hears of it and after: nothing is sent on it; each is rung once by a later claim. Control: a
    worker that believes any commit rings twice."""
    problems: list[str] = []
    with (
        behind_a_proxy(folder) as (proxy, url),
        World(kind, folder, url=url, concurrency=TOGETHER, timeout=PATIENT_S) as world,
    ):
        world.web()
        for when in (BEFORE, AFTER):
            for _ in range(runs):
                _cut(world, proxy, when)
        verdict = world.verdict()
        if verdict.calls != verdict.leads or verdict.unknown:
            problems.append(f"{verdict.calls} calls for {verdict.leads} leads, {verdict.unknown} unknown")
        unsent = len(rows(world.url, "SELECT id FROM attempts WHERE how = 'unproven_commit'"))
        _sent_and_killed(world, proxy)
        wait_until(lambda: world.verdict().doubles, 30)
        control = world.verdict().doubles
    if not control:
        problems.append("BLIND: a worker that believes any commit rang nobody twice")
    if proxy.cuts != 2 * runs + 1 or unsent < 2 * runs:
        problems.append(f"BLIND: {proxy.cuts} of {2 * runs + 1} cuts were made, {unsent} claims taken back")
    note = f"{unsent} claims in {runs} commits taken back; control: {control} doubles"
    return Result(2 * runs, verdict, problems + verdict.problems(), note)


def _sent_and_killed(world: World, proxy: CuttingProxy) -> None:
    """Leads whose unproven claim was sent by a worker that died before it heard an answer: one would have settled them;
    the next worker takes the database for the one it knew."""
    world.senders.many(TOGETHER)
    world.provider.behave("slow:2000")
    before = world.provider.posts().total()
    proxy.cut(b"INSERT INTO attempts", BEFORE)
    believer = world.worker("worker_that_believes_any_commit")
    wait_until(lambda: world.provider.posts().total() > before)
    believer.kill()
    world.provider.behave("accept")
    world.worker("worker_that_asks_no_epoch")


def _cut(world: World, proxy: CuttingProxy, when: str) -> None:
    """Leads that wait, and a worker whose first claim of them is cut."""
    world.senders.many(TOGETHER)
    proxy.cut(b"INSERT INTO attempts", when)
    worker = world.worker()
    wait_until(lambda: not proxy.is_armed)
    world.settle()
    worker.kill()


def _killed(world: World, entry: str, point: str, problems: list[str]) -> None:
    """A worker that claims what waits and dies at `point`."""
    worker = world.worker(entry, point=point, act="kill")
    if worker.ended() != -9:
        problems.append(f"{point}: was not reached")
        worker.kill()


def _calling(world: World) -> set[str]:
    return {lead for lead, state in world.states() if state == "calling"}


def _lines(world: World) -> set[str]:
    """The leads that have a whole line in the journals."""
    found = set()
    for path in (world.folder / "run").glob("journal-*"):
        for line in path.read_bytes().split(b"\n"):
            with suppress(ValueError):
                found.add(json.loads(line)["lead"])
    return found
