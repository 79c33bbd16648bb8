"""Proofs that stand in a form's own fields: Mango Office and Botpad."""

import hashlib
import hmac
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.proofs.authentic import check
from core.proofs.proof import form_fields
from core.reading.body import parse
from core.source import Auth, Body, Source
from tests.http_request import delivery, read

NOW_MS = 1_785_590_400_000
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


EVENT = '{"entry_id":"1","call_state":"Connected","from":{"number":"79990000023"},"comment":"Иван / да"}'


def mango(text=EVENT, key="the-key", salt="salt0123456789", sign=None, body=None):
    right = hashlib.sha256((key + text + salt).encode()).hexdigest()
    fields = f"vpbx_api_key={key}&json={quote(text, safe='')}&sign={right if sign is None else sign}"
    return delivery(rest="events/summary", body=fields.encode() if body is None else body(fields).encode())


def test_mango_signs_the_decoded_text_of_its_field():
    rules = Body(unwrap_json=("json",))
    proof = proof_of(mango(), "mango", "env:SALT", body=rules)
    assert proof.ok
    assert proof.spent == (("field", "sign"), ("field", "vpbx_api_key"))
    assert proof_of(mango(sign=None, text=EVENT.replace(" ", "")), "mango", "env:SALT").ok


@pytest.mark.parametrize(
    ("request_", "cause"),
    [
        (mango(salt="other"), "wrong"),
        (mango(sign=""), "missing"),
        (mango(sign="0" * 63), "malformed"),
        (mango(sign="0" * 64), "wrong"),
        (mango(body=lambda fields: fields.replace("sign=", "sigh=")), "missing"),
        (mango(body=lambda fields: fields + "&sign=" + "0" * 64), "malformed"),
        (mango(body=lambda fields: fields + "&json={}"), "malformed"),
        (mango(body=lambda fields: "&" * 2000 + fields), "malformed"),
        (mango(body=lambda fields: ""), "missing"),
        (mango(body=lambda fields: '{"json": "{}"}'), "missing"),
    ],
)
def test_mango_that_does_not_fit_is_refused(request_, cause):
    proof = proof_of(request_, "mango", "env:SALT")
    assert (proof.ok, proof.cause) == (False, cause)


def test_botpad_twice_its_secret_or_none_is_refused():
    request = read("botpad_quiz")
    assert proof_of(replace(request, body=request.body + b"&secret=x"), "botpad", "env:P").cause == "malformed"
    assert proof_of(replace(request, body=b"json=%7B%7D"), "botpad", "env:P").cause == "missing"
    assert proof_of(replace(request, body=b"json=%7B%7D&secret=\xe9"), "botpad", "env:P").cause == "malformed"


@given(
    st.lists(
        st.sampled_from(
            [b"json=", b"a b", b"+", b"%2B", b"&", b"\n", b"\r\n", b"sign=", b"x", b"=", b"%", b"[a]", " я".encode()]
        ),
        max_size=10,
    ).map(b"".join)
)
def test_what_is_proved_is_what_the_tree_reads(body):
    """Else a captured request could be written in another way, keep its proof and mean something else."""
    (proved,), cause = form_fields(body.strip(), "json")
    if not cause:
        assert parse(body, "text/plain", "", Body(format="form")).value["json"] == proved.decode()
