"""`fetch`: what an owner or a preset may write about the questions to a CRM."""

import pytest

from schemas.source import read_source

LEAST = {
    "auth": {"secret": "env:A"},
    "mapping": {"script": "Заявка", "number": {"field": "_fetched.lead.phone"}},
}
FETCH = {
    "base": "https://crm.example",
    "token": "env:CRM",
    "headers": {"Authorization": "Bearer {token}"},
    "steps": [{"name": "lead", "path": "/leads/{id}"}],
}


def wrong_with(**changed):
    """Where the problems are, with these keys of `fetch` changed (None: left out)."""
    fetch = {key: value for key, value in {**FETCH, **changed}.items() if value is not None}
    _, wrong = read_source("shop", {**LEAST, "fetch": fetch})
    return [".".join(keys) for keys, _ in wrong]


def step(**changed):
    return {"steps": [{"name": "lead", "path": "/leads/{id}", **changed}]}


def test_a_whole_fetch_is_taken():
    assert wrong_with() == []


@pytest.mark.parametrize("key", ["base", "token", "steps"])
def test_what_is_missing_for_a_question_is_named_with_what_to_write(key):
    assert wrong_with(**{key: None}) == [f"fetch.{key}"]


def test_a_crm_that_wants_no_token_needs_none():
    assert wrong_with(token=None, headers=None) == []


def test_a_preset_that_needs_a_crm_says_so_when_the_owner_names_none():
    fetch = {key: FETCH[key] for key in ("headers", "steps")} | {"required": "true"}
    _, wrong = read_source("shop", {**LEAST, "fetch": fetch})
    assert [".".join(keys) for keys, _ in wrong] == ["fetch.base", "fetch.token"]
    assert [said.write for _, said in wrong] == ['"https://portal.example"', "env:SHOP_CRM"]


def test_a_preset_may_say_what_cannot_ring_instead():
    fetch = {key: FETCH[key] for key in ("headers", "steps")} | {"without": "deals never ring"}
    source, wrong = read_source("shop", {**LEAST, "fetch": fetch})
    assert (source.fetch, wrong) == (None, [])
    assert wrong_with(without="deals never ring") == []


@pytest.mark.parametrize(
    "path",
    [
        "leads/{id}",  # would lengthen the host's name
        "@evil.example/{id}",
        ".evil.example",
        "//evil.example",
        "/../{id}",
        "/leads/{id",
        "/leads/{}",
        "/leads/{a[}",
        "/leads?x={id}",
        "/leads/{id}#x",
        "/leads/ {id}",
        "/лиды/{id}",
        "",
    ],
)
def test_a_path_that_could_lead_elsewhere_is_refused(path):
    assert wrong_with(**step(path=path))


@pytest.mark.parametrize("name", ["Host", "Content-Length", "transfer-encoding", "X Y", "X\r\nY", ""])
def test_a_header_of_the_connections_own_is_refused(name):
    assert wrong_with(headers={name: "x"})


@pytest.mark.parametrize("text", ["Bearer\r\nX: y", "Bearer {token", "é"])
def test_a_header_that_could_begin_another_is_refused(text):
    assert wrong_with(headers={"Authorization": text})


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "POST"},
        {"body": {"a": "b"}},
        {"method": "DELETE"},
        {"method": "POST", "body": "text"},
        {"method": "POST", "body": {"ids": ["{a[}"]}},
        {"name": "Lead"},
        {"when": "a =="},
        {"query": ["a"]},
        {"query": {"a\r\n": "b"}},
        {"verb": "GET"},
    ],
)
def test_a_step_that_is_no_question_is_refused(changed):
    assert wrong_with(**step(**changed))


def test_two_answers_cannot_have_one_name():
    assert wrong_with(steps=[*FETCH["steps"], *FETCH["steps"]]) == ["fetch.steps"]


@pytest.mark.parametrize("rate", ["0", "51", "1.5", "fast"])
def test_a_pace_is_a_whole_number_of_questions_a_second(rate):
    assert wrong_with(rate=rate) == ["fetch.rate"]
