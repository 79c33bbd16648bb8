"""A backup of the whole database, and its being put back as another server; a house that is copied and goes on."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import delete, insert, select, update

from store.tables import epoch, leads, meta

BOTH = ("a", "b")


@dataclass
class Said:
    """What persons said until then: the run directories know it, whatever the rows do."""

    paused: dict
    unwanted: set[str]
    ended: set[str]

    @classmethod
    def now(cls, world):
        return cls(dict(world.paused), set(world.unwanted), set(world.ended))

    def again(self, world):
        world.paused, world.unwanted, world.ended = dict(self.paused), set(self.unwanted), set(self.ended)


@dataclass
class Backup:
    """Every row of every table, the texts that were in force, and, of a copied house, its run directories."""

    rows: dict[str, list[dict]]
    said: dict[str, str]
    spoiled: set[str]
    wished: Said
    runs: dict[str, Path] = field(default_factory=dict)


def take(world, *, runs=False):
    """The database as it is; every worker that lives has just looked at it. With `runs` the whole house is copied."""
    world.everybody_tends()
    with world.store.read() as tx:
        rows = {t.name: [dict(r._mapping) for r in tx.execute(select(t))] for t in meta.sorted_tables}
    copies = {run: world.new_run() for run in set(world.run_of.values())} if runs else {}
    for run, copy in copies.items():
        if run.exists():
            shutil.copytree(run, copy)
    of = {name: copies[run] for name, run in world.run_of.items() if runs}
    world.backup = Backup(rows, dict(world.said), set(world.spoiled), Said.now(world), of)


def put_back(world, n):
    """As it was at the backup, by another server; the run directories of the workers stay."""
    if world.backup is not None:
        _fill(world, n)


def put_back_without_journals(world, n):
    """The same; and a worker and its disk are gone."""
    if world.backup is not None:
        kept = _fill(world, n)
        gone = BOTH[n % 2]
        one_machine = world.run_of["a"] == world.run_of["b"]  # then its run directory is everybody's
        run = world.new_run()
        _anew(world, kept, {name: run for name in world.run_of if one_machine or name == gone})
        if one_machine:  # and so is what was said since
            world.backup.wished.again(world)


def go_on_in_the_copy(world, n):
    """From here on the history is the copied house's: what the first one did meanwhile it cannot know."""
    if world.backup is not None and world.backup.runs:
        kept = _fill(world, n)
        for name in world.run_of.keys() - world.backup.runs.keys():  # who joined since is of the first house
            del world.run_of[name], world.processes[name]
        _anew(world, kept, world.backup.runs)
        world.backup.runs = {}  # they are in use now
        world.backup.wished.again(world)


def _fill(world, n):
    with world.store.write() as tx:
        for table in reversed(meta.sorted_tables):
            tx.execute(delete(table))
        for table in meta.sorted_tables:
            for row in world.backup.rows[table.name]:
                tx.execute(insert(table).values(**row))
        # The server that these are put back on stays the same here, and never is elsewhere: what the copy says of its
        # own server is said of another one, also where it was copied while that one was suspected.
        gone = f"a server that is gone {n}"
        tx.execute(update(epoch).values(identity=gone))
        tx.execute(update(epoch).where(epoch.c.suspect != "").values(suspect=f"{gone}, and suspected"))
        kept = list(tx.execute(select(leads)))
    ids = {row.id for row in kept}
    world.acked = [one for one in world.acked if one in ids]
    world.protected = set()
    world.paced_at.clear()
    world.said, world.spoiled = dict(world.backup.said), set(world.backup.spoiled)
    world.web = world.gateway("web")
    return kept


def _anew(world, kept, runs):
    """These workers start with other run directories. What was rung for leads that are gone nobody can know."""
    for name, run in runs.items():
        world.run_of[name] = run
        if name in world.processes:
            world.processes[name] = world.start(name)
    world.web = world.gateway("web")
    world.lost_journals = True
    here = {row.id for row in kept}
    for event in world.events.values():
        if event.newest not in here:
            event.allowed = max(event.allowed, event.posts + 1)
