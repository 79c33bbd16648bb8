"""A database that was copied and is worked on beside the first, both with one run directory: one is always behind the
other, and knows it."""

from sqlalchemy import insert, select

from flow import recover
from store import epoch, meta
from store.engine import Store
from store.epoch import OtherDatabase
from store.journal import Journal
from tests import databases
from tests.fakes import Stage
from tests.flow.test_lost_journals import forget_the_call
from tests.flow.test_recover import ALWAYS, PEOPLE, rung


def copied(gateway, clock, tmp_path):
    """The rows of the first in a database of their own."""
    (tmp_path / "twin").mkdir()
    url = databases.new_file(tmp_path / "twin") if gateway.store.is_sqlite else databases.new_schema()
    store = Store(url, clock=clock)
    with gateway.store.read() as tx:
        kept = {t: [dict(r._mapping) for r in tx.execute(select(t))] for t in meta.meta.sorted_tables}
    with store.write() as tx:
        for table, some in kept.items():
            for row in some:
                tx.execute(insert(table).values(**row))
    return store


def works(gateway, worker):
    """As the worker's loop does."""
    for _ in range(60):
        try:
            gateway.work()
            return
        except OtherDatabase:
            gateway.clock.forward(recover.recover(gateway.parts, worker) / 1000)
    raise AssertionError("the new epoch was never opened")


def both_ring(gateway, clock, tmp_path):
    """Whom the copy rings, then the first, then the copy again."""
    gateway.put("shop", ALWAYS)
    for person in PEOPLE:
        gateway.take(person)
    gateway.alive("w1")
    store = copied(gateway, clock, tmp_path)
    other = Stage(store, clock, gateway.parts.journal.directory)
    other.put("shop", ALWAYS)
    works(other, "w2")
    late = gateway.take({"id": "late", "phone": "9990000099"})
    works(gateway, "w1")
    works(other, "w2")
    store.dispose()
    assert gateway.lead(late).state == "accepted"
    return rung(gateway) + rung(other)


def test_what_one_has_rung_the_other_does_not(gateway, clock, tmp_path):
    both = both_ring(gateway, clock, tmp_path)
    assert len(both) == len(set(both)) == len(PEOPLE) + 1


def test_where_nobody_asks_what_the_directory_was_last_compared_with_people_are_rung_twice(
    gateway, clock, tmp_path, monkeypatch
):
    """The control. On SQLite the mark of the claims tells, too."""
    monkeypatch.setattr(Journal, "served", lambda self, store_id: "")
    both = both_ring(gateway, clock, tmp_path)
    assert len(both) - len(set(both)) == (0 if gateway.store.is_sqlite else len(PEOPLE))


def test_a_machine_that_was_away_while_the_others_went_on_catches_up_and_holds_nobody(gateway, clock, tmp_path):
    """Another one has opened the new epoch; nothing that waits is suspected for it."""
    gateway.put("shop", ALWAYS)
    rang = gateway.take(PEOPLE[0])
    gateway.work()
    gateway.parts.journal.serve(store_of(gateway), "as the server was before it was started anew")
    forget_the_call(gateway)
    gateway.parts.journal.last = None  # a process that has just begun
    waits = gateway.take(PEOPLE[1])
    works(gateway, "w1")
    assert (gateway.lead(rang).reason, gateway.lead(waits).state) == ("store_went_back", "accepted")
    assert rung(gateway) == ["79990000000", "79990000001"]


def store_of(gateway):
    return epoch.store_id(gateway.store)
