from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text

from core.account.caps import PRICE_AT_FIRST, TOTALS, Rung
from core.durations import DAY_MS, HOUR_MS
from core.outcome import ACCEPTED, NOT_SENT, REFUSED, UNKNOWN, Outcome
from core.ports import Call
from store import accounts as trouble
from store import attempts, caps, due, facts, leads, queries
from store.attempts import Attempt
from store.caps import Reached
from store.due import Due
from store.ids import new_id
from tests.store.leads_in import AT, lead_in

FULL = Reached("shop", "calls_per_hour", "100", "А", AT, AT + HOUR_MS)


def call(tx, outcome=None, *, at=AT, price=None, script="А", source="shop", number="79990000001", account="main"):
    """A call of that time that ended so; None: it is open."""
    attempt = Attempt(new_id(), lead_in(tx, "calling").id, 1, 1, account, Call(number, script), at + 20_000, source)
    attempts.open_all(tx, [attempt], "owner", at)
    if outcome is not None:
        attempts.close(tx, attempt.id, Outcome(outcome, price=price), at + 1)
    return attempt


def test_what_may_have_rung_counts_and_what_was_provably_not_sent_does_not(store):
    with store.write() as tx:
        for outcome in (None, UNKNOWN, REFUSED, ACCEPTED, NOT_SENT):
            call(tx, outcome)
        call(tx, source="other")
        assert sum(each.last_day for each in caps.rung(tx, "shop", AT)) == 4
        assert sum(each.last_day for each in caps.rung(tx, TOTALS, AT)) == 5


def test_the_windows_roll(store):
    with store.write() as tx:
        call(tx, ACCEPTED, price=Decimal("4.35"))
        call(tx, ACCEPTED, price=Decimal("4.35"), at=AT + 1)
        seen = [caps.rung(tx, "shop", AT + later) for later in (1, HOUR_MS, HOUR_MS + 1, DAY_MS, DAY_MS + 1)]
    price = Decimal("4.35")
    assert seen == [
        (Rung("А", ACCEPTED, price, 2, 2),),
        (Rung("А", ACCEPTED, price, 1, 2),),
        (Rung("А", ACCEPTED, price, 0, 2),),
        (Rung("А", ACCEPTED, price, 0, 1),),
        (),
    ]


def test_room_comes_when_as_many_calls_as_are_too_many_have_left_the_window(store):
    with store.write() as tx:
        for n in range(5):
            call(tx, at=AT + n)
        call(tx, NOT_SENT, at=AT + 9)
        assert caps.room_comes(tx, "shop", 5, HOUR_MS, AT + 10) == AT + HOUR_MS
        assert caps.room_comes(tx, TOTALS, 3, DAY_MS, AT + 10) == AT + 2 + DAY_MS
        assert caps.oldest_leaves(tx, "shop", AT + 10) == AT + DAY_MS
        assert caps.room_comes(tx, "other", 5, HOUR_MS, AT + 10) == AT + 10


def test_the_reservation_is_the_dearest_price_of_the_script_in_30_days(store):
    with store.write() as tx:
        assert caps.reservations(tx, ["А"], AT) == {"А": PRICE_AT_FIRST}
        call(tx, ACCEPTED, price=Decimal("99"), at=AT - 31 * DAY_MS)
        call(tx, ACCEPTED, price=Decimal("10.05"))
        for _ in range(3):
            call(tx, ACCEPTED, price=Decimal("9.5"))
        call(tx, ACCEPTED, price=Decimal("50"), script="Б")
        call(tx, ACCEPTED)
        told = caps.reservations(tx, ["А", "Б", "В"], AT)
    assert told == {"А": Decimal("10.05"), "Б": Decimal(50), "В": PRICE_AT_FIRST}


def test_a_number_has_room_when_the_oldest_of_its_calls_leaves_over_all_accounts(store):
    def room(tx, per_day):
        asked = facts.Asked("another lead", "79990000001", "hash", AT, 1, "shop", "e")
        return facts.known(tx, [asked], AT + 9, per_day)["another lead"].number_room_ms

    with store.write() as tx:
        assert room(tx, 1) is None
        call(tx, at=AT)
        call(tx, at=AT + 5, account="second", source="other")
        call(tx, NOT_SENT, at=AT + 6)
        call(tx, number="79990000002")
        assert room(tx, 3) is None
        assert room(tx, 2) == AT + DAY_MS
        assert room(tx, 1) == AT + 5 + DAY_MS


def test_a_reached_cap_is_news_once_and_changed_only_by_who_saw_it(store):
    other = replace(FULL, cap="calls_per_day", limit="500")
    with store.write() as tx:
        assert caps.say(tx, FULL)
        assert not caps.say(tx, other)
        assert caps.reached(tx) == (FULL,)
        assert not caps.change(tx, other, None)
        assert caps.change(tx, FULL, other)
        assert not caps.change(tx, FULL, None)
        assert caps.reached(tx) == (other,)
        assert caps.change(tx, other, None)
        assert caps.say(tx, FULL)


def test_a_due_lead_of_a_capped_source_says_so_and_no_row_is_written(store):
    with store.write() as tx:
        due = lead_in(tx, "ready", script="А", due_at=AT)
        lead_in(tx, "ready", script="А", due_at=AT + 60_000, reason="quiet_hours")
        other = lead_in(tx, "ready", script="А", due_at=AT, source="other")
        caps.say(tx, FULL)
        listed = {row["no"]: row["reason"] for row in queries.told(tx, queries.page(tx, queries.Wanted(), 9)[0], AT)}
        assert trouble.with_pause(tx, due, AT).reason == "cap"
        assert leads.get(tx, due.id) == due
        assert sorted(listed.values()) == ["", "cap", "quiet_hours"]
        caps.say(tx, Reached(TOTALS, "calls_per_day", "1500", "А", AT, AT))
        assert trouble.with_pause(tx, other, AT).reason == "cap"


@pytest.mark.parametrize("oldest", [False, True])
def test_leads_of_full_sources_are_passed_over_a_persons_rearm_too(store, oldest):
    with store.write() as tx:
        for name in ("shop", "full", "other"):
            tx.execute(text("INSERT INTO sources (name) VALUES (:name)"), {"name": name})
        lead_in(tx, "ready", script="А", source="full", due_at=AT + 2)
        lead_in(tx, "ready", script="А", source="full", due_at=AT, urgent=1)
        first = lead_in(tx, "ready", script="А", source="shop", due_at=AT + 1)
        last = lead_in(tx, "ready", script="А", source="other", due_at=AT + 3)
        lead_in(tx, "ready", script="А", source="other", due_at=AT + 99)
        wanted = first if oldest else last

        def found(**more):
            return [lead.id for lead in due.to_call(tx, Due("main", AT + 9, 1, int(oldest), **more)).leads]

        assert found(full=["full"]) == [wanted.id]
        assert found(full=["full"], without=["А"]) == []
        assert found(full=["full", "shop", "other"]) == []
        rearmed = lead_in(tx, "ready", script="А", source="shop", due_at=AT + 5, urgent=1)
        assert found(full=["full"]) == [rearmed.id] or oldest
