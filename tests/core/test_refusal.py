"""What was refused is said in both languages, with the same facts."""

import ast
import re
from functools import cache

import pytest

from core.reason import Reason
from core.refusal import TABLE, Refusal
from tests.pages import ROOT

MADE = re.compile(r"Refused|Wrong|Refusal")


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
    refusal = Refusal(code, **{name: 1_795_597_200_000 if name == "when" else "a fact" for name in facts})
    assert str(refusal) == refusal.said("en")
    assert "{" not in refusal.said("ru")


def test_a_moment_is_told_on_the_readers_clock_and_by_their_grammar():
    refusal = Refusal("rang_among_many", when=1_795_597_200_000)
    assert "it rang at 2026-11-25 09:00 UTC;" in str(refusal)
    assert "звонок по этому лиду был 12:00:" in refusal.said("ru", lambda _at: "12:00")
    assert "it rang;" in Refusal("rang_among_many", when=None).said("en")
    later = Refusal(
        "not_rung", reason=Reason("quiet_hours", {"opens": "2026-11-25T09:00+03:00", "zone": "Europe/Moscow"})
    )
    assert "25.11" in later.said("ru", lambda at: "25.11" if at == 1_795_586_400_000 else "?")
