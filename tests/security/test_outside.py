"""T34 and T35: what a payload says is never run, and never leads us anywhere but to the owner's CRM."""

import pytest

from core.expressions.expression import BadExpression, Condition, Template
from core.expressions.slots import Slotted
from core.expressions.sms import tame
from core.fetching import Ask, next_question
from core.mapping import map_call
from core.ports import Question
from core.source import Fetch, Mapping, NumberRule, Path, Source, Step
from tests.core.test_mapping import source_with
from tests.flow.crm import Crm, says
from tests.security import holes
from tests.security.attack import cost
from tests.wire.test_fetch import ELSEWHERE
from wire.fetch import GuardedCrm

MOST_MS, MOST_KB = 50.0, 10 * 1024

# T34: what an owner could be talked into pasting, and what a stranger types.
TEMPLATES = [
    "{{ 7*7 }}",
    "{{ 'a' * 30000000 }}",
    "{{ name.__class__.__mro__ }}",
    "{{ name|attr('__class__') }}",
    "{{ ''.__class__.__base__.__subclasses__() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ cycler.__init__.__globals__.os.environ }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__ }}",
    "{{ config }}{{ request.application.__globals__ }}{{ 7*7 }}",
    "{{ name.items() }}",
    "{{ range(900000)|list }}",
    "{% for a in range(1000) %}{% for b in range(1000) %}x{% endfor %}{% endfor %}",
    "{% set x = 'a' %}{{ x }}",
    "{% include '/etc/hostname' %}",
    "{% import 'os' as os %}{{ os }}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{{ name|replace('a', 'b' * 30000000) }}",
    "{{ name ~ name }}",
    "{{ name if 7*7 == 49 else 'x' }}",
    "{{ name[::-1] }}",
    "{{ '%s' % 49 }}",
    "{{ ('x', 49)[1] }}",
    "{{ " + "(" * 400 + "name" + ")" * 400 + " }}",
]
EXECUTED = ("49", "<class", "built-in", "mro", "xxxx", "abc"[::-1], "bound method", "uid=")
DOUBLING = "|".join(["[@,@]"] * 17) + "|to_string(@)"
EXPRESSIONS = [DOUBLING, "|".join(["[@,@]"] * 60), "to_string(@)", "[" * 100 + "@" + "]" * 100, "a" * 10_000]
TYPED = [
    "a" * 1_000,
    "a" * 100_000 + "!",
    "a " * 50_000,
    "1" * 100_000,
    "+7 (" * 25_000,
    "-" * 100_000,
    "." * 100_000 + "ru",
    "a." * 50_000,
    "{{ 7*7 }}" * 1_000,
    "%7B%7B" * 10_000,
    "\u0301" * 50_000,
    "\u200b" * 50_000,
    "\U0001f600" * 30_000,
    "8(999)000-00-0" * 8_000,
    "{" * 50_000,
    "[[" * 25_000,
    "www." * 25_000,
    "@" * 100_000,
]


def problems_of_templates():
    found = []
    for text in TEMPLATES:
        said = []

        def use(text=text, said=said):
            said.append(Template.compile(text).render({"name": "cba"}, tame))

        took_ms, held_kb = cost(use)
        if took_ms > MOST_MS or held_kb > MOST_KB:
            found.append(f"{text[:30]}: {took_ms:.0f} ms, {held_kb} kB")
        if any(sign in (said or [""])[0] for sign in EXECUTED):
            found.append(f"{text[:30]}: was run")
    return found


def test_t34_no_template_runs_anything():
    assert problems_of_templates() == []


def test_t34_templates_that_jinja_renders_are_found():
    with holes.opened("jinja_runs"):
        said = problems_of_templates()
    assert sum(line.endswith("was run") for line in said) > 5, said
    assert any("kB" in line for line in said), said


def problems_of_expressions():
    found = []
    for text in EXPRESSIONS:
        took_ms, held_kb = cost(lambda text=text: Condition.compile(text).holds({"a": "x" * 100}))
        if took_ms > MOST_MS or held_kb > MOST_KB:
            found.append(f"{text[:30]}: {took_ms:.0f} ms, {held_kb} kB")
    return found


def test_t34_no_expression_grows_without_end():
    assert problems_of_expressions() == []
    with pytest.raises(BadExpression):
        Condition.compile(DOUBLING)


def test_t34_expressions_that_double_are_found():
    with holes.opened("expressions_grow"):
        assert any(line.startswith("[@,@]") for line in problems_of_expressions())


def problems_of_typed_texts():
    """A lead that holds the text wherever something is read."""
    source = source_with(
        {"sms": {"template": "{{ Name }}, {{ Phone }}"}, "script": {"rules": [{"when": "Name == 'x'", "value": "A"}]}}
    )
    found = []
    for text in TYPED:
        lead = {"Phone": text, "Phone_2": text, "Name": text, "asked": text, "more": {text[:100]: text}}
        took_ms, held_kb = cost(lambda lead=lead: map_call(lead, source))
        if took_ms > MOST_MS or held_kb > MOST_KB:
            found.append(f"{text[:20]!r} * {len(text)}: {took_ms:.0f} ms, {held_kb} kB")
        lead |= {"Phone": "+79990000001"}
        if "49" in str(map_call(lead, source)) and "7*7" in text:
            found.append(f"{text[:20]!r}: was run")
    return found


def test_t34_nothing_typed_takes_time_or_is_run():
    assert problems_of_typed_texts() == []


def test_t34_a_pattern_that_tries_every_way_is_found():
    with holes.opened("backtracks"):
        assert any("'aaaa" in line for line in problems_of_typed_texts())


# T35

IDS = [
    *("../../admin", "..%2f..%2fadmin", "%2e%2e/admin", "..\\admin", "../", "..", ".", "7/../../admin", "7/..;/admin"),
    *("7?admin=1", "7#admin", "7&x=1", "@{inner}/", "7@{inner}/", "//{inner}/", "http://{inner}/", "\\\\{inner}\\x"),
    *("http://169.254.169.254/latest/meta-data/", "http://2130706433/", "http://0x7f000001/", "http://[::1]/"),
    *(
        "file:///etc/passwd",
        "gopher://{inner}/_x",
        "7\r\nHost: {inner}",
        "7\nX: y",
        "7\x00",
        "7 HTTP/1.1",
        "７",
        "..。",
    ),
    *("a" * 5_000, "7 HTTP/1.1", "{token}", "$(id)", "`id`"),
]


def places_reached():
    """(connections to a server inside that nobody named, what the owner's CRM was asked for beside its leads)."""
    inner = Crm()
    there = inner.url.removeprefix("http://")
    crm = Crm()
    for n, status in enumerate((301, 302, 303, 307, 308)):
        crm.pages[f"/leads/{n}"] = says({}, status, [f"Location: http://{there}/"])
    step = Step("lead", Slotted.compile("/leads/{id}"))
    fetch = Fetch(crm.url, "env:CRM", (("Authorization", Slotted.compile("Bearer {token}")),), (step,))
    of = Source("s", fetch=fetch, mapping=Mapping(number=NumberRule((Path.compile("phone"),))))
    asker = GuardedCrm(connect_timeout_ms=1_000, total_timeout_ms=2_000)
    try:
        for text in [*IDS, *"01234"]:
            following = next_question({"id": text.replace("{inner}", there)}, of, {}, "the-owners-token")
            if isinstance(following, Ask):
                asker.ask(following.question)
        for target in ELSEWHERE:
            asker.ask(Question("GET", crm.url, target.replace("evil.example", there)))
        return inner.accepted, [target for target in crm.targets if not target.startswith("/leads/")]
    finally:
        crm.close()
        inner.close()


def test_t35_no_id_and_no_redirect_leads_to_another_place():
    assert len(IDS) >= 30
    assert places_reached() == (0, [])


def test_t35_an_asker_that_goes_where_it_is_sent_is_found():
    with holes.opened("follows", "any_id"):
        inner, beside = places_reached()
    assert inner >= 5
    assert "/admin" in beside
