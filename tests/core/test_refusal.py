"""What was refused is said in both languages, with the same facts."""

import ast
import re
from functools import cache
from itertools import product

import pytest

from core.fact_words import ACTS, CAPS, KINDS, RULES
from core.numbers.phone import TYPES
from core.policy import RULES as POLICY_RULES
from core.problem_words import in_words
from core.reason import PROTECTING, Reason, words
from core.reason_words import TABLE as REASONS
from core.refusal import TABLE, Refusal
from core.state_words import NAMES, RUSSIAN
from core.states import BY_A_PERSON, STATES
from tests import translations
from tests.pages import ROOT

MADE = re.compile(r"Refused|Wrong|Refusal")
KIND = "number_types"
CAUSES = [
    {
        "rule": rule,
        "cap": cap,
        "found": "voip" if rule == KIND else "US",
        "allowed": "mobile, fixed" if rule == KIND else "RU",
    }
    | {"at": "12:00", "no": 7, "limit": "12h", "window": "30m", "line": "`calls`"}
    for rule, cap in product(RULES, CAPS)
]
FACTS = {
    "when": [1_795_597_200_000],
    "state": [*STATES, ""],
    "act": list(BY_A_PERSON),
    "reasons": [(Reason(code, {"no": 7}),) for code in sorted(PROTECTING)],
    "reason": [Reason(code, params) for code in ("cap", "rule", "too_old", "do_not_call") for params in CAUSES],
}
CODES = {*STATES, *BY_A_PERSON, *REASONS, *RULES, *CAPS, *KINDS}
# Words of English too. What a state is called there is one of them, but for these three.
PLAIN_ENGLISH = {code for code in CODES if "_" not in code} - {"ready", "suppressed", "accepted", "rearm", "remap"}


@cache
def raised():
    """(code, its facts' names) of every refusal that the code makes."""
    return set(_raised())


def _raised():
    for folder in ("flow", "handlers", "cli"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and node.args:
                    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                    if MADE.fullmatch(name):
                        for one in ast.walk(node.args[0]):
                            if isinstance(one, ast.Constant) and one.value in TABLE:
                                yield one.value, frozenset(word.arg for word in node.keywords)


def test_every_refusal_that_is_raised_has_its_words_and_no_other_does():
    assert {code for code, _ in raised()} == set(TABLE)


@pytest.mark.parametrize("code", sorted(TABLE))
def test_both_languages_hold_the_facts_that_are_given(code):
    english, russian = TABLE[code]
    assert english != russian
    (facts,) = {facts for raised_code, facts in raised() if raised_code == code}  # the same wherever it is raised
    for text in (english, russian):
        assert set(re.findall(r"{(\w+)", text)) == facts
    refusal = Refusal(code, **{name: FACTS.get(name, ["a fact"])[0] for name in facts})
    assert str(refusal) == refusal.said("en")
    assert "{" not in refusal.said("ru")


@pytest.mark.parametrize("code", sorted(TABLE))
def test_no_code_stands_in_a_refusal_but_what_is_to_be_typed(code):
    """Whatever its facts are: states, acts and causes are said in the words of the pages."""
    facts = next(iter(sorted(facts) for raised_code, facts in raised() if raised_code == code))
    for given in product(*(FACTS.get(name, ["Shop"]) for name in facts)):
        refusal = Refusal(code, **dict(zip(facts, given, strict=True)))
        for language, codes in (("ru", CODES), ("en", CODES - PLAIN_ENGLISH)):
            said = re.sub("`[^`]*`", "", refusal.said(language))
            assert not codes & set(re.findall("[a-z_]+", said)), said


@pytest.mark.parametrize("kind", ["cap", "rule", "called_recently", "too_old"])
def test_a_cause_names_rules_caps_kinds_and_spans_in_words(kind):
    for params in CAUSES:
        said = re.sub("`[^`]*`", "", words(kind, params, "ru"))
        assert not CODES & set(re.findall("[a-z_]+", said)), said
        assert not re.search(r"\d[hms]\b", said)


def test_the_names_of_states_are_those_of_both_catalogues():
    for folder in ("handlers/console", "cli"):
        known = translations.read(ROOT / folder)
        assert {state: known.get(text).string for state, text in NAMES.items()} == RUSSIAN


def test_what_an_example_came_to_is_said_by_the_state_s_name():
    said = in_words("tilda.http: expected held no_number, got suppressed (do_not_call)", "ru")
    assert said == "tilda.http: нужно «Придержан» (`no_number`), выходит «Не звоним» (`do_not_call`)"
    assert "выходит «проверка связи»" in in_words("a.http: expected ready, got handshake", "ru")


def test_a_moment_is_told_on_the_readers_clock_and_by_their_grammar():
    refusal = Refusal("rang_among_many", when=1_795_597_200_000)
    assert "it rang at 2026-11-25 09:00 UTC;" in str(refusal)
    assert "звонок по этому лиду был 12:00:" in refusal.said("ru", lambda _at: "12:00")
    assert "it rang;" in Refusal("rang_among_many", when=None).said("en")
    later = Refusal(
        "not_rung", reason=Reason("quiet_hours", {"opens": "2026-11-25T09:00+03:00", "zone": "Europe/Moscow"})
    )
    assert "25.11" in later.said("ru", lambda at: "25.11" if at == 1_795_586_400_000 else "?")


def test_every_rule_act_and_kind_of_number_has_its_words():
    assert set(RULES) == set(POLICY_RULES)
    assert set(ACTS) == set(BY_A_PERSON)
    assert set(KINDS) == {kind for kinds in TYPES.values() for kind in kinds}
