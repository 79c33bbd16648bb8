"""The one table of reasons: every code in both languages, with what to do."""

import re
import string

import pytest

from core.reason import advice, words
from core.reason_words import TABLE

LONGEST = 60  # characters of a Russian text: it has to stand in a chip's line on a phone


def facts(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", TABLE)
def test_every_code_is_said_in_both_languages_with_what_to_do(code):
    said = TABLE[code]
    assert len(said.ru) <= LONGEST
    assert re.search("[а-яё]", said.ru)
    assert not re.search("[а-яё]", said.en)
    assert not said.ru.endswith(".")
    assert facts(said.ru) <= facts(said.en), "a fact that the English text does not know"
    assert advice(code) != advice(code, "ru")
    assert re.search("[а-яё]", advice(code, "ru"))


def test_words_are_made_of_the_facts_in_the_reader_s_language():
    assert words("no_number", {"fields": "Phone"}, "ru") == "Телефона нет в полях: Phone"
    assert words("no_number", {"fields": "Phone"}).endswith("filled in: Phone")
    assert words("never heard of", {}, "ru") == "never heard of"
    assert "(fields?)" in words("no_number", {}, "ru")
