"""What a click writes reads back the value that was clicked, whatever the keys are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.expressions.expression import BadExpression, Condition, Found, Path
from core.field_setup import line_of, path_of, value_of, written
from schemas.references import Reference

KEYS = st.one_of(
    st.sampled_from(
        ["Phone", "Ваш номер", "a.b", "x-y", "3", "it's", 'say "hi"', "[0]", "{{x}}", " lead", "поле.имя", "a b"]
    ),
    st.text(min_size=1, max_size=12),
)
LEAVES = st.one_of(st.text(max_size=20), st.integers(), st.booleans(), st.just("8 916 123-45-67"))
TREES = st.recursive(
    LEAVES,
    lambda below: st.one_of(st.dictionaries(KEYS, below, max_size=4), st.lists(below, max_size=3)),
    max_leaves=12,
)
PAYLOADS = st.dictionaries(KEYS, TREES, min_size=1, max_size=5)


def ways(value, way=()):
    if isinstance(value, dict):
        for key, below in value.items():
            yield from ways(below, (*way, key))
    elif isinstance(value, list):
        for n, below in enumerate(value):
            yield from ways(below, (*way, str(n)))
    elif way:
        yield way, value


@given(PAYLOADS)
@settings(max_examples=150, deadline=None)
def test_a_click_on_a_value_writes_what_reads_it_back(payload):
    for way, value in ways(payload):
        click = written(payload, way, value)
        if click.reference:
            assert path_of(click.reference).read(payload) == Found(value)
            assert path_of(line_of(path_of(click.reference))) == path_of(click.reference)
            assert Reference().deserialize(value_of(click.reference)).read(payload) == Found(value)
        if click.condition:
            assert Condition.compile(click.condition).holds(payload) is True


def test_keys_that_people_use_are_all_written():
    payload = {
        "Phone": "1",
        "Ваш номер": "2",
        "order": {"поля": {"Номер телефона": "3"}},
        "a.b": "4",
        "l": [{"v": "5"}],
    }
    lines = [written(payload, way, value).reference for way, value in ways(payload)]
    assert lines == ["Phone", "Ваш номер", '["order", "поля", "Номер телефона"]', '["a.b"]', '["l", "0", "v"]']


def test_a_script_is_decided_by_any_key_and_any_text():
    payload = {"utm_source": "it's vk", "Форма": {"имя поля": "да"}, "n": 5}
    assert written(payload, ("utm_source",), "it's vk").condition == "utm_source == 'it\\'s vk'"
    assert written(payload, ("Форма", "имя поля"), "да").condition == '"Форма"."имя поля" == \'да\''
    assert written(payload, ("n",), 5).condition == ""


def test_an_sms_takes_names_that_its_syntax_can_say():
    payload = {"Name": "Юлия", "a b": "x"}
    assert written(payload, ("Name",), "Юлия").sms == "{{ Name }}"
    assert written(payload, ("a b",), "x").sms == ""


@pytest.mark.parametrize("line", ["a ||", "[", "{", '{"like": 3}', "a b.c d"])
def test_a_line_that_is_no_reference_says_so(line):
    with pytest.raises(BadExpression):
        value_of(line)


def test_patterns_and_deep_keys_survive_the_form():
    for path in (Path.like(("tel-*",)), Path.compile(["a", "б в"]), Path.compile("contact.phones[0].value")):
        assert path_of(line_of(path)) == path
