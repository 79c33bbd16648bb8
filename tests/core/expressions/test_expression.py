"""References into payloads: what is taken at load, what is refused there, and what they read."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.expressions.expression import (
    MISSING,
    BadExpression,
    Condition,
    Failed,
    Found,
    Path,
    Template,
    first,
    is_empty,
)

PAYLOAD = {
    "Phone": "+79990000001",
    "Телефон": "+79990000002",
    "your-phone": "+79990000003",
    "Номер телефона": "+79990000004",
    "3": "+79990000005",
    "1.3": "+79990000006",
    "order": {"fields": {"Номер телефона": "+79990000007"}, "phones": ["a", "b"]},
    "nothing": None,
    "items": "вещи",
}

values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("Phone", "+79990000001"),
        ("Телефон", "+79990000002"),
        ("your-phone", "+79990000003"),
        ("Номер телефона", "+79990000004"),
        ("3", "+79990000005"),
        ("1.3", "+79990000006"),
        ("order.phones[1]", "b"),
        ("order.phones[-1]", "b"),
        ("missing || Phone", "+79990000001"),
        (["order", "fields", "Номер телефона"], "+79990000007"),
        (["order", "phones", "0"], "a"),
        ('order.fields."Номер телефона"', "+79990000007"),
    ],
)
def test_a_field_is_a_plain_key_or_jmespath_or_a_way_down(written, value):
    assert Path.compile(written).read(PAYLOAD) == Found(value)


@pytest.mark.parametrize("written", ["absent", "order.absent", "nothing", ["order", "phones", "2"], ["Phone", "x"]])
def test_what_is_not_there_or_null_is_missing(written):
    assert Path.compile(written).read(PAYLOAD) is MISSING


def test_a_deep_way_with_cyrillic_keys_is_refused_with_the_line_to_write():
    with pytest.raises(BadExpression) as refused:
        Path.compile("order.fields.Номер телефона")
    assert refused.value.write == "{path: [order, fields, Номер телефона]}"


def test_a_key_that_looks_like_an_expression_is_refused_with_the_line_to_write():
    with pytest.raises(BadExpression) as refused:
        Path.compile("Phone (mobile)")
    assert refused.value.write == '{path: ["Phone (mobile)"]}'


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "a" * 301,
        "to_string(@)",
        "merge(a, b)",
        "(a+)+$",
        "(" * 200,
        "!" * 250 + "a",
        "|".join(["[@,@]"] * 40),
        "|".join(["[@,@]"] * 12),
        "|".join(["[@,@][]"] * 30),
        "[[[[[[[@,@],[@,@]],[@,@]],@],@],@],@] | [@,@] | [@,@] | [@,@] | [@,@] | [@,@]",
        "contains(a)",
        "join(a, b)",
        [],
        ["a"] * 33,
        [""],
    ],
)
def test_what_could_hang_or_is_no_reference_is_refused_at_load(written):
    started = time.process_time()  # what this process works, not what a busy machine makes it wait
    with pytest.raises(BadExpression):
        Path.compile(written)
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("Телефон == 'x'", "\"Телефон\" == 'x'"),
        ("your-phone == 'x'", "\"your-phone\" == 'x'"),
        ("!Телефон", '!"Телефон"'),
        ("utm_source == vk", "utm_source == 'vk'"),
        ('utm_source == "vk"', "utm_source == 'vk'"),
        ("utm_source = 'vk'", "utm_source == 'vk'"),
        ("id == 1", "id == '1'"),
        ("id == `1`", "id == '1'"),
        ("a == b && c != d", "a == 'b' && c != 'd'"),
        ("Номер телефона == 'x' && a[0] == '1'", "\"Номер телефона\" == 'x' && a[0] == '1'"),
    ],
)
def test_a_condition_with_wrong_quotes_is_refused_with_the_one_to_write(written, instead):
    with pytest.raises(BadExpression) as refused:
        Condition.compile(written)
    assert refused.value.write == instead
    assert Condition.compile(instead).text == instead


@pytest.mark.parametrize("written", ["!a.b", "x && !a.b.c", '!"a".b', "!a[?b]", "!a[]", "!a.*"])
def test_a_not_that_reaches_one_name_only_is_refused(written):
    """JMESPath reads `!a.b` as `(!a).b`: no payload would ever fit."""
    with pytest.raises(BadExpression) as refused:
        Condition.compile(written)
    assert "!(a.b)" in refused.value.expected


def test_a_not_of_all_that_is_meant_is_taken():
    assert Condition.compile("!(a.b)").holds({"a": {}}) is True
    assert Condition.compile("!a && !(a[0].b) && !keys(@)").holds({}) is True


def test_two_fields_are_compared_when_that_is_meant():
    own_message = Condition.compile("author_id == @.user_id")
    assert own_message.holds({"author_id": "7", "user_id": "7"}) is True
    assert own_message.holds({"author_id": "7", "user_id": "8"}) is False


@pytest.mark.parametrize(
    ("payload", "holds"), [({"a": ""}, False), ({"a": []}, False), ({}, False), ({"a": "0"}, True), ({"a": True}, True)]
)
def test_a_condition_takes_values_as_yes_or_no(payload, holds):
    assert Condition.compile("a").holds(payload) is holds


def test_a_type_error_is_a_value_that_does_not_repeat_the_payload():
    failed = Condition.compile("contains(tags, 'x')").holds({"tags": None})
    assert isinstance(failed, Failed)
    assert isinstance(Path.compile("sort_by(a, &x)").read({"a": ["1"]}), Failed)
    number = Condition.compile("starts_with(Phone, `7`)").holds(PAYLOAD)
    assert isinstance(number, Failed)
    assert "9990000001" not in number.why


@given(values)
def test_no_payload_makes_an_expression_raise(payload):
    for text in (
        "a.b[0].c",
        "sort_by(@, &a)",
        "max(a)",
        "a > b.c",
        "sum(@)",
        "a[::0]",
        "*.*",
        "keys(@)",
        "join(',', @)",
    ):
        assert isinstance(Path.compile(text).read(payload), Found | Failed | type(MISSING))
    assert isinstance(Condition.compile("length(a) > `0`").holds(payload), bool | Failed)


@given(st.text(max_size=40) | st.text(alphabet="abТ.[]()'\"`|&!=@*,:?{} 01-", max_size=40))
@pytest.mark.filterwarnings("ignore:deprecated string literal")
def test_any_text_is_compiled_or_refused(text):
    for compile_one in (Path.compile, Condition.compile, Template.compile):
        with suppress(BadExpression):
            assert hash(compile_one(text)) == hash(compile_one(text))


def test_the_first_field_that_is_filled_in_counts():
    paths = tuple(Path.compile(text) for text in ("a", "b", "max(d)", "c"))
    path, value, failures = first(paths, {"a": " ", "b": "{object.phone}", "c": "7", "d": "x"})
    assert (path, value) == (paths[3], "7")
    assert [failing for failing, _ in failures] == [paths[2]]
    assert first(paths[:2], {}) == (None, None, [])


def test_a_variable_that_was_not_filled_in_is_empty():
    assert all(map(is_empty, ["{object.phone}", "{{ phone }}", "[your-phone]", "%phone%", "", None, [], {}]))
    assert all(map(is_empty, [[None, " "], [[]]]))
    assert not any(map(is_empty, ["0", False, 0, '{"a": "b"}', "{x} y", ["a"], ["", "a"], [False]]))


def test_compiled_values_compare_by_their_text():
    assert Path.compile("a.b") == Path.compile(" a.b ")
    assert len({Condition.compile("a"), Condition.compile("a"), Condition.compile("b")}) == 2
    assert Template.compile("{{ a }}") == Template.compile("{{ a }}")


def plain(value, default):
    return str(value)


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Ваш {{ Phone }}", "Ваш +79990000001"),
        ("{{ Телефон }}", "+79990000002"),
        ("{{ items }}", "вещи"),
        ("{{ order.phones[1] }}, {{ order['phones']['0'] }}", "b, a"),
        ("{{ _payload['your-phone'] }}", "+79990000003"),
        ("{{ _payload['Номер телефона'] }}", "+79990000004"),
        ("{{ x | default('друг') }}, {{ nothing|d('гость', true) }}", "друг, гость"),
        ("Привет{{ x }}{# note #}!", "Привет!"),
        ("{{ x.y.z }}", ""),
    ],
)
def test_a_template_writes_names_and_their_defaults(template, text):
    assert Template.compile(template).render(PAYLOAD, plain) == text


@pytest.mark.parametrize(
    "template",
    [
        "",
        "{{ 'a' * 500000000 }}",
        "{{'a'*5e8}}",
        "{{ 9**9**9**9 }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ x.__class__ }}",
        "{{ x['__class__']() }}",
        "{{ self.__init__.__globals__ }}",
        "{{ config.items() }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ lipsum() }}",
        "{{ x | attr('y') }}",
        "{{ x | upper }}",
        "{{ x | default(y) }}",
        "{{ x | default('a') | default('b') }}",
        "{{ x | default('a', boolean=true) }}",
        "{{ x if y else z }}",
        "{{ x ~ y }}",
        "{{ [x] }}",
        "{{ 'x' }}",
        "{{ x[1:2] }}",
        "{{ x[y] }}",
        "{% for a in b %}{{ a }}{% endfor %}",
        "{% if a %}b{% endif %}",
        "{% set a = 1 %}",
        "{% include 'x' %}",
        "{% import 'os' as o %}",
        "{{ range(999999999) }}",
        "{{ x",
        "{{ }}",
        "{{" + "(" * 400 + "x" + ")" * 400 + "}}",
        "a" * 1001,
    ],
)
def test_a_template_that_could_do_more_is_refused_at_load(template):
    with pytest.raises(BadExpression):
        Template.compile(template)


def test_a_name_with_a_hyphen_is_refused_with_the_way_to_write_it():
    with pytest.raises(BadExpression) as refused:
        Template.compile("{{ your-name }}")
    assert refused.value.write == '{{ _payload["your-name"] }}'


def test_each_value_is_tamed_and_the_default_is_the_owners():
    seen = []

    def tame(value, default):
        seen.append((value, default))
        return default

    assert Template.compile("{{ Phone|default('друг') }} {{ x|default('a') }}").render(PAYLOAD, tame) == "друг a"
    assert seen == [("+79990000001", "друг")]


def test_a_rendered_text_is_capped():
    assert len(Template.compile("{{ a }}" * 100).render({"a": "x" * 1000}, plain)) == 2000


@pytest.mark.parametrize(
    ("keys", "payload", "value"),
    [
        (("tel-*",), {"tel-867": "1"}, "1"),
        (("tel-*",), {"tel-1": " ", "tel-2": None, "TEL-3": "3", "tel-4": "4"}, "3"),
        (("*телефон*",), {"Ваш Телефон": "1"}, "1"),
        (("order", "fields*", "*телефон*"), {"order": {"fields_by_name": {"Телефон": "1"}}}, "1"),
        (("a.b", "*"), {"a.b": {"c": ["1"]}}, ["1"]),
    ],
)
def test_a_pattern_is_the_first_filled_in_of_the_keys_that_fit(keys, payload, value):
    assert Path.like(keys).read(payload) == Found(value)


@pytest.mark.parametrize("payload", [{}, {"phone": "1"}, {"tel-1": ""}, {"tel-1": {}}, ["tel-1"], "tel-1", None])
def test_a_pattern_that_nothing_fits_is_missing(payload):
    assert Path.like(("tel-*",)).read(payload) is MISSING


@pytest.mark.parametrize("keys", [(), ("",), ("a",) * 33, (1,)])
def test_a_pattern_of_no_keys_is_refused(keys):
    with pytest.raises(BadExpression):
        Path.like(keys)


@given(values)
def test_a_pattern_never_raises(payload):
    Path.like(("*", "a*")).read(payload)
