"""What persons said so that somebody is not rung outlives the database that it was said to."""

import fcntl
import json

import pytest
from sqlalchemy import delete, insert, select

from flow import do_not_call, erase, operate, pauses, wishes
from store import do_not_call as listed
from store import leads, meta
from store.wishes import Wishes
from tests.fakes import SHOP
from tests.flow.test_recover import ALWAYS, PEOPLE, keep, path, rung, sqlite, went_back, work  # noqa: F401

NUMBERS = [f"79990000{n:03}" for n in range(6)]


@pytest.fixture
def back(gateway):
    """The database as it is now, and how to put it back in place: nothing of it but its rows is another."""

    def rows():
        with gateway.store.read() as tx:
            return {t: [dict(r._mapping) for r in tx.execute(select(t))] for t in meta.meta.sorted_tables}

    def put_back(kept):
        with gateway.store.write() as tx:
            for table in reversed(meta.meta.sorted_tables):
                tx.execute(delete(table))
            for table, some in kept.items():
                for row in some:
                    tx.execute(insert(table).values(**row))

    return rows, put_back


def take_all(gateway):
    gateway.put("shop", ALWAYS)
    return [gateway.take(person) for person in PEOPLE]


def file_of(gateway):
    (file,) = gateway.parts.journal.directory.glob("wishes-*")
    return file


def test_who_asked_not_to_be_called_is_not_rung_by_a_backup_of_before(gateway, back):
    ids = take_all(gateway)
    kept = back[0]()
    do_not_call.add(gateway.parts, dict.fromkeys(NUMBERS[:2], "asked"), "anna")
    do_not_call.add(gateway.parts, {NUMBERS[2]: "asked"}, "anna")
    do_not_call.remove(gateway.parts, NUMBERS[2], "anna", "came back")
    back[1](kept)
    assert wishes.bring_back(gateway.parts) == 4
    gateway.work()
    assert [gateway.lead(one).reason for one in ids[:2]] == ["do_not_call"] * 2
    assert sorted(rung(gateway)) == NUMBERS[2:]
    assert not any(number in file_of(gateway).read_text() for number in NUMBERS)


def test_a_database_that_is_put_back_while_all_runs_hears_of_it_before_anybody_claims(sqlite, path, tmp_path):  # noqa: F811
    ids = take_all(sqlite)
    keep(sqlite, path, tmp_path / "copy.db")
    do_not_call.add(sqlite.parts, {NUMBERS[0]: "asked"}, "anna")
    operate.cancel(sqlite.parts, ids[1], "anna", "no")
    sqlite.claim()
    went_back(sqlite, path, tmp_path / "copy.db")
    work(sqlite)
    assert [sqlite.lead(one).state for one in ids[:2]] == ["suppressed", "cancelled"]
    assert not set(rung(sqlite)) & set(NUMBERS[:2])


def test_a_pause_holds_in_a_backup_of_before_and_one_that_was_ended_does_not(gateway, back):
    take_all(gateway)
    kept = back[0]()
    pauses.pause(gateway.parts, "main", "anna", "stop")
    pauses.resume(gateway.parts, "main", "anna", "on")
    pauses.pause(gateway.parts, "main", "anna", "stop", "Заявка")
    back[1](kept)
    wishes.bring_back(gateway.parts)
    gateway.work()
    assert rung(gateway) == []
    pauses.resume(gateway.parts, "main", "anna", "on")
    back[1](kept)
    wishes.bring_back(gateway.parts)
    gateway.work()
    assert sorted(rung(gateway)) == NUMBERS


def test_what_is_said_to_a_backup_of_before_hides_nothing_that_it_forgot(gateway, back):
    """Between its being put back and the next look somebody says one thing more."""
    take_all(gateway)
    kept = back[0]()
    do_not_call.add(gateway.parts, {NUMBERS[0]: "asked"}, "anna")
    pauses.pause(gateway.parts, "main", "anna", "stop", "Заявка")
    back[1](kept)
    do_not_call.add(gateway.parts, {NUMBERS[1]: "asked"}, "boris")
    assert wishes.bring_back(gateway.parts) == 3
    assert wishes.bring_back(gateway.parts) == 0
    gateway.work()
    assert rung(gateway) == []
    pauses.resume(gateway.parts, "main", "anna", "on", "Заявка")
    gateway.work()
    assert sorted(rung(gateway)) == NUMBERS[2:]


def test_what_was_cancelled_or_erased_is_not_rung_by_a_backup_of_before(gateway, back):
    ids = take_all(gateway)
    kept = back[0]()
    operate.cancel(gateway.parts, ids[0], "anna", "no")
    erase.erase_person(gateway.parts, NUMBERS[1], "anna", "asked")
    back[1](kept)
    wishes.bring_back(gateway.parts)
    gateway.work()
    assert [gateway.lead(one).state for one in ids[:2]] == ["cancelled"] * 2
    assert sorted(rung(gateway)) == NUMBERS[2:]


def test_what_was_refused_is_not_said_again(gateway, back):
    lead_id = take_all(gateway)[0]
    kept = back[0]()
    with pytest.raises(operate.Refused):
        operate.cancel(gateway.parts, lead_id, "anna", "no", seen=99)
    do_not_call.add(gateway.parts, {NUMBERS[5]: "asked"}, "anna")
    back[1](kept)
    assert wishes.bring_back(gateway.parts) == 1
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"


@pytest.mark.parametrize("late", [True, False])
def test_it_is_said_again_where_its_process_ended_before_the_commit(gateway, monkeypatch, late):
    add = listed.add

    def dies(tx, *given):
        if late:
            add(tx, *given)
        raise SystemExit

    monkeypatch.setattr(listed, "add", dies)
    with pytest.raises(SystemExit):
        do_not_call.add(gateway.parts, {NUMBERS[0]: "asked"}, "anna")
    monkeypatch.undo()
    assert wishes.bring_back(gateway.parts) == 1
    gateway.take(PEOPLE[0])
    gateway.work()
    assert rung(gateway) == []


def test_a_number_known_by_its_digest_alone_is_found_and_taken_off(gateway, back):
    kept = back[0]()
    do_not_call.add(gateway.parts, {NUMBERS[0]: "asked"}, "anna")
    back[1](kept)
    wishes.bring_back(gateway.parts)
    with gateway.store.read() as tx:
        entry = listed.find(tx, do_not_call.names(gateway.parts, NUMBERS[0]))
    assert (entry["number"][0], entry["who"]) == ("#", "anna")
    assert do_not_call.remove(gateway.parts, NUMBERS[0], "anna", "came back")
    gateway.take(PEOPLE[0])
    gateway.work()
    assert rung(gateway) == NUMBERS[:1]


def test_one_that_is_on_the_list_of_the_backup_stays_as_it_is(gateway, back):
    do_not_call.add(gateway.parts, {NUMBERS[0]: "first"}, "anna")
    kept = back[0]()
    do_not_call.add(gateway.parts, {NUMBERS[0]: "again"}, "boris")
    back[1](kept)
    wishes.bring_back(gateway.parts)
    with gateway.store.read() as tx:
        assert [row["why"] for row in listed.page(tx, 9)[0]] == ["first"]


def test_a_half_line_runs_into_no_other_and_nothing_is_said_twice(gateway, back):
    kept = back[0]()
    do_not_call.add(gateway.parts, {NUMBERS[0]: "asked"}, "anna")
    with file_of(gateway).open("a") as file:
        file.write('\n{"n": 2, "what": "do_not')
    do_not_call.add(gateway.parts, {NUMBERS[1]: "asked"}, "anna")
    numbers = [json.loads(line).get("n") for line in file_of(gateway).read_text().splitlines() if line.endswith("}")]
    assert numbers == [None, 1, 2]
    assert wishes.bring_back(gateway.parts) == 0
    back[1](kept)
    assert (wishes.bring_back(gateway.parts), wishes.bring_back(gateway.parts)) == (2, 0)


def test_a_later_release_s_wishes_are_heard_as_far_as_this_one_knows_them(gateway, back):
    """It was taken back: a field more hides no wish, another kind of wish stops none."""
    lead_id, *_ = take_all(gateway)
    kept = back[0]()
    operate.cancel(gateway.parts, lead_id, "anna", "they called us")
    file = file_of(gateway)
    *before, said = map(json.loads, filter(None, file.read_text().splitlines()))
    later = {"n": said["n"] + 1, "what": "of a later release", "of": "x", "who": "anna"}
    file.write_text("".join(f"\n{json.dumps(one)}\n" for one in (*before, said | {"since_then": 1}, later)))
    back[1](kept)
    assert (wishes.bring_back(gateway.parts), wishes.bring_back(gateway.parts)) == (1, 0)
    assert gateway.lead(lead_id).state == "cancelled"


def test_where_nothing_can_be_written_down_it_is_done_all_the_same(gateway):
    gateway.parts.journal.directory.parent.mkdir(exist_ok=True)
    gateway.parts.journal.directory.write_text("")  # no directory
    do_not_call.add(gateway.parts, {NUMBERS[0]: "asked"}, "anna")
    with gateway.store.read() as tx:
        assert listed.find(tx, NUMBERS[:1])


def test_two_databases_in_one_run_directory_do_not_hear_each_others(gateway, sqlite):  # noqa: F811
    sqlite.parts.journal = gateway.parts.journal
    do_not_call.add(gateway.parts, {NUMBERS[0]: "asked"}, "anna")
    pauses.pause(gateway.parts, "main", "anna", "stop")
    assert wishes.bring_back(sqlite.parts) == 0
    sqlite.put("shop", SHOP)
    sqlite.take(PEOPLE[0])
    sqlite.work()
    assert rung(sqlite) == NUMBERS[:1]


def test_a_lead_that_nobody_can_ring_any_more_is_left_as_it_is(gateway, back):
    lead_id = take_all(gateway)[0]
    operate.cancel(gateway.parts, lead_id, "anna", "no")
    kept = back[0]()
    operate.cancel(gateway.parts, gateway.take({"id": "7", "phone": "9990000007"}), "anna", "no")
    with gateway.store.write() as tx:
        n = leads.get(tx, lead_id).history_n
    back[1](kept)
    wishes.bring_back(gateway.parts)
    assert gateway.lead(lead_id).history_n == n


def test_a_process_that_is_frozen_while_it_says_something_stops_nobody(gateway, back, monkeypatch):
    kept = back[0]()
    do_not_call.add(gateway.parts, {NUMBERS[0]: "asked"}, "anna")
    back[1](kept)
    with file_of(gateway).open() as frozen:
        fcntl.flock(frozen, fcntl.LOCK_EX)
        wishes.look(gateway.parts)
        with pytest.raises(TimeoutError):  # before a new epoch opens it has to be known
            wishes.bring_back(gateway.parts, wait_s=0.1)
        monkeypatch.setattr(Wishes._alone.__wrapped__, "__defaults__", (0.1,))
        pauses.pause(gateway.parts, "main", "anna", "stop")
    gateway.take(PEOPLE[0])
    gateway.work()
    assert rung(gateway) == []
    wishes.look(gateway.parts)
    with gateway.store.read() as tx:
        assert listed.find(tx, do_not_call.names(gateway.parts, NUMBERS[0]))
