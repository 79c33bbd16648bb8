import pytest
from sqlalchemy.exc import IntegrityError

from core.outcome import ACCEPTED, NOT_SENT, UNKNOWN, Outcome
from core.ports import Call
from store import attempts
from store.attempts import Attempt
from store.ids import new_id
from tests.store.leads_in import AT, lead_in

CALL = Call("79990000001", "Заявка")


def attempt_of(lead, n=1, round_=1):
    return Attempt(new_id(), lead.id, n, round_, "main", CALL, AT + 20_000)


@pytest.mark.parametrize("fate", [None, UNKNOWN, ACCEPTED])
def test_the_database_refuses_a_second_possible_ring_of_one_round(store, fate):
    with store.write() as tx:
        lead = lead_in(tx, "calling")
        first = attempt_of(lead)
        attempts.open_all(tx, [first], "owner", AT)
        if fate:
            assert attempts.close(tx, first.id, Outcome(fate), AT)
    with pytest.raises(IntegrityError), store.write() as tx:
        attempts.open_all(tx, [attempt_of(lead, n=2)], "other", AT)


def test_a_round_that_provably_sent_nothing_may_be_tried_again(store):
    with store.write() as tx:
        lead = lead_in(tx, "calling")
        first = attempt_of(lead)
        attempts.open_all(tx, [first], "owner", AT)
        attempts.close(tx, first.id, Outcome(NOT_SENT, "dns"), AT)
        attempts.open_all(tx, [attempt_of(lead, n=2)], "owner", AT)
        assert attempts.counts(tx, [lead.id, "another"]) == {lead.id: 2}


def test_a_persons_new_round_may_ring_again(store):
    with store.write() as tx:
        lead = lead_in(tx, "calling")
        first = attempt_of(lead)
        attempts.open_all(tx, [first], "owner", AT)
        attempts.close(tx, first.id, Outcome(UNKNOWN, "reset"), AT)
        attempts.open_all(tx, [attempt_of(lead, n=2, round_=2)], "owner", AT)


def test_a_number_is_locked_by_one_attempt_and_freed_only_by_it(store):
    with store.write() as tx:
        assert attempts.lock_numbers(tx, {"one": CALL.number}) == {"one"}
        assert attempts.lock_numbers(tx, {"two": CALL.number}) == frozenset()
        attempts.free_numbers(tx, {"two": CALL.number})
        assert attempts.lock_numbers(tx, {"two": CALL.number, "three": "79990000002"}) == {"three"}
        attempts.free_numbers(tx, {"one": CALL.number})
        assert attempts.lock_numbers(tx, {"two": CALL.number}) == {"two"}


def test_of_two_attempts_for_one_number_the_first_has_it(store):
    with store.write() as tx:
        asked = {"one": CALL.number, "two": CALL.number, "three": "79990000002"}
        assert attempts.lock_numbers(tx, asked) == {"one", "three"}
        assert attempts.lock_numbers(tx, {}) == frozenset()


def test_an_attempt_is_closed_once_and_a_late_proof_goes_over_unknown_only(store):
    with store.write() as tx:
        attempt = attempt_of(lead_in(tx, "calling"))
        attempts.open_all(tx, [attempt], "owner", AT)
        assert not attempts.prove(tx, attempt.id, Outcome(ACCEPTED), AT)
        assert attempts.close(tx, attempt.id, Outcome(UNKNOWN, "owner_gone"), AT)
        assert not attempts.close(tx, attempt.id, Outcome(ACCEPTED), AT)
        assert attempts.prove(tx, attempt.id, Outcome(ACCEPTED, provider_id="5"), AT)
        assert not attempts.prove(tx, attempt.id, Outcome(ACCEPTED, provider_id="6"), AT)


def test_only_open_attempts_past_their_deadline_are_overdue(store):
    with store.write() as tx:
        lead = lead_in(tx, "calling")
        attempt = attempt_of(lead)
        attempts.open_all(tx, [attempt], "owner", AT)
        assert attempts.overdue(tx, attempt.deadline_at) == []
        assert attempts.overdue(tx, attempt.deadline_at + 1) == [(attempt.id, lead.id, CALL.number)]
        attempts.close(tx, attempt.id, Outcome(UNKNOWN), AT)
        assert attempts.overdue(tx, attempt.deadline_at + 1) == []
