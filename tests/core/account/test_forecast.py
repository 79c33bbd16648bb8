"""What will be spent when the hours end, and when the cap is reached: by the pace of the last hour, in a window that
rolls."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from core.account.caps import Rung
from core.account.forecast import STEP_MS, foresee, pace
from core.durations import DAY_MS, HOUR_MS

NOW = 1_795_597_200_000
UNTIL = NOW + 6 * HOUR_MS


def test_the_pace_is_what_the_calls_of_the_last_hour_count():
    rung = [
        Rung("A", "accepted", Decimal("4.35"), 10, 200),
        Rung("A", "refused", None, 3, 9),
        Rung("B", "unknown", None, 1, 1),
    ]
    assert pace(rung, {"A": Decimal(5), "B": Decimal(10)}) == Decimal("53.50")


def test_what_was_spent_a_day_ago_leaves_while_the_hour_comes_round_again():
    old = {NOW - DAY_MS + HOUR_MS: Decimal(30), NOW - DAY_MS - HOUR_MS: Decimal(500), NOW - HOUR_MS: Decimal(100)}
    found = foresee(Decimal(600), Decimal(100), old, Decimal(0), NOW, UNTIL)
    assert (found.at, found.spent, found.full_at) == (UNTIL, Decimal(600 + 6 * 100 - 30), None)


def test_a_cap_is_reached_within_five_minutes_of_when_it_is_foreseen_and_counts_no_further():
    found = foresee(Decimal(800), Decimal(100), {}, Decimal(1000), NOW, UNTIL)
    assert found.full_at == NOW + 2 * HOUR_MS
    assert found.spent == 1000
    assert foresee(Decimal(1000), Decimal(1), {}, Decimal(1000), NOW, UNTIL).full_at == NOW + STEP_MS


@given(
    st.integers(0, 5000),
    st.integers(0, 500),
    st.dictionaries(st.integers(-24, -1).map(lambda n: NOW + n * HOUR_MS), st.integers(0, 200)),
    st.integers(1, 23 * HOUR_MS),
)
def test_without_a_cap_no_more_counts_than_pace_adds_and_no_less_than_leaves(spent, an_hour, hours, ahead):
    by_hour = {hour: Decimal(sum_) for hour, sum_ in hours.items()}
    found = foresee(Decimal(spent), Decimal(an_hour), by_hour, Decimal(0), NOW, NOW + ahead)
    most = Decimal(spent) + Decimal(an_hour) * ahead / HOUR_MS
    assert found.full_at is None
    assert max(Decimal(0), most - sum(by_hour.values())) <= found.spent <= most
