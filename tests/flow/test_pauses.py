"""A provider in trouble: leads wait instead of burning, one call tries, and they drain when it is well again."""

import threading

import pytest

from core.outcome import NOT_SENT, REFUSED, UNKNOWN, Outcome
from flow import call, decide, pauses
from flow.claim import Claimed, Claims
from store import accounts
from tests.fakes import LOST, NO, SHOP, YES, by_state
from tests.flow.crew import Crew

PAGE_401 = Outcome(UNKNOWN, "http_status", http_status=401, reply=b"<html>401</html>")
NO_MONEY = Outcome(REFUSED, error="Недостаточно средств на балансе", http_status=200)
DOWN = Outcome(NOT_SENT, "refused_connection")
TEN_MINUTES = 600.0


def posts(gateway, leads, first=0):
    """So many leads, a second apart, of different people; their ids, the oldest first."""
    ids = []
    for n in range(first, first + leads):
        ids.append(gateway.take({"id": str(n), "phone": f"+7 999 {n:07d}"}))
        gateway.clock.forward(1)
    return ids


def counts(gateway):
    with gateway.store.read() as tx:
        return by_state(tx)


def record_of(gateway):
    with gateway.store.read() as tx:
        return accounts.all_accounts(tx)["main"]


def numbers(calls):
    return [call.number for _, call, _ in calls]


# A hang -------------------------------------------------------------------------------------------------


@pytest.mark.storm
@pytest.mark.parametrize("answered_before", [0, 60])
def test_a_hang_of_ten_minutes_burns_at_most_33_leads_and_the_others_ring_once_newest_first(
    gateway, tmp_path, answered_before
):
    ids = posts(gateway, 130)
    ends = []  # when the hang is over: ten minutes after its first call

    def provider(asked, now):
        if len(crew.calls) < answered_before:
            return YES, 0.3
        if not ends:
            ends.append(now + TEN_MINUTES)
        return (LOST, 20.0) if now < ends[0] else (YES, 0.3)

    crew = Crew(gateway, provider, tmp_path)
    while not ends or gateway.clock() < ends[0]:
        crew.run(5)
    burned = sum(1 for *_, outcome in crew.calls if outcome is LOST)
    assert 10 <= burned <= 33
    rung = len(crew.calls)
    crew.drain(1000)
    assert counts(gateway) == {"accepted": 130 - burned, "unknown": burned}
    assert len(set(numbers(crew.calls))) == len(crew.calls) == 130
    age = {gateway.lead(lead_id).number: n for n, lead_id in enumerate(ids)}
    drained = [age[number] for number in numbers(crew.calls)[rung:]]
    assert sum(drained[:20]) > sum(drained[-20:])  # newest first, each fifth the oldest
    assert record_of(gateway).pause is None


def test_the_calls_in_flight_grow_from_one_when_it_is_well_again(gateway, tmp_path):
    posts(gateway, 80)
    crew = Crew(gateway, lambda asked, now: (PAGE_401, 0.1) if now < well else (YES, 1.0), tmp_path)
    well = gateway.clock() + 30
    crew.run(100)
    starts = [at for at, _, outcome in crew.calls if outcome is YES]
    ends = [at + 1.0 for at in starts]
    in_flight = [sum(1 for s, e in zip(starts, ends, strict=True) if s <= at < e) for at in sorted(set(starts))]
    assert in_flight[:4] == [1, 2, 4, 8]
    assert max(in_flight) <= 24


def test_people_whose_leads_became_too_old_meanwhile_are_not_called(gateway, tmp_path):
    gateway.put("shop", SHOP + "policy: {max_age: 10m}\n")
    posts(gateway, 40)
    crew = Crew(gateway, lambda asked, now: (DOWN, 0.1) if now < well else (YES, 0.3), tmp_path)
    well = gateway.clock() + 700
    crew.run(560)
    fresh = posts(gateway, 3, first=100)
    crew.drain(700)
    assert counts(gateway) == {"accepted": 3, "held": 40}
    assert {gateway.lead(i).state for i in fresh} == {"accepted"}


def test_a_provider_that_is_away_burns_nothing_and_is_asked_by_one_call_at_a_time(gateway, tmp_path):
    posts(gateway, 60)
    crew = Crew(gateway, lambda asked, now: (DOWN, 0.1) if now < well else (YES, 0.3), tmp_path)
    well = gateway.clock() + 300
    crew.run(299)
    assert len(crew.calls) <= 24 + 7
    crew.drain(700)
    assert counts(gateway) == {"accepted": 60}


# At once ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcome", "state", "cause"),
    [
        (PAGE_401, "unknown", "provider_status"),
        (NO_MONEY, "refused", "account_error"),
        (Outcome(UNKNOWN, "odd_reply", http_status=200, number_differs=True), "unknown", "other_number"),
    ],
)
def test_one_answer_pauses_the_account_and_the_lead_keeps_its_outcome(gateway, outcome, state, cause):
    gateway.voice.outcomes = [outcome]
    first, *waiting = posts(gateway, 4)[::-1]
    gateway.work()
    assert gateway.lead(first).state == state
    assert {gateway.lead(i).state for i in waiting} == {"ready"}
    assert record_of(gateway).pause.cause == cause
    gateway.clock.forward(5)
    gateway.work()
    assert {gateway.lead(i).state for i in waiting} == {"accepted"}
    assert len(gateway.voice.asked) == 4


def test_a_worker_rests_until_the_time_of_the_try(gateway):
    gateway.voice.outcomes = [PAGE_401]
    posts(gateway, 2)
    gateway.work()
    assert gateway.claim() == Claims(rest_ms=5_000, full=True)
    gateway.clock.forward(4)
    assert gateway.claim() == Claims(rest_ms=1_000, full=True)


def test_of_many_workers_one_tries_and_when_it_dies_another_does(gateway):
    gateway.voice.outcomes = [PAGE_401]
    posts(gateway, 30)
    gateway.work()
    gateway.clock.forward(5)
    ready, found = threading.Barrier(6), []

    def claims(worker):
        ready.wait()
        found.append(gateway.claim(owner=f"worker {worker}"))

    threads = [threading.Thread(target=claims, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(isinstance(each, Claimed) for each in found) == 1
    assert {type(each) for each in found} == {Claimed, Claims}
    gateway.clock.forward(24.9)
    assert isinstance(gateway.claim(), Claims)
    gateway.clock.forward(0.1)
    assert isinstance(gateway.claim(), Claimed)


def test_an_answer_that_comes_too_late_does_not_end_the_pause(gateway):
    posts(gateway, 3)
    gateway.voice.otherwise = PAGE_401
    claimed = None
    while not isinstance(claimed, Claimed):
        decide.decide_due(gateway.parts, 1)
        claimed = gateway.claim()
    gateway.work()
    call.record(gateway.parts, (claimed, YES))
    assert gateway.lead(claimed.lead.id).state == "accepted"
    assert record_of(gateway).pause.cause == "provider_status"


# A script -----------------------------------------------------------------------------------------------


def test_a_misspelt_script_pauses_only_itself_and_rings_when_it_was_mended(gateway, tmp_path):
    gateway.put("typo", SHOP.replace("script: Заявка", "script: Зоявка"))
    good = posts(gateway, 30)
    bad = [gateway.take({"id": f"t{n}", "phone": f"+7 997 {n:07d}"}, source="typo") for n in range(40)]
    crew = Crew(gateway, lambda asked, now: (NO if asked.script == "Зоявка" and now < mended else YES, 0.2), tmp_path)
    mended = gateway.clock() + 60
    crew.run(59)
    assert {gateway.lead(i).state for i in good} == {"accepted"}
    refused = [i for i in bad if gateway.lead(i).state == "refused"]
    assert 5 <= len(refused) <= 24 + 4
    assert record_of(gateway).pause is None
    crew.drain(400)
    assert {gateway.lead(i).state for i in bad if i not in refused} == {"accepted"}
    assert len(crew.calls) == len(set(numbers(crew.calls))) == 70


# A person -----------------------------------------------------------------------------------------------


def test_a_persons_pause_stops_every_ring_accepting_goes_on_and_resume_lets_them_ring(gateway):
    pauses.pause(gateway.parts, "main", "anna", "the hotline is closed")
    ids = posts(gateway, 3)
    gateway.work()
    gateway.clock.forward(3600)
    gateway.work()
    assert gateway.voice.asked == []
    assert gateway.claim() == Claims(rest_ms=1_000, full=True)
    assert pauses.resume(gateway.parts, "main", "anna", "open again")
    gateway.work()
    assert {gateway.lead(i).state for i in ids} == {"accepted"}


def test_a_persons_resume_ends_a_pause_that_the_account_made_itself(gateway):
    gateway.voice.outcomes = [PAGE_401]
    posts(gateway, 2)
    gateway.work()
    assert len(gateway.voice.asked) == 1
    assert pauses.resume(gateway.parts, "main", "anna", "the key was mended")
    gateway.work()
    assert len(gateway.voice.asked) == 2
    assert not pauses.resume(gateway.parts, "main", "anna", "again")


def test_a_person_pauses_one_script_and_the_others_go_on(gateway):
    gateway.put("other", SHOP.replace("script: Заявка", "script: Другой"))
    pauses.pause(gateway.parts, "main", "anna", "wrong text in the panel", "Заявка")
    waits, rings = posts(gateway, 1)[0], gateway.take({"id": "o", "phone": "+7 997 0000001"}, source="other")
    gateway.work()
    assert (gateway.lead(waits).state, gateway.lead(rings).state) == ("ready", "accepted")
    assert not pauses.resume(gateway.parts, "main", "anna", "why", "Другой")
    assert pauses.resume(gateway.parts, "main", "anna", "why", "Заявка")
    gateway.work()
    assert gateway.lead(waits).state == "accepted"


def test_the_trying_call_is_of_another_person_than_the_one_whose_call_failed(gateway):
    gateway.voice.outcomes = [DOWN] * 5  # provably not sent: the lead comes again, and would be the newest each time
    first = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    for _ in range(5):
        gateway.work()
        gateway.clock.forward(20)
    assert record_of(gateway).pause.cause == "provider_unreachable"
    other = posts(gateway, 1, first=7)[0]
    again = gateway.take({"id": "2", "phone": "+7 999 000-00-01"})
    gateway.clock.forward(60)
    gateway.voice.outcomes, gateway.voice.otherwise = [], DOWN
    rung = len(gateway.voice.asked)
    gateway.work()
    assert [call.number for call in gateway.voice.asked[rung:]] == ["79990000007"]
    assert {gateway.lead(i).state for i in (first, other, again)} == {"ready"}


def test_a_stranger_with_one_dead_number_stops_no_script(gateway):
    gateway.put("shop", SHOP + "policy: {once_per_number: '0'}\n")
    gateway.voice.otherwise = Outcome(REFUSED, error="Абонент недоступен: номер заблокирован", http_status=200)
    for n in range(8):
        gateway.take({"id": f"junk {n}", "phone": "+7 999 000-00-01"})
        gateway.work()
        gateway.clock.forward(1)
    assert counts(gateway) == {"refused": 8}
    gateway.voice.otherwise = YES
    posts(gateway, 1, first=7)
    gateway.work()
    assert counts(gateway) == {"refused": 8, "accepted": 1}
