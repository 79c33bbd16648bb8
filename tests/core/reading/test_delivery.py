import dataclasses

import pytest

from core.reading.delivery import Delivery
from core.source import Body


def delivery(**changes):
    parts = {
        "method": "POST",
        "headers": (("content-type", "application/json"), ("x-sign", "one"), ("x-sign", "two")),
        "query": "token=s3cret&a=%D1%8F&a=2",
        "rest": "s3cret/events/call",
        "body": b'{"phone": "79990000001"}',
        "url": "https://leads.example/hooks/x/s3cret?token=s3cret",
        "remote": "192.0.2.1",
    }
    return Delivery(**(parts | changes))


def test_headers_are_found_in_any_case_and_the_first_is_given():
    assert delivery().header("Content-Type") == "application/json"
    assert delivery().header("X-Sign") == "one"
    assert delivery().headers_all("X-SIGN") == ("one", "two")
    assert delivery().header("absent") is None


def test_the_query_s_pairs_keep_their_order():
    assert delivery().query_pairs == (("token", "s3cret"), ("a", "я"), ("a", "2"))


def test_the_tree_is_parsed_once_for_the_same_rules():
    one = delivery()
    assert one.tree(Body()).value == {"phone": "79990000001"}
    assert one.tree(Body()) is one.tree(Body())
    assert one.tree(Body(format="form")) is not one.tree(Body())


def test_a_get_has_its_data_in_the_query():
    assert delivery(method="GET", body=b"", query="phone=1").tree(Body()).value == {"phone": "1"}


def test_it_cannot_be_changed_and_shows_no_secret_and_no_person():
    one = delivery()
    with pytest.raises(dataclasses.FrozenInstanceError):
        one.body = b""
    one.tree(Body())
    assert "s3cret" not in repr(one)
    assert "79990000001" not in repr(one)


def test_equal_requests_are_equal_deliveries_whether_parsed_or_not():
    one, other = delivery(), delivery()
    one.tree(Body())
    assert one == other


@pytest.mark.parametrize(
    "content_type", ["", "application/json", "multipart/form-data; boundary=B", "x/x; charset=koi8-r"]
)
@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"phone": "1"}', {"phone": "1"}),
        (b"phone=1&name=A", {"phone": "1", "name": "A"}),
        ("имя=Я".encode(), {"имя": "Я"}),
        (b'--B\r\nContent-Disposition: form-data; name="phone"\r\n\r\n1\r\n--B--\r\n', {}),
        (b"", {}),
    ],
)
def test_of_signed_bytes_no_header_and_no_query_says_how_to_read_them(content_type, body, value):
    one = delivery(body=body, query="phone=9", headers=(("Content-Type", content_type),))
    assert one.signed_tree(Body()).value == value
