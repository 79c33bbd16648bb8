"""Trials of a backup that is put back, and of what it cannot know: a machine that joined since, a source that was
switched off since."""

import time
from pathlib import Path

from tests.faults.database import POSTGRESQL, SQLITE, Cluster, rows
from tests.faults.other_database import database_of, keep_copy, put_copy_back
from tests.faults.processes import wait_until
from tests.faults.trial import Result, Trial, needs_cluster, put_on
from tests.faults.world import World

OPEN_S = 75.0  # a journal that is lost is waited for 30 s
MAY_HAVE_RUNG = "SELECT count(*) FROM leads WHERE state = 'held' AND reason = 'may_have_rung'"
OFF = "SELECT count(*) FROM leads WHERE state = 'held' AND reason = 'source_off'"

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T10 joined", "a machine joins after the backup that is put back, and is away when it is",
       databases=(POSTGRESQL,), only_long=True, long={"calls": 40})  # fmt: skip
def joined(kind: str, folder: Path, calls: int) -> Result:
    """Its neighbour has seen it: nobody whom it rang is rung again; it comes back, and all of it is known again."""
    return _joined(folder, calls, [])


@trial("T10 joined control", "the same, by workers that ask the database alone who there was", databases=(POSTGRESQL,),
       only_long=True, long={"calls": 40})  # fmt: skip
def joined_blind(kind: str, folder: Path, calls: int) -> Result:
    result = _joined(folder, calls, ["nobody knows who joined"])
    blind = [] if result.verdict.doubles else ["BLIND: the control rang nobody twice"]
    return Result(1, result.verdict, blind, "control: has to show doubles")


def _joined(folder: Path, calls: int, how: list[str]) -> Result:
    needs_cluster()
    problems: list[str] = []
    with Cluster() as cluster, World(POSTGRESQL, folder, url=cluster.database(), timeout=5) as world:
        world.web()
        first = world.worker("worker_built", machine="one", how=how)
        world.senders.many(3)
        world.settle()
        first.ask_to_end()
        first.ended()
        numbers = world.senders.many(calls)  # these wait when the copy is made
        cluster.stop_cleanly()
        cluster.keep_copy()
        cluster.start()
        time.sleep(6.0)  # the copy is older than anything that is done from here on
        second = world.worker("worker_built", machine="two", how=how)
        if not wait_until(lambda: all(world.provider.posts()[number] for number in numbers), 60):
            problems.append("BLIND: the one that joined did not ring all")
        world.settle()
        first = world.worker("worker_built", machine="one", how=how)
        if not wait_until(lambda: _sees_two(folder / "run-one"), 20, 0.1) and not how:
            problems.append("the first has not seen that another joined")
        world.freeze([first, second])
        cluster.stop_cleanly()
        cluster.put_copy_back()
        cluster.start()
        first.go_on()
        if not wait_until(lambda: rows(world.url, MAY_HAVE_RUNG)[0][0] == calls, OPEN_S, 0.5) and not how:
            problems.append(f"{rows(world.url, MAY_HAVE_RUNG)[0][0]} of {calls} are held")
        second.go_on()
        known = lambda: rows(world.url, "SELECT count(*) FROM attempts WHERE how = 'store_went_back'")[0][0]  # noqa: E731
        if not wait_until(lambda: known() == calls, 30, 0.5) and not how:
            problems.append(f"{known()} of {calls} calls came back with it")
        world.settle(10)
        verdict = world.verdict()
        return Result(1, verdict, problems + verdict.problems(), f"{known()} of {calls} calls came back with it")


def _sees_two(run: Path) -> bool:
    return any(file.read_text().count(":") == 2 for file in run.glob("neighbours-*.json"))


@trial("T10 off", "a backup is put back in which a source is on that was switched off since",
       long={"leads": 20}, only_long=True)  # fmt: skip
def switched_off(kind: str, folder: Path, leads: int) -> Result:
    """Its file on this machine says off: nobody is rung before that is in force again."""
    return _switched_off(kind, folder, leads, [])


@trial("T10 off control", "the same, by workers that wait for no file", databases=(SQLITE,),
       long={"leads": 20}, only_long=True)  # fmt: skip
def switched_off_blind(kind: str, folder: Path, leads: int) -> Result:
    """On PostgreSQL the three seconds for which every worker is waited for hide it."""
    result = _switched_off(kind, folder, leads, ["no file is waited for"])
    blind = [] if result.verdict.calls else ["BLIND: the control rang nobody"]
    return Result(1, result.verdict, blind, f"control: {result.verdict.calls} were rung")


def _switched_off(kind: str, folder: Path, leads: int, how: list[str]) -> Result:
    with database_of(kind, folder) as (url, cluster):
        return _off(World(kind, folder, url=url, timeout=5), cluster, leads, how)


def _off(opened: World, cluster: Cluster | None, leads: int, how: list[str]) -> Result:
    problems: list[str] = []
    with opened as world:
        web = world.web()
        world.senders.many(leads)
        web.kill()
        keep_copy(world, cluster)
        file = world.folder / "sources" / "shop.yaml"
        file.write_text(file.read_text(encoding="utf-8") + "\nenabled: false\n", encoding="utf-8")
        worker = world.worker("worker_built", how=[])
        if not wait_until(lambda: rows(world.url, OFF)[0][0] == leads, 30, 0.1):
            problems.append("BLIND: it was not switched off")
        worker.kill()
        put_copy_back(world, cluster)
        world.worker("worker_built", how=how)
        if not wait_until(lambda: rows(world.url, OFF)[0][0] == leads, 30, 0.1) and not how:
            problems.append(f"{rows(world.url, OFF)[0][0]} of {leads} are held because their source is off")
        world.settle(10)
        verdict = world.verdict()
        if verdict.calls and not how:
            problems.append(f"{verdict.calls} were rung")
        return Result(1, verdict, problems + verdict.problems())
