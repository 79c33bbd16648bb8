"""A sender that checks the address hears exactly what it wants to, and a stranger learns nothing by it."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest

from core.expressions.expression import Condition, Path
from core.proofs.authentic import check
from core.proofs.handshake import SCHEMES, answer
from core.source import Auth, Handshake, Reply, Source
from tests.http_request import delivery, read, with_header

NOW_MS = 1_785_590_400_000
SECRETS = {"env:S": "test-secret", "env:VERIFY": "my-verify-token", "env:CONFIRMATION": "a1b2c3d4"}


def source(*rules, **auth):
    return Source(name="s", auth=Auth(secrets=("env:S",), **auth), handshakes=rules)


def rule(when, **parts):
    return Handshake(when=Condition.compile(when), **parts)


TILDA = rule("test == 'test'", reply=Reply(body="ok"))
CHALLENGE = rule("challenge", before_proof=True, reply=Reply(json={"challenge": {"path": "challenge"}}))
LINKEDIN = rule("challengeCode", before_proof=True, methods=("GET",), scheme="linkedin")
META = rule("\"hub.mode\" == 'subscribe'", before_proof=True, methods=("GET",), scheme="meta")
VK = rule("type == 'confirmation'", scheme="vk")


def heard(request, asked, proved=False):
    return answer(request, asked, SECRETS.get, proved)


def test_a_check_that_carries_the_proof_is_answered_after_it():
    assert heard(read("tilda_handshake"), source(TILDA), proved=True).body == b"ok"
    assert heard(read("tilda_handshake"), source(TILDA), proved=False) is None


def test_a_lead_is_no_handshake():
    assert heard(delivery(body=b"test=test2&Phone=1"), source(TILDA), proved=True) is None
    assert heard(delivery(body=b"test=test"), source(), proved=True) is None
    assert heard(delivery(body=b'[{"test":"test"}]'), source(TILDA), proved=True) is None


@pytest.mark.parametrize("name", ["monday_challenge", "slack_url_verification"])
def test_a_challenge_comes_back_in_json(name):
    found = heard(read(name), source(CHALLENGE))
    assert json.loads(found.body) == {"challenge": json.loads(read(name).body)["challenge"]}
    assert (found.status, found.content_type) == (200, "application/json")


def test_an_echo_is_the_value_alone():
    echo = rule("check", echo=Path.compile("check"), before_proof=True, reply=Reply(status=201))
    found = heard(delivery(method="GET", query="check=%D0%B4%D0%B0"), source(echo))
    assert (found.status, found.content_type, found.body) == (201, "text/plain; charset=utf-8", "да".encode())


@pytest.mark.parametrize("body", [b'{"check": {"a": "1"}}', b'{"check": ["1"]}', b'{"check": "' + b"a" * 1001 + b'"}'])
def test_only_a_short_text_is_ever_sent_back(body):
    echo = rule("check", echo=Path.compile("check"))
    assert heard(delivery(body=body), source(echo), proved=True) is None
    asked = rule("check", reply=Reply(json={"check": {"path": "check"}, "deep": {"n": 1}}))
    assert json.loads(heard(delivery(body=body), source(asked), proved=True).body) == {"check": None, "deep": {"n": 1}}


def test_a_rule_may_look_at_the_request_itself():
    asked = rule("_request.method == 'GET' && _request.headers.\"x-check\" == '1'", reply=Reply(body="here"))
    found = heard(delivery(method="GET", headers=(("X-Check", "1"),)), source(asked), proved=True)
    assert found.body == b"here"
    assert heard(delivery(method="POST", headers=(("X-Check", "1"),)), source(asked), proved=True) is None


def test_a_rule_for_one_method_leaves_the_others_alone():
    assert heard(replace(read("linkedin_challenge_get"), method="POST"), source(LINKEDIN)) is None


def test_the_first_rule_that_fits_answers():
    assert heard(delivery(body=b"test=test"), source(VK, TILDA, rule("test")), proved=True).body == b"ok"


# --- LinkedIn


def test_linkedins_challenge_is_answered_with_its_digest():
    found = heard(read("linkedin_challenge_get"), source(LINKEDIN))
    assert found.content_type == "application/json"
    assert json.loads(found.body) == {
        "challengeCode": "890e4665-4dfe-4ab1-b689-ed553bce0001",
        "challengeResponse": "cb7d9c9e8735cfcf62428d18a0332b75ebe91a798ddbb6e310d6b53127f373b6",
    }


@pytest.mark.parametrize(
    "code", ["hmacsha256%3D%7B%7D", "hmacsha256={}", "a%3Db", "", "a" * 65, "%C3%A9", "a&challengeCode=b"]
)
def test_a_challenge_that_could_be_the_start_of_a_body_is_not_signed(code):
    assert heard(delivery(method="GET", query=f"challengeCode={code}"), source(LINKEDIN)) is None


def test_no_answer_to_a_challenge_is_ever_a_signature_of_a_lead():
    """The door this closes: LinkedIn signs `hmacsha256=` + body with the key that answers challenges."""
    body = b'{"type":"LEAD_ACTION"}'
    forged = hmac.new(b"test-secret", b"hmacsha256=" + body, hashlib.sha256).hexdigest()
    signed = with_header(delivery(body=body), "x-li-signature", forged)
    asked = source(LINKEDIN, scheme="linkedin")
    assert check(signed, asked, SECRETS.get, NOW_MS).ok  # what a stranger would want to have
    asking = delivery(method="GET", query="challengeCode=hmacsha256%3D" + body.decode().replace('"', "%22"))
    assert heard(asking, asked) is None


def test_without_a_secret_no_challenge_is_signed():
    asked = replace(source(LINKEDIN), auth=Auth(secrets=("env:NOT_SET",)))
    assert heard(read("linkedin_challenge_get"), asked) is None


# --- Meta


def test_metas_challenge_is_echoed_for_the_owners_verify_token():
    found = heard(read("meta_verify_get"), source(META))
    assert (found.status, found.body) == (200, b"1158201444")


def test_the_verify_token_may_be_another_than_the_app_secret():
    asked = source(META, handshake_secret="env:VERIFY")
    own = "hub.mode=subscribe&hub.challenge=7&hub.verify_token=my-verify-token"
    assert heard(delivery(method="GET", query=own), asked).body == b"7"
    assert heard(read("meta_verify_get"), asked) is None


@pytest.mark.parametrize("token", ["", "&hub.verify_token=", "&hub.verify_token=x", "&hub.verify_token=%C3%A9"])
def test_metas_challenge_is_not_echoed_for_anybody(token):
    asking = delivery(method="GET", query="hub.mode=subscribe&hub.challenge=1" + token)
    for asked in (source(META), source(META, handshake_secret="env:NOT_SET")):
        assert heard(asking, asked) is None


# --- VK


def test_vk_hears_the_confirmation_string_and_nothing_else():
    found = heard(read("vk_confirmation"), source(VK, handshake_secret="env:CONFIRMATION"), proved=True)
    assert (found.content_type, found.body) == ("text/plain; charset=utf-8", b"a1b2c3d4")
    assert heard(read("vk_lead_forms_new"), source(VK, handshake_secret="env:CONFIRMATION"), proved=True) is None


def test_vk_never_hears_the_shared_secret():
    for asked in (source(VK), source(VK, handshake_secret="env:NOT_SET")):
        assert heard(read("vk_confirmation"), asked, proved=True) is None


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff\xfe", b'{"challengeCode": {}}', b'{"type": ["confirmation"]}']
)
@pytest.mark.parametrize("scheme", [*SCHEMES, "no such scheme"])
def test_no_request_raises(body, scheme):
    asked = source(rule("!nothing", scheme=scheme, before_proof=True))
    assert heard(delivery(body=body, query="hub.challenge=1&hub.challenge=2"), asked) is None


def test_a_reply_quotes_the_request_in_short_texts_only():
    from core.proofs.handshake import filled

    asked = {"jsonrpc": "2.0", "id": Path.compile("id"), "deep": {"id": Path.compile("params")}}
    assert filled(asked, {"id": "7", "params": {"a": "1"}}) == {"jsonrpc": "2.0", "id": "7", "deep": {"id": None}}
