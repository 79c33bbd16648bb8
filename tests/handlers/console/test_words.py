"""Both languages: every text has its Russian one, plurals are right, times and money as their readers write them."""

import re

import pytest
from flask import g

from handlers.console import words
from tests.fakes import NOON
from tests.handlers.console.messages import catalogue, lacking, left_over, used
from tests.translations import pairs


def test_every_text_of_the_console_is_in_the_russian_catalogue():
    assert len(used()) > 200
    assert lacking() == {}


def test_no_text_of_the_catalogue_is_left_over():
    assert left_over() == []


def test_the_russian_texts_keep_their_facts_and_follow_the_house_s_words():
    for english, text in pairs(catalogue()):
        assert text, english
        assert set(re.findall(r"%\(\w+\)[sd]", text)) <= set(re.findall(r"%\(\w+\)[sd]", english))
        assert not re.search(r"заявк[аиуой]|!|Вы уверены|абонент", text.replace("Ваша заявка", "")), text


@pytest.fixture
def reading(app):
    def at(language):
        context = app.test_request_context("/console/", headers={"Cookie": f"language={language}"})
        context.push()
        g.now = int(NOON * 1000)
        contexts.append(context)

    contexts = []
    yield at
    for context in reversed(contexts):
        context.pop()


def plain(text):
    return str(text).replace("\u00a0", " ").replace("\u202f", " ")


def test_money_times_and_spans_in_russian(reading):
    reading("ru")
    now = int(NOON * 1000)
    assert plain(words.money("1047.85")) == "1 047,85 ₽"
    assert plain(words.money("3000")) == "3 000 ₽"
    assert words.moment(now) == "12:00:00"
    assert words.moment(now, exact=True) == "12:00:00,000"
    assert plain(words.moment(now - 2 * 86_400_000)) == "23 нояб. 12:00"
    assert words.ago(now - 10_000) == "только что"
    assert plain(words.ago(now - 180_000)) == "3 мин назад"
    assert plain(words.span(3 * 3600 + 600)) == "3 ч 10 мин"
    assert plain(words.seconds(840)) == "0,8 с"
    assert plain(words.seconds(3)) == "< 0,1 с"
    assert words.zone_name() == "МСК"


def test_money_times_and_spans_in_english(reading):
    reading("en")
    now = int(NOON * 1000)
    assert plain(words.money("1047.85")) == "1,047.85 ₽"
    assert words.moment(now - 400 * 86_400_000).startswith("21 Oct 2025")
    assert plain(words.span(2 * 86_400 + 3600)) == "2 days 1 hr"


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 лид"), (2, "2 лида"), (5, "5 лидов"), (11, "11 лидов"), (21, "21 лид"), (112, "112 лидов")]
)
def test_plurals_are_russian(reading, n, said):
    from flask_babel import ngettext

    reading("ru")
    assert ngettext("%(num)d lead", "%(num)d leads", n) == said


def test_a_time_of_another_day_says_its_day_and_summer_time_is_kept(app):

    app.extensions["gateway"].timezone = "Europe/Berlin"
    with app.test_request_context("/console/"):
        g.now = 1_800_000_000_000
        before, after = 1_792_889_999_000, 1_792_893_600_000  # around 2026-10-25 01:00 UTC
        assert words.moment(before) != words.moment(after)
        assert words.moment(after).endswith("03:00")
