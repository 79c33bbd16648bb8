"""What may get from a stranger's payload into a question to the owner's CRM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.expressions.expression import BadExpression
from core.expressions.slots import NOTHING_THERE, NoId, Slotted

STRANGE = [
    "../..",
    "..",
    ".",
    "a/b",
    "a\\b",
    "a b",
    "a\nb",
    "a?b",
    "a#b",
    "a@b",
    "%2e%2e",
    "a%2fb",
    "http://a",
    "７",
    "",
    " ",
]


def fill(text, payload, **how):
    return Slotted.compile(text).fill(payload, "s/e c", **how)


def test_a_slot_is_filled_from_the_payload():
    assert fill("/leads/{a.b[0].id}/x", {"a": {"b": [{"id": "7"}]}}) == "/leads/7/x"


def test_the_token_is_the_owners_and_may_be_anything():
    assert fill("/{token}/x", {"token": "theirs"}, encode=True) == "/s%2Fe%20c/x"
    assert fill("Bearer {token}", {}) == "Bearer s/e c"
    assert Slotted.compile("Bearer {token}").needs_token
    assert not Slotted.compile("{id}").needs_token


@pytest.mark.parametrize("value", [None, "", " ", [], {}, "{{lead.id}}"])
def test_an_empty_value_fills_no_slot(value):
    assert fill("/{id}", {"id": value}) is NOTHING_THERE


@pytest.mark.parametrize("value", [*[s for s in STRANGE if s.strip()], ["7"], {"a": "7"}, True, "7" * 201])
def test_what_is_no_id_is_named_by_its_field_only(value):
    assert fill("/leads/{id}", {"id": value}) == NoId("id")


@pytest.mark.parametrize("value", ["7", "0f0e-0777-4", "urn:li:x:5", "a_b.c~d=", "A" * 200])
def test_every_id_that_a_crm_is_known_to_use_is_taken(value):
    assert fill("{id}", {"id": value}) == value


@pytest.mark.parametrize(
    ("urn", "form"),
    [
        ("urn:li:leadGenForm:3162", "3162"),
        ("urn:li:versionedLeadGenForm:(urn:li:leadGenForm:3162,1)", "3162"),
        ("urn:li:leadGenFormResponse:0f0e-0777-4", "0f0e-0777-4"),
        ("3162", "3162"),
    ],
)
def test_the_id_at_the_end_of_a_urn(urn, form):
    assert fill("/forms/{leadGenForm | urn_id}", {"leadGenForm": urn}) == f"/forms/{form}"


def test_a_pipe_of_jmespath_is_no_filter():
    assert fill("{a[?m].id | [0]}", {"a": [{"id": "1"}, {"id": "2", "m": "x"}]}) == "2"


@pytest.mark.parametrize("text", ["{id", "id}", "{a{b}}", "{}", "{a[}"])
def test_braces_that_do_not_pair_are_refused(text):
    with pytest.raises(BadExpression):
        Slotted.compile(text)


@given(st.text() | st.dictionaries(st.text(), st.text()) | st.lists(st.text()))
def test_no_value_changes_where_a_question_goes(value):
    filled = fill("/leads/{id}", {"id": value}, encode=True)
    if isinstance(filled, str):
        assert filled.count("/") == 2
        assert filled.isascii()
        assert not set(filled) & set("\\?#@ \r\n")
        assert filled.rpartition("/")[2] not in (".", "..")
