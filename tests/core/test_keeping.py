"""Which backups are kept."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.keeping import to_delete

START = datetime(2026, 11, 25, 3, 17, tzinfo=UTC)


def ms(moment):
    return int(moment.timestamp() * 1000)


def test_a_year_of_nights_leaves_fourteen_days_and_eight_weeks():
    made: set[int] = set()
    for day in range(365):
        made.add(ms(START + timedelta(days=day)))
        made -= to_delete(made)
    ages = sorted((ms(START + timedelta(days=364)) - at) // 86_400_000 for at in made)
    assert ages[:14] == list(range(14))
    assert 14 + 5 <= len(ages) <= 14 + 6  # two or three weeks lie within the days
    assert ages[-1] >= 7 * 7 - 6


def test_of_a_day_s_backups_the_newest_stays():
    first, second = ms(START), ms(START + timedelta(hours=3))
    assert to_delete([first, second]) == {first}


@given(st.sets(st.integers(0, 3 * 10**12), min_size=1))
def test_the_newest_always_stays_and_what_stays_stays_again(made):
    gone = to_delete(made)
    assert max(made) not in gone
    assert to_delete(made - gone) == set()
