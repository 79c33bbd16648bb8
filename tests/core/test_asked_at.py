"""When the person asked: every way senders write a time, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.asked_at import moment_ms

NOON = 1785585600000  # 2026-08-01T12:00:00Z


@pytest.mark.parametrize(
    "written",
    [
        "2026-08-01T12:00:00Z",
        "2026-08-01T12:00:00.000Z",
        "2026-08-01T15:00:00+03:00",
        "2026-08-01 15:00:00",
        "2026-08-01T15:00",
        "1785585600",
        1785585600,
        "1785585600000",
        "1785585600.0",
        " 1785585600 ",
    ],
)
def test_a_moment_is_read(written):
    assert moment_ms(written, "Europe/Moscow") == NOON


@pytest.mark.parametrize(
    "written",
    [
        "",
        "вчера",
        "2026-08-01",
        "01.08.2026 12:00",
        "0",
        "1",
        "-5",
        "99999999999999999",
        "1785585６00",
        True,
        None,
        [],
        {},
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-13-01T00:00:00Z",
        "1e999",
        float("nan"),
        "1999-01-01T00:00:00Z",
    ],
)
def test_what_is_no_moment_is_none(written):
    assert moment_ms(written, "Europe/Moscow") is None


@given(
    st.text(max_size=30)
    | st.integers()
    | st.floats()
    | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T.{0,20}", fullmatch=True)
)
def test_no_value_makes_it_raise(value):
    found = moment_ms(value, "Europe/Moscow")
    assert found is None or 946_684_800_000 <= found < 4_102_444_800_000
