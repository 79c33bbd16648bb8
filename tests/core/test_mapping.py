"""From a payload to a call, and the reasons where there is none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mapping import TRACE, Mapped, Unmapped, map_call
from core.ports import Call
from core.reason import WORDS
from schemas.source import read_source

BASE = {
    "auth": {"secret": "env:SHOP"},
    "mapping": {
        "number": {"field": ["Phone", "Phone_2"]},
        "script": "Заявка",
        "person": {"field": "Name"},
        "asked_at": {"field": "asked"},
    },
}

values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def source_with(mapping=None, **more):
    """BASE with these parts of its mapping and these top keys instead."""
    source, wrong = read_source("shop", {**BASE, **more, "mapping": {**BASE["mapping"], **(mapping or {})}})
    assert source is not None, wrong
    return source


def codes(unmapped):
    assert isinstance(unmapped, Unmapped)
    return [reason.code for reason in unmapped.reasons]


def test_a_form_becomes_a_call():
    lead = {"Phone": "8 (999) 000-00-01", "Name": " Иван \n Петров", "asked": "2026-08-01T12:00:00Z"}
    mapped = map_call(lead, source_with())
    assert isinstance(mapped, Mapped)
    assert mapped.call == Call("79990000001", "Заявка", None)
    assert (mapped.person, mapped.asked_at_ms, mapped.reasons) == ("Иван Петров", 1785585600000, ())
    assert mapped.trace["number"]["field"] == "Phone"
    assert mapped.trace["number"]["read"] == "79990000001"


def test_the_first_filled_field_gives_the_number():
    mapped = map_call({"Phone": "", "Phone_2": "+79990000002"}, source_with())
    assert isinstance(mapped, Mapped)
    assert mapped.call.number == "79990000002"


def test_of_several_numbers_the_first_that_the_policy_lets_through_is_rung():
    mapped = map_call({"Phone": "+49 30 901820, +79990000002"}, source_with())
    assert isinstance(mapped, Mapped)
    assert mapped.call.number == "79990000002"
    assert mapped.trace["number"]["rest"] == ["+49 30 901820"]


def test_digits_without_a_country_are_read_in_the_sources_region_else_the_policys_first():
    policy = {"countries": ["KZ", "RU"]}
    by_policy = map_call({"Phone": "8 701 000 00 01"}, source_with(policy=policy))
    by_source = map_call(
        {"Phone": "8 999 000 00 01"}, source_with({"number": {"field": "Phone", "region": "RU"}}, policy=policy)
    )
    assert by_policy.trace["number"]["country"] == "KZ"
    assert by_source.trace["number"]["country"] == "RU"


@pytest.mark.parametrize(
    ("lead", "code"),
    [
        ({}, "no_number"),
        ({"Phone": "  "}, "no_number"),
        ({"Phone": "{object.phone}"}, "number_not_filled_in"),
        ({"Phone": "@ivan"}, "number_is_text"),
        ({"Phone": "+7 999 000 Ivan"}, "number_with_letters"),
        ({"Phone": "123"}, "number_not_valid"),
        ({"Phone": {"a": "b"}}, "number_not_text"),
        ({"_unreadable": "body_not_json", "Phone": "+79990000001"}, "unreadable"),
    ],
)
def test_a_lead_without_a_number_says_why_in_words(lead, code):
    reasons = map_call(lead, source_with()).reasons
    assert reasons[0].code == code
    for reason in reasons:
        assert WORDS[reason.code].format(**reason.params)


def test_scripts_are_chosen_by_the_first_rule_that_fits():
    rules = [{"when": "utm_source == 'vk'", "value": "ВК"}, {"when": "contains(tags, 'vip')", "value": "VIP"}]
    source = source_with({"script": {"rules": rules, "default": "Заявка"}})
    lead = {"Phone": "+79990000001"}
    chosen = map_call({**lead, "utm_source": "vk"}, source)
    vip = map_call({**lead, "tags": ["vip"]}, source)
    other = map_call(lead, source)
    assert [one.call.script for one in (chosen, vip, other)] == ["ВК", "VIP", "Заявка"]
    assert chosen.trace["script"]["by"] == "rule 1"
    assert [reason.code for reason in other.reasons] == ["expression_failed"]  # tags are not there: no match, but said
    assert WORDS["expression_failed"].format(**other.reasons[0].params)


def test_no_rule_and_no_default_holds_the_lead():
    source = source_with({"script": {"rules": [{"when": "a == 'b'", "value": "x"}]}})
    assert codes(map_call({"Phone": "+79990000001"}, source)) == ["no_script_rule"]


def test_a_form_chooses_only_among_the_allowed_scripts():
    choice = {"field": "voice_script", "allow": ["Заявка", "Перезвон й"]}
    lead = {"Phone": "+79990000001", "voice_script": " Перезвон и\u0306 "}
    source = source_with({"script": choice})
    mapped = map_call(lead, source)
    assert isinstance(mapped, Mapped)
    assert mapped.call.script == "Перезвон й"
    assert codes(map_call({**lead, "voice_script": "Чужой"}, source)) == ["script_not_allowed"]
    assert codes(map_call({"Phone": "+79990000001"}, source)) == ["no_script_named"]
    with_default = map_call({**lead, "voice_script": "Чужой"}, source_with({"script": {**choice, "default": "Заявка"}}))
    assert isinstance(with_default, Mapped)
    assert with_default.call.script == "Заявка"


def test_an_sms_is_tamed_left_out_when_empty_and_held_when_too_long():
    source = source_with({"sms": {"template": "{{ Name | default('Друг') }}, ждите"}})
    lead = {"Phone": "+79990000001"}
    assert map_call({**lead, "Name": "Иван"}, source).call.sms == "Иван, ждите"
    assert map_call({**lead, "Name": "заходи на evil.example"}, source).call.sms == "Друг, ждите"
    assert map_call(lead, source_with({"sms": {"template": "{{ Name }}"}})).call.sms is None
    long = source_with({"sms": {"template": "ж" * 135}})
    assert codes(map_call(lead, long)) == ["sms_too_long"]


def test_what_is_no_lead_is_told_apart_from_what_is_held():
    source = source_with(lead_when="event == 'lead'")
    other = map_call({"event": "pay", "Phone": "+79990000001"}, source)
    assert codes(other) == ["not_a_lead"]
    assert other.is_lead is False
    assert isinstance(map_call({"event": "lead", "Phone": "+79990000001"}, source), Mapped)


def test_all_reasons_come_at_once():
    source = source_with({"script": {"rules": [{"when": "a", "value": "x"}]}, "sms": {"template": "ж" * 200}})
    assert codes(map_call({"Phone": "нет"}, source)) == ["number_is_text", "no_script_rule", "sms_too_long"]


def test_the_trace_fits_however_long_the_values_are():
    rules = [{"when": f"a{n} == '{'ю' * 200}'", "value": f"Скрипт {n}"} for n in range(40)]
    source = source_with({"script": {"rules": rules, "default": "Заявка"}, "sms": {"template": "{{ Name }}"}})
    mapped = map_call({"Phone": "+79990000001 " + "ю" * 5000, "Name": "ю" * 5000, "asked": "\ud800" * 900}, source)
    assert len(json.dumps(mapped.trace)) <= TRACE
    assert mapped.trace["number"]["field"] == "Phone"


@given(st.dictionaries(st.sampled_from(["Phone", "Phone_2", "Name", "asked", "s", "_request"]), values))
def test_any_payload_is_mapped_or_held_with_words(lead):
    source = source_with(
        {"sms": {"template": "{{ Name }} {{ s.a }}"}, "script": {"field": "s", "allow": ["a"], "default": "a"}}
    )
    mapped = map_call(lead, source)
    assert len(json.dumps(mapped.trace)) <= TRACE
    for reason in mapped.reasons:
        assert WORDS[reason.code].format(**reason.params)
    mapped.person.encode()
    if isinstance(mapped, Mapped):
        (mapped.call.script + (mapped.call.sms or "")).encode()


IN_TEXT = {"number": {"field": "Phone", "in_text": ["message", "comment"], "region": "RU"}}


def test_a_number_in_a_text_is_taken_where_no_field_has_one():
    mapped = map_call({"message": "перезвоните", "comment": "8 999 000-00-02, спасибо"}, source_with(IN_TEXT))
    assert mapped.call == Call("79990000002", "Заявка")
    assert mapped.trace["number"]["field"] == "comment"
    field_first = map_call({"Phone": "+79990000001", "message": "8 999 000-00-02"}, source_with(IN_TEXT))
    assert field_first.call.number == "79990000001"


def test_a_field_that_holds_no_number_is_not_made_up_for_by_a_text():
    assert codes(map_call({"Phone": "@ivan", "message": "8 999 000-00-02"}, source_with(IN_TEXT))) == ["number_is_text"]


def test_a_text_without_a_number_is_no_number():
    unmapped = map_call({"message": "перезвоните, заказ 9123456789"}, source_with(IN_TEXT))
    assert codes(unmapped) == ["no_number"]
    assert unmapped.reasons[0].params["fields"] == "Phone, message, comment"


def test_what_is_a_lead_may_depend_on_whether_there_is_a_number():
    chat = source_with(IN_TEXT, lead_when="kind == 'form' || _call.number")
    assert isinstance(map_call({"kind": "chat", "message": "8 999 000-00-02"}, chat), Mapped)
    assert not map_call({"kind": "chat", "message": "Сколько стоит?"}, chat).is_lead
    assert codes(map_call({"kind": "form"}, chat)) == ["no_number"]


def test_a_sender_cannot_say_what_our_own_names_hold():
    chat = source_with(lead_when="_call.number")
    assert not map_call({"_call": {"number": "79990000001"}}, chat).is_lead
