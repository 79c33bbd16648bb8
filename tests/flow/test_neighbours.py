"""Machines that joined after the backup that is put back: the database does not know of them, their neighbours do."""

import pytest
from sqlalchemy import delete, update

from flow import recover
from store import epoch
from store.neighbours import AGAIN_MS, KEPT_MS, Neighbours
from store.tables import workers
from tests.flow.test_lost_journals import becomes_another, open_anew, seen_last
from tests.flow.test_recover import ALWAYS, PEOPLE

MINUTE_MS, HOUR_MS = 60_000, 3_600_000


@pytest.fixture
def house(gateway):
    if gateway.store.is_sqlite:
        pytest.skip("a SQLite file has one machine")
    gateway.put("shop", ALWAYS)
    gateway.alive("w1")
    return gateway


def noted(house, **ago_ms):
    """What this machine has seen of the others' run directories, and of its own a moment ago."""
    with house.store.read() as tx:
        now = house.store.now_ms(tx)
    seen = {run: now - ago for run, ago in ago_ms.items()} | {house.parts.journal.run_id(): now}
    house.parts.neighbours.note(epoch.store_id(house.store), seen)


def went_back(house, ago_ms):
    """The rows are those of so long ago: of the others' workers there is none."""
    with house.store.write() as tx:
        then = house.store.now_ms(tx) - ago_ms
        tx.execute(delete(workers).where(workers.c.run != house.parts.journal.run_id()))
        tx.execute(update(workers).values(seen_at=then))
    becomes_another(house)


def reopened(house, clock):
    """The reason of a lead that waited, once the epoch is open; and how long that took."""
    lead_id, began = house.take(PEOPLE[0]), clock()
    open_anew(house, clock, "w1")
    took = clock() - began
    house.work()
    return house.lead(lead_id).reason, took


@pytest.mark.parametrize("ago_ms", [0, 20 * MINUTE_MS])
def test_one_that_joined_after_the_backup_is_waited_for_and_then_what_waits_is_held(house, clock, ago_ms):
    """It is away now, or has ended since."""
    noted(house, joined=ago_ms)
    went_back(house, HOUR_MS)
    reason, took = reopened(house, clock)
    assert (reason, took >= 30) == ("may_have_rung", True)


def test_one_that_comes_back_with_its_journal_holds_nobody(house, clock):
    noted(house, joined=0)
    went_back(house, HOUR_MS)
    lead_id = house.take(PEOPLE[0])
    assert recover.recover(house.parts, "w1") > 0
    seen_last(house, "it", "joined", 0)
    with house.store.write() as tx:
        epoch.recovered(tx, "it", epoch.read(house.store, house.parts.journal, tx).found)
    open_anew(house, clock, "w1")
    house.work()
    assert house.lead(lead_id).state == "accepted"


def test_one_that_the_backup_was_made_after_is_not_waited_for(house, clock):
    noted(house, retired=3 * HOUR_MS)
    went_back(house, HOUR_MS)
    reason, took = reopened(house, clock)
    assert (reason, took < 5) == ("", True)


def test_where_the_server_was_only_started_anew_nobody_is_missed_by_what_was_noted(house, clock):
    """Neither one that has ended, nor one that is lost and settled."""
    seen_last(house, "ended", "ended", 5)
    with house.store.write() as tx:
        tx.execute(update(workers).where(workers.c.id == "ended").values(ended=True))
    noted(house, ended=5_000, settled=5_000)
    with house.store.write() as tx:  # its start alone is another one
        seen = epoch.read(house.store, house.parts.journal, tx)
        tx.execute(update(epoch.epoch).values(identity=seen.found.rpartition(":")[0] + ":0"))
    reason, took = reopened(house, clock)
    assert (reason, took < 5) == ("", True)


def test_what_is_noted_is_every_process_s_and_costs_a_file_every_ten_seconds(tmp_path):
    one, other = Neighbours(lambda: tmp_path), Neighbours(lambda: tmp_path)
    one.note("store", {"a": 1_000_000})
    other.note("store", {"b": 1_000_000})
    file = tmp_path / "neighbours-store.json"
    assert one.noted("store") == {"a": 1_000_000, "b": 1_000_000}
    before = file.stat().st_ino
    other.note("store", {"a": 1_000_000 + AGAIN_MS - 1, "b": 1_000_001})
    assert file.stat().st_ino == before
    other.note("store", {"b": 1_000_000 + AGAIN_MS})
    assert one.noted("store") == {"a": 1_000_000, "b": 1_000_000 + AGAIN_MS}
    other.note("store", {"c": 1_000_001 + KEPT_MS})
    assert one.noted("store").keys() == {"b", "c"}
    assert one.noted("another") == {}
    file.write_text(file.read_text()[:7])
    assert Neighbours(lambda: tmp_path).noted("store") == {}
