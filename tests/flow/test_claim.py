"""Claims of several leads: one commit, one of each number, one lead's fault its own, and the account first."""

import threading

import pytest
from sqlalchemy import event, text

from cli.worker import PASSED_BY_MS, Worker
from core.ports import Account
from flow import call, claim, decide
from store.journal import Journal
from tests.fakes import SHOP, YES, FakeVoice


def take(gateway, many, first=0):
    return [gateway.take({"id": str(n), "phone": f"+7 999 000-00-{n:02d}"}) for n in range(first, first + many)]


def states(gateway, ids):
    return [gateway.lead(lead_id).state for lead_id in ids]


def test_as_many_as_there_are_slots_are_claimed_in_one_commit_and_one_synced_write(gateway):
    ids = take(gateway, 6)
    commits, written = [], []
    event.listen(gateway.store.engine, "commit", lambda _: commits.append(1))
    write = gateway.parts.journal.write
    gateway.parts.journal.write = lambda *entries: written.append(len(entries)) or write(*entries)
    found = gateway.claim_due(slots=4)
    assert (len(found.claimed), len(commits), written) == (4, 1, [4])
    assert states(gateway, ids).count("calling") == 4


def test_a_lead_that_may_ring_now_is_mapped_decided_and_claimed_in_one_commit_with_both_rows_of_history(gateway):
    (lead_id,) = take(gateway, 1)
    gateway.claim_due()
    story = gateway.story(lead_id)
    assert [row["transition"] for row in story["history"]] == ["receive", "map", "claim"]
    assert (story["lead"].state, story["lead"].claims, len(story["attempts"])) == ("calling", 1, 1)


def test_two_leads_of_one_number_are_never_claimed_together(gateway):
    gateway.put("shop", SHOP + "policy: {once_per_number: 0}\n")
    ids = [gateway.take({"id": str(n), "phone": "+7 999 000-00-01"}) for n in range(3)]
    assert len(gateway.claim_due(slots=8).claimed) == 1
    assert sorted(states(gateway, ids)) == ["calling", "ready", "ready"]
    waiting = [gateway.lead(i).reason for i in ids if gateway.lead(i).state == "ready"]
    assert set(waiting) == {"number_busy"}


def test_where_nothing_may_be_claimed_leads_are_still_decided(gateway):
    gateway.set_account(calls_per_s=0.001)
    ids = take(gateway, 3)
    assert len(gateway.claim_due(slots=8).claimed) == 1
    assert gateway.claim_due(slots=8).claimed == ()
    while decide.decide_due(gateway.parts):
        continue
    assert sorted(states(gateway, ids)) == ["calling", "ready", "ready"]


@pytest.mark.parametrize("others", ["account: elsewhere\n", "enabled: false\n"])
def test_leads_of_no_account_that_is_there_are_decided_where_the_account_has_room(gateway, others):
    """A claim that finds only them does not ask for the next claim at once: nobody else would map them."""
    gateway.set_account(calls_per_s=5)
    gateway.put("other", SHOP + others)
    ids = [gateway.take({"id": str(n), "phone": f"+7 999 000-00-{n:02d}"}, source="other") for n in range(3)]
    worker = Worker(gateway.parts)
    for _ in range(3):
        gateway.clock.forward(PASSED_BY_MS / 1000)
        worker.turn()
    assert states(gateway, ids) == ["held"] * 3


def test_a_lead_that_breaks_the_commit_waits_for_a_person_and_the_others_ring(gateway):
    ids = take(gateway, 4)
    while decide.decide_due(gateway.parts):
        continue
    poison = ids[2]
    with gateway.store.write() as tx:  # an attempt that nobody counted: the next one of its round is refused
        tx.execute(
            text(
                "INSERT INTO attempts (id, lead, n, round, account, number, script, owner, started_at, deadline_at, "
                "outcome) VALUES ('x', :lead, 7, 1, 'main', '79990000099', 'А', 'o', 1, 1, 'unknown')"
            ),
            {"lead": poison},
        )
    found = gateway.claim_due(slots=8)
    for claimed in found.claimed:
        call.record(gateway.parts, (claimed, YES))
    gateway.work()
    assert states(gateway, [i for i in ids if i != poison]) == ["accepted"] * 3
    assert (gateway.lead(poison).state, gateway.lead(poison).reason) == ("held", "mapping_error")


def test_a_claim_whose_account_is_locked_gives_way_and_another_account_rings(gateway, tmp_path):
    if gateway.store.is_sqlite:
        return  # a writer of SQLite is alone
    second = FakeVoice()
    gateway.parts.accounts["second"] = Account("second", second)
    gateway.put("other", SHOP + "account: second\n")
    take(gateway, 1)
    other = gateway.take({"id": "o", "phone": "+7 999 111-11-11"}, source="other")
    locked, go_on = threading.Event(), threading.Event()

    def hold():
        with gateway.store.write(statement_ms=0) as tx:  # the server waits for it however long the others take
            tx.execute(text("INSERT INTO accounts (name) VALUES ('main') ON CONFLICT DO NOTHING"))
            tx.execute(text("SELECT name FROM accounts WHERE name = 'main' FOR UPDATE"))
            locked.set()
            go_on.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        locked.wait(60)
        busy = gateway.claim_due()
        assert (busy.claimed, busy.rest_ms) == ((), claim.BUSY_AGAIN_MS)
        rings = claim.claim_due(gateway.parts, gateway.account("second"), "owner", 0, 4)
        assert [one.lead.id for one in rings.claimed] == [other]
    finally:
        go_on.set()
        thread.join()


def test_many_workers_at_once_never_pass_the_places_in_flight(gateway, tmp_path):
    gateway.set_account(most_in_flight=5)
    take(gateway, 30)
    claimed, lock = [], threading.Lock()

    def work(n):
        import dataclasses

        parts = dataclasses.replace(gateway.parts, journal=Journal(tmp_path / str(n)))
        for turn in range(4):
            found = claim.claim_due(parts, parts.accounts["main"], f"worker {n}", turn, 4)
            with lock:
                claimed.extend((n, one) for one in found.claimed)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # A worker with nothing in flight may always have one: what killed workers left open stops nobody.
    assert 5 <= len(claimed) <= 5 + 3
    assert len({one.lead.id for _, one in claimed}) == len(claimed)


def test_outcomes_that_end_together_are_one_commit(gateway):
    ids = take(gateway, 5)
    found = gateway.claim_due(slots=5)
    commits = []
    event.listen(gateway.store.engine, "commit", lambda _: commits.append(1))
    assert call.record(gateway.parts, *((one, YES) for one in found.claimed)) == ["accepted"] * 5
    assert (len(commits), states(gateway, ids)) == (1, ["accepted"] * 5)


@pytest.mark.parametrize("many", [1, 8])
def test_on_postgresql_a_claim_is_four_round_trips_and_a_recording_two(gateway, many):
    if gateway.store.is_sqlite:
        pytest.skip("a file has no round trips")
    gateway.claim_due()  # makes the account's row
    take(gateway, many)
    trips = []

    def keep(tx, *statement):
        if statement or tx.connection.driver_connection.last is None:  # else it was counted with what goes along
            trips.append(1)

    for what in ("before_cursor_execute", "commit"):
        event.listen(gateway.store.engine, what, keep)
    found = gateway.claim_due(slots=8)
    claimed, trips[:] = len(trips), []
    call.record(gateway.parts, *[(one, YES) for one in found.claimed])
    for what in ("before_cursor_execute", "commit"):
        event.remove(gateway.store.engine, what, keep)
    assert (len(found.claimed), claimed, len(trips)) == (many, 4, 2)


def test_a_call_that_has_ended_keeps_no_place_while_it_is_recorded(gateway):
    gateway.set_account(most_in_flight=1, slots=1)
    take(gateway, 2)
    (first,) = gateway.claim_due().claimed
    account = gateway.account()
    assert claim.claim_due(gateway.parts, account, "owner").claimed == ()
    (second,) = claim.claim_due(gateway.parts, account, "owner", over=[first.attempt.id]).claimed
    call.record(gateway.parts, (first, YES), (second, YES))
    assert set(states(gateway, [first.lead.id, second.lead.id])) == {"accepted"}
