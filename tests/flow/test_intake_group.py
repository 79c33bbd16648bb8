"""Deliveries stored in one commit answer as if each had come alone, on both databases."""

import contextlib
import json
import threading

import pytest
from sqlalchemy import event
from sqlalchemy.exc import DataError

from store import keys, leads
from store.engine import Store
from tests.faults.processes import wait_until
from tests.faults.statements import AFTER_COMMIT, BEFORE_STATEMENT, Failing
from tests.flow.at_once import LONG_S, AtOnce, at_once
from tests.flow.test_intake import IVAN, counts
from tests.flow.test_seen import SIGNED, plain
from tests.walk.processes import until


def people(n):
    return [{"id": str(k), "phone": f"+7 999 000-00-{k:02}"} for k in range(1, n + 1)]


def told(answers):
    assert [answer.status for answer in answers] == [200] * len(answers)
    return [lead for answer in answers for lead in json.loads(answer.body)["leads"]]


def test_many_senders_are_one_commit_and_one_ring_of_the_bell(gateway):
    before = gateway.bell.rings
    answered = told(at_once(gateway, *people(9)))
    assert gateway.bell.rings == before + 1
    assert counts(gateway) == (9, 9)
    gateway.work()
    assert [gateway.lead(lead["id"]).number for lead in answered] == [f"799900000{n:02}" for n in range(1, 10)]


def test_a_repeat_in_the_same_group_is_the_first_ones(gateway):
    first, other, again = told(at_once(gateway, IVAN, people(2)[1], IVAN))
    assert [first["duplicate"], other["duplicate"], again["duplicate"]] == [False, False, True]
    assert again["id"] == first["id"]
    assert [d["kind"] for d in gateway.story(first["id"])["deliveries"]] == ["first", "repeat"]


def test_a_storm_of_repeats_is_one_commit(gateway):
    lead_id = gateway.take(IVAN)
    before = gateway.bell.rings
    assert {lead["id"] for lead in told(at_once(gateway, *[IVAN] * 8))} == {lead_id}
    assert gateway.bell.rings == before + 1


def test_a_correction_in_the_same_group_mends_the_lead(gateway):
    first, again = told(at_once(gateway, {"id": "1", "name": "Иван"}, IVAN))
    assert (again["id"], again["duplicate"], again["state"]) == (first["id"], True, "received")
    assert [h["transition"] for h in gateway.story(first["id"])["history"]] == ["receive", "correct"]
    gateway.work()
    assert [call.number for call in gateway.voice.asked] == ["79990000001"]


def test_another_person_under_an_id_of_the_same_group_waits_for_a_person(gateway):
    first, other, beside = told(at_once(gateway, IVAN, {**IVAN, "phone": "+7 999 000-00-02"}, people(3)[2]))
    assert (other["state"], other["duplicate"]) == ("held", False)
    assert json.loads(gateway.lead(other["id"]).reasons)[0]["params"] == {"no": gateway.lead(first["id"]).no}
    assert beside["state"] == "received"


def test_what_cannot_be_read_is_held_in_a_group_and_its_repeat_says_so(gateway):
    broken = b'{"phone": "Ivan "the" Great"}'
    first, good, again = told(at_once(gateway, broken, IVAN, broken))
    assert [first["state"], good["state"], again["state"]] == ["held", "received", "held"]
    assert again["id"] == first["id"]
    assert gateway.lead(first["id"]).reason == "unreadable"


def test_batches_of_one_group_share_their_keys_in_any_order(gateway):
    some = people(4)
    answered = told(at_once(gateway, some[:3], list(reversed(some))))
    assert [lead["duplicate"] for lead in answered] == [False, False, False, False, True, True, True]
    assert answered[4]["id"] == answered[2]["id"]
    assert counts(gateway) == (2, 4)


def test_sources_with_windows_of_their_own_share_a_group(gateway):
    gateway.put("signed", SIGNED)
    with AtOnce(gateway) as senders:
        senders.do(lambda: plain(gateway))
        senders.post(IVAN)
        senders.do(lambda: plain(gateway))
        senders.do(lambda: plain(gateway, {**IVAN, "id": "2"}))
    first, answer, again, other = senders.answers
    assert told([answer])[0]["duplicate"] is False
    assert (first["duplicate"], again["duplicate"], again["id"]) == (False, True, first["id"])
    assert (other["duplicate"], other["state"]) == (False, "received")


def test_signed_bytes_under_another_key_in_one_group_wait_for_a_person(gateway):
    gateway.put("signed", SIGNED)
    plain(gateway)
    gateway.clock.forward(2 * 3600)
    with AtOnce(gateway) as senders:
        senders.do(lambda: plain(gateway))
        senders.do(lambda: plain(gateway, {**IVAN, "id": "2"}))
    assert [lead["state"] for lead in senders.answers] == ["held", "received"]


def test_a_repeat_whose_lead_somebody_holds_keeps_nobody_waiting(gateway):
    if gateway.store.is_sqlite:
        pytest.skip("a writer is alone there")
    lead_id = gateway.take(IVAN)
    held, let_go = threading.Event(), threading.Event()

    def hold():
        with gateway.store.write(statement_ms=0) as tx:  # the server waits for it however long the others take
            leads.get(tx, lead_id, lock=True)
            held.set()
            assert let_go.wait(LONG_S)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(LONG_S)
    with AtOnce(gateway) as senders:
        senders.post(IVAN)
        for person in people(4)[1:]:
            senders.post(person)
        senders.let_go.set()
        assert wait_until(lambda: counts(gateway) == (4, 4), LONG_S)  # the others, while the lead is still held
        let_go.set()
    holder.join(LONG_S)
    assert [lead["duplicate"] for lead in told(senders.answers)] == [True, False, False, False]


def test_a_repeat_whose_key_another_process_keeps_is_waited_for_beside_the_others(gateway):
    """A web process that is frozen in its transaction: nobody else can have its key before the server gives it up."""
    if gateway.store.is_sqlite:
        pytest.skip("a writer is alone there")
    lead_id = gateway.take(IVAN)
    other = Store(gateway.store.url, clock=gateway.clock, pool=1)
    with contextlib.ExitStack() as keeping:
        tx = keeping.enter_context(other.write(statement_ms=0))
        assert keys.take(tx, {("shop", gateway.lead(lead_id).event_key): lead_id}, other.now_ms(tx), 0)
        with AtOnce(gateway) as senders:
            senders.post(IVAN)
            for person in people(4)[1:]:
                senders.post(person)
            senders.let_go.set()
            until(lambda: counts(gateway) == (4, 4))  # the others, while the key is still kept
            assert gateway.post(people(6)[5]).status == 200  # and who comes after them
            keeping.close()
    other.dispose()
    assert [lead["duplicate"] for lead in told(senders.answers)] == [True, False, False, False]


def test_one_delivery_that_no_database_takes_is_refused_alone(gateway):
    def refuse(connection, cursor, statement, given, context, many):
        if any(b"poison" in value for value in given or () if isinstance(value, bytes)):
            raise DataError("injected", None, Exception("not to be stored"))

    event.listen(gateway.store.engine, "before_cursor_execute", refuse)
    with AtOnce(gateway) as senders:
        senders.post(IVAN)
        senders.post({"id": "9", "name": "poison"})
        senders.post(people(2)[1])
    event.remove(gateway.store.engine, "before_cursor_execute", refuse)
    first, refused, last = senders.answers
    assert isinstance(refused, DataError)
    assert [lead["duplicate"] for lead in told([first, last])] == [False, False]
    assert counts(gateway) == (2, 2)


def test_an_unproven_commit_is_everybodys_and_every_repeat_finds_its_lead(gateway):
    failing = Failing(gateway.store)
    with failing.at(1, AFTER_COMMIT):
        answers = at_once(gateway, *people(4))
    assert [(answer.status, answer.retry_after) for answer in answers] == [(503, 5)] * 4
    again = told(at_once(gateway, *people(4)))
    assert [lead["duplicate"] for lead in again] == [True] * 4
    gateway.work()
    assert len(gateway.voice.asked) == 4


def test_a_statement_that_fails_in_a_group_leaves_nothing_and_promises_nothing(gateway):
    failing = Failing(gateway.store)
    for n in range(1, 20):
        with failing.at(n, BEFORE_STATEMENT):
            answers = at_once(gateway, *people(3))
        if not failing.failed:
            break
        assert [answer.status for answer in answers] == [503] * 3
        assert counts(gateway) == (0, 0)
    else:
        raise AssertionError("no clean pass")
    # SQLite: BEGIN, keys, deliveries, leads, links. PostgreSQL, where each is a round trip: BEGIN with its limits,
    # keys, all the rest. Behind both comes the COMMIT.
    assert n - 1 == (5 if gateway.store.is_sqlite else 3)
    assert [lead["duplicate"] for lead in told(answers)] == [False] * 3


def test_erased_keys_are_known_in_a_group(gateway):
    from flow import erase

    first = gateway.take(IVAN)
    gateway.work()
    gateway.parts.retention_days = 1
    gateway.clock.forward(2 * 24 * 3600)
    erase.erase_old(gateway.parts)
    again, other = told(at_once(gateway, IVAN, people(2)[1]))
    assert (again["id"], again["duplicate"]) == (first, True)
    assert other["duplicate"] is False
