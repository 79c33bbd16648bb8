"""monday's JWT: one algorithm, an end, and nothing that it may ask of us."""

import base64
import hmac
import json
from dataclasses import replace

import pytest

from core.proofs.authentic import check
from core.source import Auth, Body, Source
from tests.http_request import delivery, read

NOW = 1_785_590_400
NOW_MS = NOW * 1000
SECRETS = {
    "env:S": "test-secret",
    "env:W": "whsec_dGVzdC1zZWNyZXQ=",
    "env:SALT": "salt0123456789",
    "env:P": "botpad-key",
}


def proof_of(request, scheme, secret="env:S", now_ms=NOW_MS, body=None, **auth):
    asked = Source(name="s", auth=Auth(scheme=scheme, secrets=(secret,), **auth), body=body or Body())
    return check(request, asked, SECRETS.get, now_ms)


def keyed(text, key=b"test-secret"):
    return hmac.new(key, text, "sha256")


def jwt(claims, head=None, key=b"test-secret"):
    def part(raw):
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    said = head if isinstance(head, bytes) else json.dumps(head or {"alg": "HS256", "typ": "JWT"}).encode()
    claimed = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    text = part(said) + "." + part(claimed)
    return text + "." + part(keyed(text.encode(), key).digest())


def monday(token, **options):
    return proof_of(delivery(headers=(("Authorization", token),)), "monday", options=options)


def test_a_jwt_is_taken_with_and_without_bearer():
    assert monday(jwt({"exp": NOW + 60})).ok
    assert monday("Bearer " + jwt({"exp": NOW + 60})).ok


@pytest.mark.parametrize(
    ("token", "cause"),
    [
        (jwt({"exp": NOW}, {"alg": "none"}), "malformed"),
        (jwt({"exp": NOW}, {"alg": "none"}).rsplit(".", 1)[0] + ".", "malformed"),
        (jwt({"exp": NOW}, {"alg": "HS512"}), "malformed"),
        (jwt({"exp": NOW}, {"alg": ["HS256"]}), "malformed"),
        (jwt({"exp": NOW}, {"alg": "HS256", "crit": ["x"]}), "malformed"),
        (jwt({"exp": NOW}, b"[]"), "malformed"),
        (jwt({"exp": NOW}, b"[" * 3000), "malformed"),
        (jwt(b"\xff"), "malformed"),
        (jwt({}), "malformed"),
        (jwt({"exp": "1785590400"}), "malformed"),
        (jwt(b'{"exp": NaN}'), "malformed"),
        (jwt(b'{"exp": 1e400}'), "malformed"),
        (jwt({"exp": NOW}) + ".x", "malformed"),
        ("a.b", "malformed"),
        (jwt({"exp": NOW}, key=b"other"), "wrong"),
    ],
)
def test_a_jwt_that_is_not_ours_is_refused(token, cause):
    proof = monday(token)
    assert (proof.ok, proof.cause) == (False, cause)


@pytest.mark.parametrize(
    "audience", ["https://leads.example.test/hooks/form", ["x", "https://leads.example.test/hooks/form"]]
)
def test_the_audience_is_asked_where_the_preset_says_so(audience):
    assert monday(jwt({"exp": NOW, "aud": audience}), audience="url").ok
    for other in ("https://leads.example.test/hooks/other", None, {"a": 1}, [[]]):
        assert monday(jwt({"exp": NOW, "aud": other})).ok
        assert monday(jwt({"exp": NOW, "aud": other}), audience="url").cause == "wrong"


def test_the_example_of_monday_names_its_url():
    request = replace(read("monday_create_item"), url="https://leads.example.test/hooks/monday?board=1")
    assert proof_of(request, "monday", options={"audience": "url"}).ok
