"""The database is another one: what was rung comes back out of the journals and is never rung again."""

import json
import shutil

import pytest

from core.outcome import UNKNOWN
from flow import call, claim, decide, recover
from store import epoch
from store.engine import Store
from store.epoch import OtherDatabase
from tests.databases import new_file
from tests.fakes import SHOP, YES, Stage

PEOPLE = [{"id": str(n), "phone": f"9990000{n:03}"} for n in range(6)]
ALWAYS = SHOP + "policy: {once_per_number: 0}\n"


def went_back(gateway, path, copy):
    """Put the older copy back under the running gateway, as `mv` would."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, path.with_suffix(".back"))
    path.with_suffix(".back").replace(path)


@pytest.fixture
def path(tmp_path):
    (tmp_path / "db").mkdir()
    new_file(tmp_path / "db")
    return tmp_path / "db" / "leads.db"


@pytest.fixture
def sqlite(path, clock, tmp_path):
    return Stage(Store(f"sqlite:///{path}", clock=clock), clock, tmp_path / "run")


def keep(gateway, path, copy):
    with gateway.store.read() as tx:
        tx.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, copy)


def rung(gateway):
    return [c.number for c in gateway.voice.asked]


def work(gateway, worker="worker"):
    try:
        gateway.work()
    except OtherDatabase:
        assert recover.recover(gateway.parts, worker) == 0
        gateway.work()


def test_calls_that_a_restored_backup_forgot_come_back_as_unknown_and_never_ring_again(sqlite, path, tmp_path):
    ids = [sqlite.take(person) for person in PEOPLE]
    keep(sqlite, path, tmp_path / "copy.db")
    sqlite.work()
    assert len(rung(sqlite)) == 6
    went_back(sqlite, path, tmp_path / "copy.db")
    work(sqlite)
    assert len(rung(sqlite)) == 6
    assert {sqlite.lead(i).state for i in ids} == {"unknown"}
    assert {sqlite.lead(i).reason for i in ids} == {"store_went_back"}
    # New leads go on.
    later = sqlite.take({"id": "new", "phone": "9990000999"})
    sqlite.work()
    assert sqlite.lead(later).state == "accepted"


def test_without_the_guard_everybody_would_be_rung_twice(sqlite, path, tmp_path, monkeypatch):
    """The control: the same trial, blind to the database's identity and to the run directory's mark."""
    for person in PEOPLE:
        sqlite.take(person)
    keep(sqlite, path, tmp_path / "copy.db")
    sqlite.work()
    went_back(sqlite, path, tmp_path / "copy.db")
    monkeypatch.setattr(epoch, "is_ours", lambda store, journal, seen: True)
    sqlite.work()
    assert len(rung(sqlite)) == 12


def test_an_overwritten_file_is_told_by_the_count_of_claims(sqlite, path, tmp_path):
    """`cp` over the file keeps its inode; the gateway is restarted as an operator would."""
    sqlite.take(PEOPLE[0])
    keep(sqlite, path, tmp_path / "copy.db")
    sqlite.work()
    sqlite.store.dispose()
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    path.write_bytes((tmp_path / "copy.db").read_bytes())
    again = Stage(Store(f"sqlite:///{path}", clock=sqlite.clock), sqlite.clock, tmp_path / "run")
    work(again)
    assert rung(again) == []


def test_a_clone_whose_journals_are_elsewhere_rings_nobody_that_was_due(sqlite, path, tmp_path, clock):
    ids = [sqlite.take(person) for person in PEOPLE]
    assert recover.recover(sqlite.parts, "the first worker") == 0
    with sqlite.store.write() as tx:
        from store import workers

        workers.check_in(tx, "the first worker", sqlite.parts.journal.run_id(), 1, 1)
    (tmp_path / "clone").mkdir()
    keep(sqlite, path, tmp_path / "clone" / "leads.db")
    clone = Stage(Store(f"sqlite:///{tmp_path}/clone/leads.db", clock=clock), clock, tmp_path / "clone" / "run")
    work(clone, "the clone's worker")
    assert rung(clone) == []
    assert {clone.lead(i).reason for i in ids} == {"may_have_rung"}
    sqlite.work()
    assert len(rung(sqlite)) == 6


def test_a_lead_that_is_gone_too_is_guarded_by_its_key_and_number(sqlite, path, tmp_path):
    sqlite.put("shop", SHOP)
    keep(sqlite, path, tmp_path / "copy.db")
    sqlite.take(PEOPLE[0])
    sqlite.work()
    went_back(sqlite, path, tmp_path / "copy.db")
    again = sqlite.take(PEOPLE[0])  # its sender's retry
    other = sqlite.take({**PEOPLE[0], "id": "another form"})
    work(sqlite)
    assert len(rung(sqlite)) == 1
    assert sqlite.lead(again).reason == "may_have_rung"
    assert sqlite.lead(other).reason == "called_recently"


def test_a_reply_that_comes_after_the_database_went_back_settles_its_lead(sqlite, path, tmp_path):
    lead_id = sqlite.take(PEOPLE[0])
    keep(sqlite, path, tmp_path / "copy.db")
    decide.decide_due(sqlite.parts, 1)
    claimed = sqlite.claim()
    went_back(sqlite, path, tmp_path / "copy.db")
    assert call.record(sqlite.parts, (claimed, YES)) == ["accepted"]
    work(sqlite)
    assert rung(sqlite) == []
    assert [(a["n"], a["outcome"]) for a in sqlite.story(lead_id)["attempts"]] == [(1, "accepted")]


def test_the_web_answers_no_success_for_a_file_that_nobody_will_read(sqlite, path, tmp_path):
    keep(sqlite, path, tmp_path / "copy.db")
    lead_id = sqlite.take(PEOPLE[0])
    went_back(sqlite, path, tmp_path / "copy.db")
    again = json.loads(sqlite.post(PEOPLE[1]).body)["leads"][0]["id"]
    assert sqlite.story(lead_id) is None
    assert sqlite.lead(again).state == "received"


def test_journals_of_another_store_are_ignored(gateway):
    lead_id = gateway.take(PEOPLE[0])
    gateway.work()
    entry = next(e for e in gateway.parts.journal.entries(this_store(gateway)))
    assert (entry.lead, entry.round) == (lead_id, 1)
    assert PEOPLE[0]["phone"] not in json.dumps(entry.__dict__)
    assert list(gateway.parts.journal.entries("another")) == []


def this_store(gateway):
    with gateway.store.write() as tx:
        return epoch.read(gateway.store, gateway.parts.journal, tx).store


def test_on_another_identity_nobody_claims_until_the_new_epoch_is_open(gateway, clock):
    gateway.put("shop", ALWAYS)
    first = gateway.take(PEOPLE[0])
    gateway.work()
    with gateway.store.write() as tx:  # as if promoted: everything else is as it was
        tx.execute(epoch.epoch.update().values(identity="another"))
    second = gateway.take(PEOPLE[1])
    decide.decide_due(gateway.parts, 1)
    with pytest.raises(OtherDatabase):
        gateway.claim()
    rest = recover.recover(gateway.parts, "w1")
    while rest:
        with pytest.raises(OtherDatabase):
            gateway.claim()
        clock.forward(rest / 1000)
        rest = recover.recover(gateway.parts, "w1")
    gateway.work()
    assert (gateway.lead(first).state, gateway.lead(second).state) == ("accepted", "accepted")
    assert len(rung(gateway)) == 2


def test_a_claim_that_cannot_be_written_down_is_not_sent(gateway, monkeypatch):
    lead_id = gateway.take(PEOPLE[0])
    decide.decide_due(gateway.parts, 1)

    def full(entry):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gateway.parts.journal, "write", full)
    claimed = gateway.claim()
    assert isinstance(claimed, claim.Claimed)
    assert call.record(gateway.parts, (claimed, call.place(gateway.parts, claimed))) == ["ready"]
    assert rung(gateway) == []
    assert gateway.story(lead_id)["attempts"][0]["how"] == "journal"
    assert UNKNOWN not in {a["outcome"] for a in gateway.story(lead_id)["attempts"]}


def test_a_dump_put_back_into_the_same_server_is_told_by_this_workers_own_last_call(gateway, clock):
    lead_id = gateway.take(PEOPLE[0])
    gateway.work()
    with gateway.store.write() as tx:  # the rows as they were before the call; the epoch's row stays
        for statement in (
            "DELETE FROM attempts",
            "DELETE FROM number_locks",
            "DELETE FROM history WHERE n > 2",
            "UPDATE leads SET state = 'ready', history_n = 2, claims = 0",
        ):
            tx.exec_driver_sql(statement)
    with pytest.raises(OtherDatabase):
        gateway.work()
    rest = recover.recover(gateway.parts, "w1")
    for _ in range(60):
        if not rest:
            break
        clock.forward(rest / 1000)
        rest = recover.recover(gateway.parts, "w1")
    gateway.work()
    assert len(rung(gateway)) == 1
    assert gateway.lead(lead_id).reason == "store_went_back"
