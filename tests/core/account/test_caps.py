from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.account.caps import Left, Room, Rung, Used, is_capped, left, sure_ms, unpriced, used
from core.outcome import ACCEPTED, REFUSED, UNKNOWN
from core.overall import Totals
from core.source import Policy

FOUR = Decimal("4.35")
OFF = Totals(calls_per_hour=0, calls_per_day=0, spend_per_day=Decimal(0))


def rung(outcome, n=1, price=None, script="А", last_hour=0):
    return Rung(script, outcome, price, last_hour, n)


def test_what_was_accepted_costs_its_own_price_what_may_have_rung_the_reservation_and_a_refusal_nothing():
    calls = [rung(ACCEPTED, 2, FOUR), rung(ACCEPTED), rung(UNKNOWN, 3), rung(None), rung(REFUSED, 9)]
    assert unpriced(calls) == {"А"}
    assert used(calls, {"А": Decimal(7)}) == Used(0, 16, 2 * FOUR + 5 * 7)


def test_each_script_has_its_own_reservation():
    calls = [rung(None, script="А"), rung(UNKNOWN, script="Б"), rung(REFUSED, script="В"), rung(ACCEPTED, 1, FOUR, "Г")]
    assert unpriced(calls) == {"А", "Б"}
    assert used(calls, {"А": Decimal(1), "Б": Decimal(20)}).spent == 21 + FOUR


def test_only_caps_that_are_on_are_told():
    caps = Policy(calls_per_hour=10, calls_per_day=50, spend_per_day=Decimal(100))
    told = left(caps, Used(4, 48, Decimal(90)), Decimal(4))
    assert [(one.cap, one.calls) for one in told] == [("calls_per_hour", 6), ("calls_per_day", 2), ("spend_per_day", 2)]
    assert left(OFF, Used(9, 9, Decimal(9)), FOUR) == ()
    assert not is_capped(OFF)
    assert not is_capped(Totals())  # off until somebody writes one
    assert is_capped(Totals(calls_per_day=1))


@pytest.mark.parametrize(("spent", "calls"), [("0", 2), ("0.01", 1), ("5", 1), ("5.01", 0), ("10", 0), ("99", 0)])
def test_a_call_fits_only_where_its_whole_reservation_does(spent, calls):
    caps = Totals(0, 0, Decimal(10), 0)
    assert [one.calls for one in left(caps, Used(0, 0, Decimal(spent)), Decimal(5))] == [calls]


def test_a_script_that_costs_nothing_is_no_division_by_zero():
    (told,) = left(Totals(0, 0, Decimal(1), 0), Used(0, 0, Decimal(0)), Decimal(0))
    assert told == Left("spend_per_day", Decimal(1), Decimal(0), 100)


@given(st.integers(1, 500), st.integers(0, 600))
def test_calls_never_fit_beyond_the_cap(limit, rung_already):
    (told,) = left(Totals(limit, 0, Decimal(0), 0), Used(rung_already, rung_already, Decimal(0)), FOUR)
    assert told.calls == max(0, limit - rung_already)


def test_near_a_cap_nothing_is_taken_for_sure():
    assert [sure_ms(calls) for calls in (0, 1, 8)] == [0, 0, 0]
    assert 0 < sure_ms(100) < 100
    assert sure_ms(10**9) == 60_000


def test_a_room_is_full_after_as_many_calls_as_its_caps_allow():
    room = Room(Totals(3, 0, Decimal(10), 0), Used(1, 1, Decimal(1)), {"А": FOUR, "Б": Decimal(9)})
    assert room.full("А") is None
    after = room.taken("А")
    assert (after.used, after.full("А")) == (Used(2, 2, 1 + FOUR), None)
    assert after.full("Б").cap == "spend_per_day"
    assert after.taken("А").full("А").cap == "calls_per_hour"
