"""Statements on the driver's own cursor fail by the same names as all others, and are heard by the same ears."""

import pytest
from sqlalchemy import bindparam, event, select
from sqlalchemy.exc import IntegrityError, OperationalError

from core.move import Move, later
from core.outcome import UNKNOWN, Outcome
from core.ports import Call
from store import attempts, changes, leads, rows, tables
from store.attempts import Attempt
from store.changes import Change, NotAsSeen
from store.engine import Busy, StoreUnavailable, UnprovenCommit
from store.planned import PlannedConnection
from tests.store.leads_in import AT, lead_in

COLUMNS = ("name", "ask_at")


def test_more_rows_than_one_statement_takes_are_all_inserted(store):
    with store.write() as tx:
        given = [(f"s{n:03}", n) for n in range(2 * rows.MOST + 3)]
        returned = rows.insert(tx, "sources", COLUMNS, given, "RETURNING name")
        assert [name for (name,) in returned] == [name for name, _ in given]
        found = rows.by_pairs(tx, "event_keys", "lead", ("source", "key"), [("s", str(n)) for n in range(200)])
        assert found == []


def test_tables_that_refer_to_each_other_are_filled_together_and_the_middle_one_tells(store):
    leads = ("id", "source", "account", "state", "received_at", "due_at", "digest", "payload", "history_n")
    row = ("shop", "main", "received", 1, 1, "d", "{}", 1)
    kept = ("id", "source", "received_at", "method", "query", "headers", "body", "digest")
    names = [f"l{n}" for n in range(rows.MOST)]
    with store.write() as tx:
        told = rows.insert_all(
            tx,
            [
                rows.Insert("deliveries", kept, [("d", "shop", 1, "POST", "{}", "{}", b"\0%s", "d")]),
                rows.Insert("leads", leads, [(name, *row) for name in names], ("no", "id")),
                rows.Insert("delivery_leads", ("lead", "delivery", "position", "kind"), [(names[0], "d", 0, "first")]),
                rows.Insert("sources", COLUMNS, []),
            ],
        )
        assert [name for _, name in told] == names
        assert rows.run(tx, "SELECT lead, kind FROM delivery_leads") == [(names[0], "first")]
        assert [bytes(body) for (body,) in rows.run(tx, "SELECT body FROM deliveries")] == [b"\0%s"]
        assert rows.insert_all(tx, [rows.Insert("sources", COLUMNS, [("s", 1)]), rows.Insert("leads", leads, [])]) == []


def test_more_than_one_statement_takes_is_told_whole(store):
    given = [(f"s{n:03}", n) for n in range(2 * rows.MOST)]
    both = [
        rows.Insert("sources", COLUMNS, given, ("name",)),
        rows.Insert("stamps", ("name", "at", "well"), [("a", 1, True)]),
    ]
    with store.write() as tx:
        assert len(rows.insert_all(tx, both)) == len(given)


def test_what_a_driver_refuses_has_the_name_that_others_give_it(store):
    with pytest.raises(IntegrityError) as refused, store.write() as tx:
        rows.insert(tx, "sources", COLUMNS, [("twice", 1), ("twice", 2)])
    assert "twice" not in str(refused.value.params)


def test_a_connection_that_is_lost_in_a_statement_is_the_stores_failure_and_is_given_up(store):
    if store.is_sqlite:
        pytest.skip("a file has no connection to lose")
    with pytest.raises(StoreUnavailable), store.write() as tx:
        rows.run(tx, "SELECT pg_terminate_backend(pg_backend_pid())")
    with store.write() as tx:
        assert rows.run(tx, "SELECT 1") == [(1,)]


def test_a_fault_that_a_listener_brings_is_the_stores_failure(store):
    def fail(*_):
        raise OperationalError("injected", None, Exception("database is locked"))

    with pytest.raises(StoreUnavailable), store.write() as tx:
        event.listen(store.engine, "before_cursor_execute", fail)
        try:
            rows.run(tx, "SELECT 1")
        finally:
            event.remove(store.engine, "before_cursor_execute", fail)


def attempts_of(store):
    """Three open attempts of as many leads, by their ids."""
    with store.write() as tx:
        opened = [
            Attempt(f"a{n}", lead_in(tx, "calling").id, 1, 1, "main", Call("79990000001", "Заявка", 'а "б" \\'), AT)
            for n in range(3)
        ]
        attempts.open_all(tx, opened, "owner", AT)
    return opened


def test_rows_are_put_and_changed_as_they_are_whatever_stands_in_them(store):
    opened = attempts_of(store)
    odd = Outcome(UNKNOWN, "odd_reply", error="%s 'ё' \u2028 {}", reply=b"\x00\xff%s")
    with store.write() as tx:
        told = [(opened[2].id, odd), (opened[0].id, Outcome(UNKNOWN, "reset")), ("nobody's", odd)]
        assert attempts.close_all(tx, told, AT + 5) == {"a0", "a2"}
        assert attempts.close_all(tx, [(one.id, odd) for one in opened], AT + 9) == {"a1"}  # the others were closed
        found = {row.id: row for row in tx.execute(tables.attempts.select())}
    assert [found[f"a{n}"].ended_at for n in range(3)] == [AT + 5, AT + 9, AT + 5]
    assert (found["a2"].reply, found["a2"].error, found["a2"].irregular) == (odd.reply, odd.error, False)
    assert (found["a0"].reply, found["a0"].price, found["a0"].sms) == (None, None, 'а "б" \\')


def test_moves_of_several_leads_are_all_made_or_the_one_that_has_changed_is_named(store):
    with store.write() as tx:
        one, two, three = (lead_in(tx) for _ in range(3))
        moved = [(one, (Move("hold", "held"),)), (two, (later("received", AT + 7),)), (three, (Move("hold", "held"),))]
        after = leads.apply_all(tx, moved, at=AT)
        assert leads.get_all(tx, [one.id, two.id, three.id]) == after
        assert [after[lead.id].history_n for lead in (one, two, three)] == [2, 1, 2]
        assert leads.apply_all(tx, [], at=AT) == {}
        with pytest.raises(NotAsSeen, match=three.id):
            leads.apply_all(
                tx, [(after[one.id], (Move("remap", "received"),)), (three, (Move("remap", "received"),))], at=AT
            )


def test_a_list_is_looked_up_whatever_its_length(store):
    with store.write() as tx:
        rows.insert(tx, "sources", COLUMNS, [(f"s{n:03}", n) for n in range(150)])
        wanted = [f"s{n:03}" for n in range(1, 150)]
        found = rows.among(tx, "SELECT name FROM sources WHERE name {wanted} AND ask_at < {mark}", wanted, [140])
        assert sorted(name for (name,) in found) == wanted[:139]
        assert rows.among(tx, "SELECT name FROM sources WHERE name {wanted}", []) == []


def test_questions_asked_together_are_answered_one_after_the_other(store):
    written = "UPDATE sources SET ask_at = 7 WHERE name {wanted} RETURNING name"
    with store.write() as tx:
        rows.insert(tx, "sources", COLUMNS, [("it's", 1), ("other", 1)])
    name = tables.sources.c.name == bindparam("name")
    ask_at = rows.Ask(select(tables.sources.c.ask_at).where(name), {"name": "it's"})
    with store.write(along=[ask_at, rows.Ask(written, wanted=["it's"]), ask_at, rows.Ask(written, wanted=[])]) as tx:
        assert store.told(tx) == [[(1,)], [("it's",)], [(7,)], []]


def test_what_goes_along_with_a_commit_is_made_or_nothing_is(store):
    """On PostgreSQL they are one message, whether the server keeps the statement or not."""
    opened = attempts_of(store)
    lead = opened[0].lead
    sent = [Change(tables.leads, ("reason",), [("it's", lead, 1)], ("id", "history_n"), whole=True)]
    sent.append(Change(tables.sources, ("name", "ask_at"), [("новый", 1)]))

    def end(*more, reason="it's", seen=1):
        with store.write() as tx:
            rows.insert(tx, "refused_proofs", ("source", "hour", "cause", "count"), [(reason, 1, "x", 1)])
            changes.make_last(tx, [sent[0]._replace(values=[(reason, lead, seen)]), *more])

    end(sent[1])
    with pytest.raises(NotAsSeen, match=lead):
        end(reason="missed", seen=9)
    with pytest.raises(IntegrityError) as refused:
        end(sent[1], reason="twice")
    assert "новый" not in str(refused.value.params)
    if not store.is_sqlite:
        with store.write() as tx, pytest.raises(RuntimeError, match="nothing may follow"):
            changes.make_last(tx, [sent[0]])
            rows.run(tx, "SELECT 1")
    for n in range(20):
        end(reason=f"again {n}")
    with store.read() as tx:
        assert leads.get(tx, lead).reason == "again 19"
        told = tx.execute(select(tables.refused_proofs.c.source)).scalars().all()
        assert sorted(told) == sorted(["it's", *(f"again {n}" for n in range(20))])


def test_a_row_that_what_goes_along_with_a_commit_waits_for_is_busy(store):
    if store.is_sqlite:
        pytest.skip("its writers are alone")
    lead = attempts_of(store)[0].lead
    one = Change(tables.leads, ("reason",), [("x", lead, 1)], ("id", "history_n"), whole=True)
    with store.write() as holder:
        leads.get(holder, lead, lock=True)
        with pytest.raises(Busy), store.write(lock_ms=50) as tx:
            changes.make_last(tx, [one])
    with store.write() as tx:
        changes.make_last(tx, [one])
    with store.read() as tx:
        assert leads.get(tx, lead).reason == "x"


def test_what_cannot_be_sent_along_with_a_commit_leaves_nothing_for_the_next_one_to_commit(store, monkeypatch):
    lead = attempts_of(store)[0].lead

    def end(reason):
        with store.write() as tx:
            rows.insert(tx, "sources", COLUMNS, [("ghost", 1)])
            changes.make_last(tx, [Change(tables.leads, ("reason",), [(reason, lead, 1)], ("id", "history_n"))])

    with pytest.raises(UnicodeEncodeError):
        end("\ud83d")
    if not store.is_sqlite:
        with monkeypatch.context() as patch, pytest.raises(UnprovenCommit):
            patch.setattr(PlannedConnection, "_commit_with", lambda *_: bytearray(1 << 62))
            end("x")
        with store.write() as tx, pytest.raises(RuntimeError, match="nothing may follow"):
            for _ in range(2):
                changes.make_last(tx, [Change(tables.sources, COLUMNS, [("twice", 1)])])
    for _ in range(3):
        with store.write() as tx:
            found = rows.run(tx, "SELECT name FROM sources WHERE name = 'ghost'")
            assert found == []


def test_a_server_that_only_reads_any_more_is_left_also_where_a_commit_learns_of_it(store):
    if store.is_sqlite:
        pytest.skip("a file has no connection to leave")
    one, pool = Change(tables.sources, ("name", "ask_at"), [("x", 1)]), store.engine.pool
    with pytest.raises(StoreUnavailable, match="read-only"), store.write() as tx:
        rows.run(tx, "SET LOCAL transaction_read_only = on")
        changes.make_last(tx, [one])
    assert store.engine.pool is not pool


def test_a_connection_that_is_lost_at_a_commit_with_more_leaves_it_unproven(store):
    if store.is_sqlite:
        pytest.skip("a file has no connection to lose")
    one = Change(tables.sources, ("name", "ask_at"), [("x", 1)])
    with pytest.raises(UnprovenCommit), store.write() as tx:
        pid = tx.connection.driver_connection.info.backend_pid
        changes.make_last(tx, [one])
        with store.write() as other:
            rows.run(other, f"SELECT pg_terminate_backend({pid}, 5000)")
    with store.write() as tx:
        changes.make_last(tx, [one])


def test_a_change_of_a_row_that_is_no_longer_so_changes_nothing_behind_it(store):
    opened = attempts_of(store)
    lead = opened[0].lead
    told = [
        Change(tables.leads, ("reason",), [("x", lead, 9)], ("id", "history_n"), whole=True),
        Change(tables.history, ("lead", "n", "at", "transition", "origin", "target", "who"), [(lead, 1, AT, *"abcd")])
        ._replace(behind=tables.leads),
    ]  # fmt: skip
    with pytest.raises(NotAsSeen, match=lead), store.write() as tx:
        changes.make(tx, told)
    with store.write() as tx:
        wanted = [(None, "1", "held by another"), (None, "2", "mine")]
        rows.insert(tx, "number_locks", ("number", "attempt"), [("1", "its own"), ("2", "mine")])
        freed = Change(tables.number_locks, ("attempt",), wanted, ("number", "attempt"), sorted_=True)
        assert changes.make(tx, [told[0]._replace(whole=False), freed]) == [[], ["2"]]
        assert changes.make(tx, []) == []
