"""A shared secret wherever an owner may put it, and HTTP Basic."""

import base64
from dataclasses import replace

import pytest

from core.proofs.authentic import PROOFS, SCHEMES, check
from core.source import Auth, Source
from tests.http_request import delivery, read

NOW_MS = 1_785_590_400_000
SECRET = "test-secret"
KNOWN = {"env:A": SECRET, "env:B": "the-next-secret", "env:CYRILLIC": "секрет", "env:EMPTY": ""}


def source(**auth):
    auth.setdefault("secrets", ("env:A",))
    return Source(name="form", auth=Auth(**auth))


def proof_of(request, now_ms=NOW_MS, body=None, **auth):
    asked = source(**auth)
    return check(request, replace(asked, body=body) if body else asked, KNOWN.get, now_ms)


PLACED = {
    "query": (delivery(query="token=test-secret&a=1"), {"place": "query"}),
    "path": (delivery(rest="test-secret"), {"place": "path"}),
    "path with more behind it": (delivery(rest="test-secret/events/summary"), {"place": "path"}),
    "header": (delivery(headers=(("X-Api-Key", "test-secret"),)), {"place": "header", "name": "X-API-Key"}),
    "bearer": (
        delivery(headers=(("Authorization", "bearer test-secret"),)),
        {"place": "header", "name": "Authorization"},
    ),
    "authorization without a scheme": (
        delivery(headers=(("Authorization", "test-secret"),)),
        {"place": "header", "name": "authorization"},
    ),
    "JSON field": (read("google_ads_lead"), {"place": "field", "name": "google_key"}),
    "form field": (delivery(body=b"token=test-secret&a=1"), {"place": "field"}),
    "bracketed field": (
        delivery(body=b"auth%5Bapplication_token%5D=test-secret"),
        {"place": "field", "name": "auth[application_token]"},
    ),
    "dotted field": (delivery(body=b'{"auth": {"token": "test-secret"}}'), {"place": "field", "name": "auth.token"}),
    "field of each object": (delivery(body=b'[{"token":"test-secret"},{"token":"test-secret"}]'), {"place": "field"}),
    "same token twice": (delivery(query="token=test-secret&token=test-secret"), {"place": "query"}),
    "salesforce": (read("salesforce_outbound_message"), {"place": "path"}),
}


@pytest.mark.parametrize("where", PLACED)
def test_a_token_is_found_where_it_was_put(where):
    request, auth = PLACED[where]
    assert proof_of(request, **auth).ok
    assert not proof_of(request, secrets=("env:B",), **auth).ok


REFUSED = {
    "no token": (delivery(query="a=1"), {}, "missing"),
    "empty": (delivery(query="token="), {}, "missing"),
    "wrong": (delivery(query="token=test-secreT"), {}, "wrong"),
    "a part of it": (delivery(query="token=test-secre"), {}, "wrong"),
    "with a blank": (delivery(query="token=test-secret+"), {}, "wrong"),
    "one right, one wrong": (delivery(query="token=test-secret&token=x"), {}, "wrong"),
    "name in other case": (delivery(query="Token=test-secret"), {}, "missing"),
    "in the body instead": (delivery(body=b"token=test-secret"), {}, "missing"),
    "path empty": (delivery(), {"place": "path"}, "missing"),
    "path second": (delivery(rest="x/test-secret"), {"place": "path"}, "wrong"),
    "no header": (delivery(), {"place": "header", "name": "x-key"}, "missing"),
    "two headers": (
        delivery(headers=(("x-key", "test-secret"), ("x-key", "x"))),
        {"place": "header", "name": "x-key"},
        "wrong",
    ),
    "header not ASCII": (delivery(headers=(("x-key", "é"),)), {"place": "header", "name": "x-key"}, "wrong"),
    "field missing": (delivery(body=b"a=1"), {"place": "field"}, "missing"),
    "field an object": (delivery(body=b'{"token": {"a": "test-secret"}}'), {"place": "field"}, "malformed"),
    "field null": (delivery(body=b'{"token": null}'), {"place": "field"}, "missing"),
    "field true": (delivery(body=b'{"token": true}'), {"place": "field"}, "malformed"),
    "one object without": (delivery(body=b'[{"token":"test-secret"},{}]'), {"place": "field"}, "missing"),
    "list of texts": (delivery(body=b'["test-secret"]'), {"place": "field"}, "missing"),
    "unreadable body": (delivery(body=b'{"token": "test-secret"'), {"place": "field"}, "missing"),
    "empty list": (delivery(body=b"[]"), {"place": "field"}, "missing"),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_token_that_is_not_the_secret_is_refused(how):
    request, auth, cause = REFUSED[how]
    proof = proof_of(request, **auth)
    assert (proof.ok, proof.cause) == (False, cause)


def test_two_secrets_live_at_once_while_they_are_changed():
    both = ("env:A", "env:B")
    assert proof_of(delivery(query="token=test-secret"), secrets=both).ok
    assert proof_of(delivery(query="token=the-next-secret"), secrets=both).ok


def test_a_secret_may_be_cyrillic_in_the_url_and_in_a_header():
    wire = "секрет".encode().decode("latin-1")  # how WSGI hands a header over
    header = {"place": "header", "name": "x-key", "secrets": ("env:CYRILLIC",)}
    assert proof_of(delivery(query="token=%D1%81%D0%B5%D0%BA%D1%80%D0%B5%D1%82"), secrets=("env:CYRILLIC",)).ok
    assert proof_of(delivery(headers=(("x-key", wire),)), **header).ok


@pytest.mark.parametrize("references", [(), ("env:NOT_SET",), ("env:EMPTY",)])
@pytest.mark.parametrize("scheme", [name for name in (*SCHEMES, *PROOFS)])
def test_without_a_secret_nothing_is_authentic(scheme, references):
    for request in (delivery(), delivery(query="token="), delivery(body=b"secret=&json=&sign=&vpbx_api_key=")):
        proof = proof_of(request, scheme=scheme, header="x-sign", secrets=references)
        assert (proof.ok, proof.cause) == (False, "no_secret")


def test_none_has_to_be_written_out():
    assert proof_of(delivery(), scheme="none", secrets=()).ok
    assert not proof_of(delivery(), scheme="", secrets=()).ok


# --- basic

BASIC = {"scheme": "basic", "user": "pipedrive"}


def basic(text):
    return delivery(headers=(("Authorization", text),))


def test_basic_is_user_and_secret():
    assert proof_of(read("pipedrive_v2_person"), **BASIC).ok


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "missing"),
        ("Basic", "malformed"),
        ("Basic !!!", "malformed"),
        ("Basic cGlwZWRyaXZlOnRlc3Qtc2VjcmV0é", "malformed"),
        ("Bearer test-secret", "malformed"),
        ("Basic " + base64.b64encode(b"other:test-secret").decode(), "wrong"),
        ("Basic " + base64.b64encode(b"pipedrive:").decode(), "wrong"),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), "wrong"),
    ],
)
def test_basic_that_does_not_fit_is_refused(text, cause):
    proof = proof_of(basic(text), **BASIC)
    assert (proof.ok, proof.cause) == (False, cause)
