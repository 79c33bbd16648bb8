"""A backup of the whole database, and its being put back as another server."""

from sqlalchemy import delete, insert, select, update

from store.tables import epoch, leads, meta

BOTH = ("a", "b")


def take(world):
    """The database as it is; every worker that lives has just looked at it."""
    world.everybody_tends()
    with world.store.read() as tx:
        world.backup = {t.name: [dict(r._mapping) for r in tx.execute(select(t))] for t in meta.sorted_tables}


def put_back(world, n, *, journals_lost):
    """As it was at the backup, by another server; with `journals_lost` a worker and its disk are gone."""
    if world.backup is None:
        return
    with world.store.write() as tx:
        for table in reversed(meta.sorted_tables):
            tx.execute(delete(table))
        for table in meta.sorted_tables:
            for row in world.backup[table.name]:
                tx.execute(insert(table).values(**row))
        tx.execute(update(epoch).values(identity=f"a server that is gone {n}"))
        kept = list(tx.execute(select(leads)))
    if journals_lost:
        _lose(world, BOTH[n % 2])
        _excuse(world, {world.event_of(row) for row in kept})
    ids = {row.id for row in kept}
    world.acked = [one for one in world.acked if one in ids]
    world.protected = set()
    world.paused = None  # as the backup has it
    world.web = world.gateway("web")


def _lose(world, name):
    """A worker with its run directory; on one machine that is everybody's."""
    one_machine = world.run_of["a"] == world.run_of["b"]
    run = world.new_run()
    for gone in BOTH if one_machine else (name,):
        world.run_of[gone] = run
        world.processes[gone] = world.start(gone)
    world.lost_journals = True


def _excuse(world, here):
    """What was rung for leads that are gone, too, nobody can know any more."""
    for key, event in world.events.items():
        if key not in here:
            event.allowed = max(event.allowed, event.posts + 1)
