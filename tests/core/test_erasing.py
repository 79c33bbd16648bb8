"""What is left of evidence, and where a number is mentioned."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.erasing import ERASED, KEPT, Mentions, erased

NUMBER = "79990000001"


def test_values_go_and_our_own_words_stay():
    trace = {
        "number": {
            "field": "phone",
            "saw": 79990000001,
            "read": NUMBER,
            "region": "RU",
            "rest": ["Иван"],
            "problem": None,
        },
        "script": {"chose": "Заявка", "by": "rule 1", "rules": [{"when": "a == 'b'", "held": False, "failed": "Иван"}]},
        "sms": {"text": "Здравствуйте, Иван", "segments": 1},
        "rules": [{"rule": "max_age", "verdict": "allow", "waited_s": 3}],
    }
    left = erased(trace)
    assert left["number"] == {**trace["number"], "saw": ERASED, "read": ERASED, "rest": [ERASED]}
    assert left["script"]["rules"] == [{"when": "a == 'b'", "held": False, "failed": ERASED}]
    assert (left["script"]["chose"], left["sms"]) == ("Заявка", {"text": ERASED, "segments": 1})
    assert left["rules"] == trace["rules"]


VALUES = st.recursive(
    st.text() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda key: key not in KEPT), inner),
)


@given(VALUES)
def test_no_value_under_an_unknown_name_stays(value):
    def scalars(one):
        if isinstance(one, dict | list):
            for inner in one.values() if isinstance(one, dict) else one:
                yield from scalars(inner)
        else:
            yield one

    assert set(scalars(erased({"saw": value}))) <= {ERASED}


@pytest.mark.parametrize(
    "body",
    [
        b'{"tel": "8 (999) 000-00-01"}',
        b"tel=%2B7+%28999%29+000-00-01&x=1",
        b"tel=8%20999%20000%2000%2001",
        json.dumps({"tel": "8\u00a0999\u00a0000\u00a000\u00a001"}).encode(),
        "<tel>+7\u2011999\u20110000001</tel>".encode(),
        b'{"tel": 79990000001',
    ],
)
def test_a_number_is_found_however_it_is_written(body):
    assert Mentions(NUMBER).in_body(body)


@pytest.mark.parametrize("body", [b'{"tel": "79990000002"}', b"", b"\xff\x00", b'["999", "000", "00", "01"]'])
def test_another_number_is_not_found(body):
    assert not Mentions(NUMBER).in_body(body)
