"""Every shipped preset, and every example request that lies beside it."""

import re
from dataclasses import replace

import pytest

from config.examples import read_request, results_of, run_example
from config.load import PRESETS, preset_names
from core.source import Example
from tests.presets import source_of

EXAMPLES = PRESETS / "examples"


@pytest.mark.parametrize("name", preset_names())
def test_a_preset_is_whole_and_says_what_it_is(name):
    source = source_of(name)
    assert source.title
    assert source.confidence
    assert source.mapping.number.fields or source.mapping.number.in_text
    assert source.examples


@pytest.mark.parametrize(
    ("name", "example"), [(name, one) for name in preset_names() for one in source_of(name).examples]
)
def test_an_example_becomes_what_its_preset_says(name, example):
    assert run_example(source_of(name), example, EXAMPLES) == []


def test_every_example_request_belongs_to_a_preset():
    named = {example.request for name in preset_names() for example in source_of(name).examples}
    assert named == {path.name for path in EXAMPLES.glob("*.http")}


def test_every_answer_of_a_crm_belongs_to_an_example():
    named = {
        file for name in preset_names() for example in source_of(name).examples for file in example.answers.values()
    }
    assert named == {path.name for path in EXAMPLES.glob("*.json")}


@pytest.mark.parametrize("answers", [{}, {"lead": "absent.json"}, {"lead": "bitrix24_deal.json"}])
def test_an_example_whose_crm_says_something_else_is_told(answers):
    rings = Example(
        "bitrix24_lead.http",
        call={"number": "79990000002", "script": "Заявка с сайта"},
        secret="apptokenapptokenapptokenapptoken",
        answers=answers,
    )
    assert run_example(source_of("bitrix24"), rings, EXAMPLES)
    assert run_example(source_of("bitrix24"), replace(rings, answers={"lead": "bitrix24_lead.json"}), EXAMPLES) == []


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.http")), ids=lambda path: path.name)
def test_an_example_request_is_byte_exact_and_invented(path):
    raw = path.read_bytes()
    delivery = read_request(raw)
    assert delivery.header("content-length") in (None, str(len(delivery.body)))
    for number in re.findall(rb"7999\d{7}", re.sub(rb"[^0-9]+", b"", raw)):
        assert number.startswith(b"79990000") or number.startswith(b"79991234567")


@pytest.mark.parametrize(
    "wrong",
    [
        Example("tilda.http", call={"number": "79990000001"}),
        Example("tilda.http", call={"number": "79990000009", "script": "Заявка с сайта"}),
        Example("tilda.http", call={"number": "79990000001", "script": "Заявка с сайта", "sms": "x"}),
        Example("tilda.http", state="held"),
        Example("tilda.http", call={"number": "79990000001", "script": "Заявка с сайта"}, event_key=("1",)),
        Example("tilda_nickname.http", state="held", reason="no_number"),
        Example("tilda_handshake.http", state="nothing"),
        Example("tilda.http", calls=({"number": "79990000001", "script": "Заявка с сайта"}, {})),
        Example("absent.http", state="held"),
        Example("tilda.http", call={"number": "79990000001", "script": "Заявка с сайта"}, secret="another"),
    ],
)
def test_an_example_that_comes_out_otherwise_is_told(wrong):
    assert run_example(source_of("tilda"), wrong, EXAMPLES)


def test_tilda_keeps_no_cookies_of_the_visitor():
    from core import identity
    from core.proofs import authentic

    source = source_of("tilda")
    delivery = read_request((EXAMPLES / "tilda_cyrillic.http").read_bytes())
    proof = authentic.check(delivery, source, lambda reference: "test-secret", 0)
    (piece,) = identity.split(delivery, source, proof)
    assert b"COOKIES" in delivery.body
    assert "COOKIES" not in piece.payload
    assert "test-secret" not in repr(piece.payload)


def test_tildas_handshake_needs_the_token():
    request = read_request((EXAMPLES / "tilda_handshake.http").read_bytes())
    (result,) = results_of(source_of("tilda"), Example("x.http", state="handshake", secret="mistyped"), request)
    assert result.state == "refused"
