"""The commands in Russian: by --lang or the terminal's language, every text, with the console's words."""

import re

import pytest

from cli.state_words import state_of
from core.states import STATES
from tests.cli.messages import catalogue, lacking, left_over, used
from tests.handlers.console.messages import catalogue as consoles
from tests.translations import first, pairs

FACT = re.compile(r"%\((\w+)\)[sdr]")


def test_every_text_of_the_commands_is_in_the_russian_catalogue():
    assert len(used()) > 150
    assert lacking() == {}


def test_no_text_of_the_catalogue_is_left_over():
    assert left_over() == []


def test_the_russian_texts_keep_their_facts_and_follow_the_houses_words():
    for english, text in pairs(catalogue()):
        assert text, english
        assert set(FACT.findall(text)) <= set(FACT.findall(english)), text
        assert not re.search(r"заявк[аиуой]|Вы уверены|абонент", text), text


def test_a_text_that_the_console_has_too_says_the_same_there():
    theirs = consoles()
    both = [m for m in catalogue() if m.id and theirs.get(first(m.id))]
    assert len(both) > 25
    for message in both:
        assert message.string == theirs.get(first(message.id)).string


@pytest.mark.parametrize(
    ("environ", "russian"),
    [
        ({"LANG": "ru_RU.UTF-8"}, True),
        ({"LC_ALL": "ru_RU.UTF-8", "LANG": "en_GB.UTF-8"}, True),
        ({"LC_ALL": "C", "LANG": "ru_RU.UTF-8"}, False),
        ({"LANG": "de_DE.UTF-8"}, False),
        ({}, False),
    ],
)
@pytest.mark.usefixtures("gateway")
def test_the_language_is_the_terminals(flask, monkeypatch, environ, russian):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    said = flask("leads", "list")[1]
    assert ("никому не звоним" in said) == russian
    assert ("nobody is rung" in said) != russian


@pytest.mark.usefixtures("gateway")
def test_lang_says_it_before_everything_also_in_help_and_in_errors(flask, monkeypatch):
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    assert "no leads" in flask("leads", "list", "--lang", "en")[1]
    monkeypatch.delenv("LANG")
    assert "лидов нет" in flask("leads", "list", "--lang", "ru")[1]
    assert "лидов нет" in flask("leads", "--lang", "ru", "list")[1]
    said = flask("leads", "list", "--lang", "ru", "--help")[1]
    assert "новые сначала" in said
    assert "Только этого источника." in said
    assert "Отменить LEAD" in flask("leads", "--lang", "ru", "--help")[1]
    code, said = flask("leads", "list", "--since", "банан", "--lang", "ru")
    assert (code, "'банан' не время; нужно: вчера" in said) == (2, True)
    assert flask("do-not-call", "list", "--lang", "ru")[1] == "список пуст\n"
    assert "Никто не следит" in flask("alarms", "list", "--lang", "ru")[1]


def test_a_state_is_meant_by_its_word_or_its_name_in_either_language(app, monkeypatch):
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    meant = {"held": "held", "Придержан": "held", "не звоним": "suppressed", "Call placed": "accepted"}
    assert {said: state_of(said) for said in meant} == meant
    assert state_of("gone") is None
    assert len({state_of(name) for name in STATES}) == len(STATES)


@pytest.mark.usefixtures("gateway")
def test_clicks_own_texts_are_in_the_readers_language(flask, monkeypatch):
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    said = flask("leads", "show")[1]
    for text in ("Использование: ", "Справка: ", "Ошибка: Не хватает аргумента 'LEAD'."):
        assert text in said
    said = flask("leads", "--help")[1]
    assert "Параметры:" in said
    assert "Команды:" in said
    assert "Показать эту справку." in said
    assert "Нет команды 'frob'." in flask("leads", "frob")[1]
    english = flask("leads", "show", "--lang", "en")[1]
    assert "Usage: " in english
    assert "Missing argument 'LEAD'." in english
    monkeypatch.setenv("LANG", "C")
    assert "Ошибка: Не хватает аргумента" in flask("leads", "show", "--lang", "ru")[1]
    assert "Error: Missing argument" in flask("leads", "show")[1]


@pytest.mark.usefixtures("gateway")
def test_policy_sources_users_and_backups_speak_russian(flask):
    assert "общие пределы, по всем источникам" in flask("policy", "show", "--lang", "ru")[1]
    assert "включён; версия 1" in flask("sources", "list", "--lang", "ru")[1]
    assert "ещё никого" in flask("users", "list", "--lang", "ru")[1]
    assert "Открыть копию" in flask("restore", "--lang", "ru", "--help")[1]
