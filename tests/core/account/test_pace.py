"""The pace: never two calls within a gap of a slow account, and a fast one keeps up over claims of several."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.account.pace import KEPT_MS, MOST_AT_ONCE, after, gap_ms, moments, wait_ms
from core.durations import DAY_MS

NOW = 1_764_061_200_000


def test_without_a_pace_a_claim_takes_as_many_as_it_may():
    assert (moments(0, NOW, 0), wait_ms(NOW + 5, NOW, 0), after(7, NOW, 0, 3)) == (MOST_AT_ONCE, 0, 7)


def test_at_five_a_second_one_moment_comes_at_a_time_however_long_nobody_rang():
    assert moments(0, NOW, 5) == 1
    next_at = after(0, NOW, 5, 1)
    assert (moments(next_at, NOW + 199, 5), wait_ms(next_at, NOW + 199, 5)) == (0, 1)
    assert moments(next_at, NOW + 200, 5) == 1
    assert after(next_at, NOW + 200, 5, 1) == NOW + 400


def test_a_fast_account_keeps_what_came_in_the_last_tenth_of_a_second():
    assert moments(NOW - 30, NOW, 100) == 4
    assert after(NOW - 30, NOW, 100, 4) == NOW + 10
    assert moments(0, NOW, 1000) == MOST_AT_ONCE


@pytest.mark.parametrize("rate", [0.01, 1, 5, 100])
def test_a_clock_that_was_set_back_by_a_day_leaves_nobody_waiting(rate):
    next_at = after(0, NOW, rate, 1)
    assert moments(next_at, NOW - DAY_MS, rate) >= 1


@given(
    st.floats(0.05, 200),
    st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, MOST_AT_ONCE)), min_size=1, max_size=60),
)
def test_in_no_stretch_of_time_more_calls_begin_than_the_pace_allows(rate, looks):
    gap, now, next_at, begun = gap_ms(rate), NOW, 0, []
    for later, wanted in looks:
        now += later
        count = min(wanted, moments(next_at, now, rate))
        if count:
            next_at = after(next_at, now, rate, count)
            begun += [now] * count
        else:
            assert 0 < wait_ms(next_at, now, rate) <= MOST_AT_ONCE * gap
    for first in range(len(begun)):
        for last in range(first, len(begun)):
            span = begun[last] - begun[first]
            assert last - first <= (span + KEPT_MS) / gap
