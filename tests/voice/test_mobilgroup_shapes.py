"""The provider's request and reply as shapes, without a socket."""

import json
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voice.mobilgroup import read_reply, request_body

NUMBER = "79990000001"
OK = {"result": "ok", "id": "12", "number": NUMBER, "price": "4.35"}


def test_texts_go_out_as_they_are_read_in_utf_8():
    assert "Ночь №1" in request_body(NUMBER, "Ночь №1", None).decode()


def test_a_decomposed_script_name_is_composed_and_the_sms_is_left_alone():
    split = unicodedata.normalize("NFD", "Тёплый йод")
    sent = json.loads(request_body(NUMBER, split, split))
    assert (sent["script"], sent["sms"]) == ("Тёплый йод", split)


@pytest.mark.parametrize(
    "number", ["7999000000", "7" * 16, "+7999000000", "７９９９０００００００", "7999000000x", "79990000001\n", ""]
)
def test_a_number_is_11_to_15_ascii_digits(number):
    with pytest.raises(ValueError, match="number"):
        request_body(number, "script", None)


def test_a_security_section_of_another_form_is_refused_without_its_value():
    with pytest.raises(ValueError, match="security") as refused:
        request_body(NUMBER, "script", None, {"token": "s3cret"})
    assert "s3cret" not in str(refused.value)


@given(st.binary(max_size=300))
def test_reading_never_raises_on_bytes(body):
    assert read_reply(body, NUMBER) is None or b"result" in body


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda v: st.lists(v) | st.dictionaries(st.text(), v),
    )
)
def test_reading_never_raises_on_any_field(value):
    body = {"result": "ok", "id": value, "number": value, "price": value, "error_code": value}
    for result in ("ok", "error"):
        said = read_reply(json.dumps({**body, "result": result}).encode(), NUMBER)
        if said is not None:
            (said.provider_id or "").encode(), (said.error or "").encode()  # what a database's text column takes
            assert "\x00" not in (said.provider_id or "") + (said.error or "")


@given(st.integers(min_value=0))
def test_a_cut_reply_is_never_proof(cut):
    """What lets a body count that only the connection's close ended: an object closes itself."""
    whole = json.dumps({**OK, "more": {"result": "ok", "list": [{}]}}).encode()
    assert read_reply(whole[: cut % len(whole)], NUMBER) is None


@pytest.mark.parametrize(
    ("price", "read"), [(b"4.35", "4.35"), (b"0.1", "0.1"), (b"7", "7"), (b'" 1200,50 "', "1200.50"), (b"1e9", None)]
)
def test_a_price_never_passes_through_a_float(price, read):
    said = read_reply(b'{"result": "ok", "price": %b}' % price, NUMBER)
    assert said is not None
    assert said.price == (Decimal(read) if read else None)
    assert read is None or str(said.price) == read


def test_an_integer_too_long_to_convert_is_an_id_like_any_other():
    said = read_reply(b'{"result": "ok", "id": %b}' % (b"9" * 6000), NUMBER)
    assert said is not None
    assert said.provider_id == "9" * 500
