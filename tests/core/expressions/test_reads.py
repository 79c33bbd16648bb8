"""What an expression looks at, told from its text."""

import pytest

from core.expressions.expression import Condition, Path, Template
from core.expressions.reads import reads

HEADER = ("_request", "headers", "x-id")


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("phone", {("phone",)}),
        ("your-phone", {("your-phone",)}),
        ("a.b[0].c", {("a", "b", "c")}),
        ("a[?b == '1'].c | [0]", {("a",)}),
        ("a.*.b", {("a",)}),
        ('_request.headers."x-id"', {HEADER}),
        ('not_null(id, _request.headers."x-id")', {("id",), HEADER}),
        ('id || _request.headers."x-id"', {("id",), HEADER}),
        ("[_request.query][0].phone", {("_request", "query")}),
        ("[@][?_request.query.x].phone", {("_request", "query", "x")}),
        ("{a: _request.query.x}", {("_request", "query", "x")}),
        ("values(_request)", {("_request",)}),
        ("@", set()),
    ],
)
def test_every_place_is_named(text, ways):
    assert reads(Path.compile(text)) == ways
    if text not in ("your-phone", "@"):
        assert reads(Condition.compile(text)) == ways


def test_a_like_and_a_text_name_their_keys():
    assert reads(Path.like(("json", "*phone*"))) == {("json", "*phone*")}
    assert reads(Template.compile("Hello {{ name }} {{ _payload.a.b }}")) == {("name",), ("_payload", "a", "b")}
