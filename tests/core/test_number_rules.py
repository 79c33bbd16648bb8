"""Which numbers may be rung at all: one predicate for the rules and for the choice among several."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.mapping import callable_number
from core.number_rules import NUMBER_RULES, may_ring
from core.numbers import never, phone
from core.policy import RULES, Facts, check
from core.ports import Call
from core.source import Hours, Policy
from tests.core.test_mapping import source_with

ALWAYS = Policy(hours=Hours(0, 1440), max_age_ms=0, max_wait_ms=0)
DOCS = Path(__file__).parents[2] / "docs/sources.md"


@given(
    st.sampled_from(["7", *never.SHIPPED, "7929", "7997", "7701", "1202", "7800"]),
    st.integers(0, 10**10 - 1),
    st.sampled_from(
        [ALWAYS, replace(ALWAYS, countries=("RU", "KZ"), never_prefixes=()), replace(ALWAYS, never_prefixes=("79",))]
    ),
)
def test_what_is_chosen_among_several_is_what_the_rules_let_through(prefix, rest, policy):
    reading = phone.read(f"+{(prefix + str(rest).zfill(10))[:11]}", "RU")
    if reading.number:
        assert may_ring(reading, policy) == (check(Call(reading.number, "s"), Facts(0), policy, 1).kind == "allow")
    else:
        assert not may_ring(reading, policy)


def test_every_rule_about_numbers_is_one_of_the_policys_rules():
    assert list(NUMBER_RULES) == [name for name in RULES if name in NUMBER_RULES]


@pytest.mark.parametrize("dear", ["+7 940 711-00-00", "+7 929 803-00-00", "+7 954 101-23-45"])
def test_of_several_numbers_a_dear_range_is_not_the_one(dear):
    source = source_with({})
    assert callable_number({"Phone": f"{dear}, +7 999 000-00-01"}, source) == "79990000001"
    assert callable_number({"Phone": dear}, source) is None


def test_the_longest_prefix_is_named():
    assert never.fitting("79974451111", ("7", "7997445", "7997")) == "7997445"
    assert never.fitting("79990000001", tuple(never.SHIPPED)) is None
    assert never.named("7900") == "+7900"


@pytest.mark.parametrize("prefix", never.SHIPPED)
def test_a_shipped_range_is_none_that_phonenumbers_knows_and_has_its_source_in_the_docs(prefix):
    reading = phone.read("+" + (prefix + "1234567890")[:11], "RU")
    assert reading.problem == "number_not_valid" or may_ring(reading, replace(ALWAYS, never_prefixes=()))
    row = next(line for line in DOCS.read_text().splitlines() if line.startswith(f"| `{prefix}`"))
    assert "https://" in row
