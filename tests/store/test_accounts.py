import pytest

from core.account.caps import TOTALS
from core.account.pause import Pause, Script
from core.account.trouble import AccountNow, InFlight, Trouble
from core.outcome import ACCEPTED, Outcome
from core.ports import Call
from store import accounts as trouble
from store import attempts, due, leads, queries, rows
from store import workers as parts
from store.attempts import Attempt
from store.due import Due
from store.ids import new_id
from tests.store.leads_in import AT, lead_in

FULL = Trouble(
    recent="aru",
    unsent=2,
    allowed=4,
    since=AT,
    wait=20_000,
    pause=Pause("provider_status", AT, AT + 5_000, 5_000, "attempt", "HTTP 401", lead="lead", number="hash"),
    scripts={
        "Заявка «А»": Script(("hash", "other")),
        "Б": Script((), Pause("paused_by_person", AT, None, who="anna", why="текст")),
    },
)


def opened(tx, owner, account="main"):
    attempt = Attempt(new_id(), lead_in(tx, "calling").id, 1, 1, account, Call("79990000001", "Заявка"), AT + 20_000)
    attempts.open_all(tx, [attempt], owner, AT)
    return attempt


def test_a_record_is_read_as_it_was_written(store):
    with store.write() as tx:
        assert trouble.lock(tx, "main") == AccountNow(0, Trouble())
        trouble.write(tx, "main", FULL)
        assert trouble.lock(tx, "other").trouble == Trouble()
    with store.write() as tx:
        assert trouble.lock(tx, "main").trouble == FULL
        assert trouble.all_accounts(tx) == {"main": FULL, "other": Trouble()}


def claimed_by(tx, owner, now, totals=False):
    """The account as a claim of this worker's reads it."""
    return trouble.of(tx, "main", rows.ask_all(tx, trouble.asks("main", totals=totals)), owner, now)


@pytest.mark.parametrize("totals", [False, True])
def test_the_first_claim_of_all_makes_the_rows_that_it_locks(store, totals):
    with store.write() as tx:
        assert claimed_by(tx, "w", AT, totals) == AccountNow(0, Trouble(), InFlight(0, 0))
        assert len(rows.run(tx, "SELECT name FROM accounts")) == 1 + totals


@pytest.mark.parametrize(
    ("record", "is_calm"),
    [
        (Trouble(recent="aar"), True),
        (Trouble(recent="aua"), False),
        (Trouble(unsent=1), False),
        (Trouble(allowed=2), False),
        (Trouble(pause=FULL.pause), False),
        (Trouble(scripts=FULL.scripts), False),
    ],
)
def test_an_acceptance_locks_its_account_only_where_that_has_something_to_learn(store, record, is_calm):
    with store.write() as tx:
        trouble.lock(tx, "main")
        trouble.write(tx, "main", record)
        (told,) = rows.ask_all(tx, [trouble.locking_unless_calm("main")])
        assert trouble.record_of(told) == (None if is_calm else record)


def test_the_pace_and_the_record_share_a_row_and_leave_each_other_alone(store):
    with store.write() as tx:
        trouble.lock(tx, "main")
        trouble.write(tx, "main", Trouble(), next_at=AT + 200)
        trouble.write(tx, "main", FULL)
        assert trouble.lock(tx, "main") == AccountNow(AT + 200, FULL)
        trouble.write(tx, "main", Trouble(), next_at=AT + 400)
        assert trouble.lock(tx, "main") == AccountNow(AT + 400, Trouble())


def test_what_is_locked_for_the_totals_is_nobodys_account(store):
    with store.write() as tx:
        trouble.lock(tx, TOTALS)
        assert trouble.all_accounts(tx) == {}


def test_calls_in_flight_are_the_accounts_open_attempts_of_workers_that_live(store):
    with store.write() as tx:
        for name, seen in (("lives", AT), ("killed", AT - 3_001)):
            parts.check_in(tx, name, "run", AT - 60_000, seen)
        opened(tx, "lives")
        opened(tx, "lives", "other")
        opened(tx, "killed")
        ended = opened(tx, "lives")
        opened(tx, "not yet checked in")
        attempts.close(tx, ended.id, Outcome(ACCEPTED), AT)
        assert claimed_by(tx, "lives", AT).calls == InFlight(total=2, own=1)
        assert claimed_by(tx, "other worker", AT - 2).calls == InFlight(total=3, own=0)


def test_leads_of_a_resting_script_are_passed_over_a_persons_rearm_too(store):
    with store.write() as tx:
        good = lead_in(tx, "ready", script="А", due_at=AT)
        lead_in(tx, "ready", script="Б", due_at=AT + 1)
        lead_in(tx, "ready", script="Б", due_at=AT + 1, urgent=1)
        for oldest in (False, True):
            wanted = Due("main", AT + 9, 1, int(oldest), without=("Б", "В"))
            assert [lead.id for lead in due.to_call(tx, wanted).leads] == [good.id]
        assert due.to_call(tx, Due("main", AT + 9, 1, without=("А", "Б"))).leads == []
        assert due.to_call(tx, Due("main", AT + 9, 1)).leads[0].urgent == 1


def test_a_due_lead_says_that_it_waits_for_the_pause_and_no_row_is_written(store):
    with store.write() as tx:
        waits = lead_in(tx, "ready", script="А", due_at=AT, reason="retry")
        later = lead_in(tx, "ready", script="А", due_at=AT + 60_000, reason="quiet_hours")
        lead_in(tx, "held", script="А", due_at=AT)
        trouble.lock(tx, "main")
        trouble.write(tx, "main", FULL)
        listed = {row["no"]: row["reason"] for row in queries.told(tx, queries.page(tx, queries.Wanted(), 9)[0], AT)}
        assert trouble.with_pause(tx, waits, AT).reason == "paused"
        assert trouble.with_pause(tx, later, AT).reason == "quiet_hours"
        assert leads.get(tx, waits.id) == waits
    assert sorted(listed.values()) == ["", "paused", "quiet_hours"]
    assert listed[waits.no] == "paused"


def test_a_lead_of_a_paused_script_says_so_and_what_is_paused_is_said_in_words(store):
    with store.write() as tx:
        mine = lead_in(tx, "ready", script="Б", due_at=AT)
        trouble.lock(tx, "main")
        trouble.write(tx, "main", Trouble(scripts=FULL.scripts))
        assert trouble.with_pause(tx, mine, AT).reason == "script_paused"
        assert trouble.what_is_paused(tx) == {"script 'Б' of account main": "a person paused it"}
