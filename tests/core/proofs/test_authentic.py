"""Who may post: what data says about a sender's proof, and everything a forger tries."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.proofs.authentic import CAUSES, OPTIONS, PROOFS, SCHEMES, check
from core.source import Auth, Body, Source
from tests.http_request import delivery, read, with_header

NOW = 1_785_590_400
NOW_MS = NOW * 1000
SECRET = "test-secret"
KNOWN = {"env:A": SECRET, "env:B": "the-next-secret", "env:CYRILLIC": "секрет", "env:EMPTY": ""}


def source(**auth):
    auth.setdefault("secrets", ("env:A",))
    return Source(name="form", auth=Auth(**auth))


def proof_of(request, now_ms=NOW_MS, body=None, **auth):
    asked = source(**auth)
    return check(request, replace(asked, body=body) if body else asked, KNOWN.get, now_ms)


META = {"scheme": "hmac", "header": "X-Hub-Signature-256", "prefix": "sha256="}
STRIPE = {
    "scheme": "hmac",
    "header": "Stripe-Signature",
    "signed": ("timestamp", ".", "body"),
    "options": {"parts": {"timestamp": "t", "signature": "v1"}},
}
SLACK = {
    "scheme": "hmac",
    "header": "X-Slack-Signature",
    "prefix": "v0=",
    "signed": ("v0:", "timestamp", ":", "body"),
    "timestamp_header": "X-Slack-Request-Timestamp",
}
WEBFLOW = {
    "scheme": "hmac",
    "header": "x-webflow-signature",
    "signed": ("timestamp", ":", "body"),
    "timestamp_header": "x-webflow-timestamp",
    "timestamp_unit": "ms",
}
TYPEFORM = {"scheme": "hmac", "header": "Typeform-Signature", "prefix": "sha256=", "encoding": "base64"}
TALLY = {"scheme": "hmac", "header": "Tally-Signature", "encoding": "base64"}
SHOPIFY = {"scheme": "hmac", "header": "X-Shopify-Hmac-Sha256", "encoding": "base64"}
SIGNED = {
    "meta_leadgen": META,
    "stripe_style": STRIPE,
    "slack_slash_command": SLACK,
    "slack_url_verification": SLACK,
    "webflow_form_submission": WEBFLOW,
    "typeform": TYPEFORM,
    "tally": TALLY,
    "shopify_customer_create": SHOPIFY,
}


@pytest.mark.parametrize("name", SIGNED)
def test_a_sender_that_signs_is_known_by_its_bytes(name):
    assert proof_of(read(name), **SIGNED[name]).ok


@pytest.mark.parametrize("name", SIGNED)
def test_the_header_that_held_the_proof_is_named_so_that_it_is_never_stored(name):
    assert proof_of(read(name), **SIGNED[name]).spent == (("header", SIGNED[name]["header"].lower()),)


def forgeries(name):
    """Every way in which a stranger, or a careless proxy, sends almost the right thing."""
    auth = SIGNED[name]
    request, header = read(name), auth["header"].lower()
    right = request.header(header).split(",v0=")[0]
    prefix = auth.get("prefix", "")
    other = hmac.new(b"other", request.body, "sha256").hexdigest()
    yield "stripped", with_header(request, header)
    yield "empty", with_header(request, header, "")
    yield "blank", with_header(request, header, "   ")
    yield "prefix alone", with_header(request, header, prefix or "sha256=")
    yield "twice", with_header(request, header, right, right)
    yield "twice, as WSGI joins them", with_header(request, header, f"{right},{right}")
    yield "right and wrong", with_header(request, header, right, prefix + other)
    yield "wrong and right, joined", with_header(request, header, f"{prefix}{other}, {right}")
    yield "not ASCII", with_header(request, header, "é" + right)
    yield "not Latin-1", with_header(request, header, "я" + right)
    yield "lone surrogate", with_header(request, header, "\ud800" + right)
    yield "other secret's", with_header(request, header, prefix + other)
    yield "wrong algorithm", with_header(request, header, "sha1=" + hashlib.sha1(request.body).hexdigest())
    yield "cut", with_header(request, header, right[:-2])
    yield "longer", with_header(request, header, right + "00")
    yield "huge", with_header(request, header, right + "0" * 100_000)
    yield "other body", replace(request, body=request.body + b" ")
    yield "empty body", replace(request, body=b"")


ATTEMPTS = [pytest.param(name, request, id=f"{name}: {how}") for name in SIGNED for how, request in forgeries(name)]


@pytest.mark.parametrize(("name", "request_"), ATTEMPTS)
def test_a_forgery_is_refused_with_a_cause(name, request_):
    proof = proof_of(request_, **SIGNED[name])
    assert not proof.ok
    assert proof.cause in CAUSES


@pytest.mark.parametrize(
    ("how", "request_", "cause"),
    [
        ("stripped", with_header(read("typeform"), "typeform-signature"), "missing"),
        ("hex for base64", with_header(read("typeform"), "typeform-signature", "sha256=0g"), "malformed"),
        ("no prefix", with_header(read("typeform"), "typeform-signature", "AAAA"), "malformed"),
        ("other body", replace(read("typeform"), body=b"{}"), "wrong"),
    ],
)
def test_the_cause_tells_the_owner_what_to_mend(how, request_, cause):
    assert proof_of(request_, **TYPEFORM).cause == cause


def test_a_body_written_anew_from_its_own_json_is_refused():
    request = read("meta_leadgen")
    assert not proof_of(replace(request, body=request.body.replace(b'":"', b'": "')), **META).ok


def test_hex_is_read_in_any_case():
    request = read("meta_leadgen")
    shouted = "sha256=" + request.header("x-hub-signature-256").removeprefix("sha256=").upper()
    assert proof_of(with_header(request, "x-hub-signature-256", shouted), **META).ok


@pytest.mark.parametrize("name", ["stripe_style", "slack_slash_command", "webflow_form_submission"])
@pytest.mark.parametrize("away_ms", [-301_000, 301_000, 86_400_000])
def test_a_right_signature_of_another_time_is_late_and_not_refused(name, away_ms):
    proof = proof_of(read(name), now_ms=NOW_MS + away_ms, **SIGNED[name])
    assert (proof.ok, proof.late, proof.cause) == (True, True, "too_old")


@pytest.mark.parametrize("name", ["stripe_style", "slack_slash_command", "webflow_form_submission"])
def test_five_minutes_are_in_time(name):
    proof = proof_of(read(name), now_ms=NOW_MS + 300_000, **SIGNED[name])
    assert proof.ok
    assert not proof.late


def test_a_wrong_signature_is_wrong_whatever_its_time():
    request = replace(read("stripe_style"), body=b"{}")
    assert proof_of(request, now_ms=NOW_MS + 86_400_000, **STRIPE).cause == "wrong"


@pytest.mark.parametrize("stamp", ["", "soon", "-1", "１７８５５９０４００", "1785590400.0", "9" * 5000, "1e9"])
def test_a_time_that_is_none_is_refused(stamp):
    key = SECRET.encode()
    body = b"{}"
    right = "v0=" + hmac.new(key, b"v0:" + stamp.encode() + b":" + body, "sha256").hexdigest()
    headers = (("X-Slack-Signature", right), ("X-Slack-Request-Timestamp", stamp))
    assert not proof_of(delivery(headers=headers, body=body), **SLACK).ok


def test_a_signature_by_either_of_two_live_secrets_is_right():
    for secrets in (("env:A", "env:B"), ("env:B", "env:A"), ("env:NOT_SET", "env:A")):
        assert proof_of(read("typeform"), **TYPEFORM, secrets=secrets).ok
    assert not proof_of(read("typeform"), **TYPEFORM, secrets=("env:B", "env:NOT_SET")).ok


def test_of_several_v1_any_may_fit_and_v0_never_does():
    request = read("stripe_style")
    right = request.header("stripe-signature").split(",")[1]
    rotated = f"t={NOW},v1={'0' * 64},{right}"
    old_scheme = f"t={NOW},v0={right.removeprefix('v1=')}"
    assert proof_of(with_header(request, "stripe-signature", rotated), **STRIPE).ok
    assert not proof_of(with_header(request, "stripe-signature", old_scheme), **STRIPE).ok
    assert not proof_of(with_header(request, "stripe-signature", f"t={NOW},{right},t={NOW - 1}"), **STRIPE).ok


def test_several_signatures_count_only_where_the_preset_says_so():
    request = read("meta_leadgen")
    both = f"sha256={'0' * 64} {request.header('x-hub-signature-256')}"
    listed = with_header(request, "x-hub-signature-256", both)
    assert not proof_of(listed, **META).ok
    assert proof_of(listed, options={"several": "true"}, **META).ok
    assert not proof_of(listed, options={"several": "false"}, **META).ok


def test_id_method_and_url_can_be_signed_too():
    request = delivery(headers=(("X-Id", "7"),), body=b"a=1", query="b=%D0%AF")
    text = b"7|POST|" + request.url.encode() + b"|a=1"
    signed = with_header(request, "x-sign", base64.b64encode(hmac.new(SECRET.encode(), text, "sha1").digest()).decode())
    auth = {"signed": ("id", "|", "method", "|", "url", "|", "body"), "id_header": "X-Id"}
    auth |= {"scheme": "hmac", "header": "X-Sign", "digest": "sha1", "encoding": "base64"}
    assert proof_of(signed, **auth).ok
    assert not proof_of(replace(signed, url=signed.url + "&"), **auth).ok
    assert proof_of(with_header(signed, "x-id"), **auth).cause == "missing"


# --- addresses

YANDEX = ("2a02:6b8:c00::/40", "92.118.66.0/23")


@pytest.mark.parametrize(
    ("remote", "ok"),
    [
        ("2a02:6b8:c12::1", True),
        ("92.118.67.255", True),
        ("::ffff:92.118.66.1", True),
        ("2a02:6b8:d00::1", False),
        ("92.118.68.1", False),
        ("", False),
        ("unix:", False),
        ("92.118.66.1, 10.0.0.1", False),
    ],
)
def test_addresses_of_the_sender_are_asked_beside_the_proof(remote, ok):
    right = proof_of(delivery(query="token=test-secret", remote=remote), allow_ips=YANDEX)
    assert (right.ok, right.cause) == ((True, "") if ok else (False, "ip"))
    assert not proof_of(delivery(query="token=x", remote="92.118.66.1"), allow_ips=YANDEX).ok


def test_an_address_list_that_cannot_be_read_lets_nobody_in():
    assert proof_of(delivery(query="token=test-secret"), allow_ips=("not a network",)).cause == "ip"


# --- anything at all

text = st.text(max_size=40)
names = st.sampled_from(
    [
        "authorization",
        "x-sign",
        "x-time",
        "x-hubspot-signature",
        "x-hubspot-signature-v3",
        "x-hubspot-request-timestamp",
        "x-li-signature",
        "x-hubspot-signature-version",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-wpforms-webhook-signature",
    ]
)
values = st.one_of(
    text,
    st.sampled_from(
        ["a.b.c", "eyJ9.eyJ9.eyJ9", "Basic ====", "v1,AAAA v1,", "t=,v=,v1=", "v1", "v2", "t=1,v=00,v1=00"]
    ),
)


@given(
    scheme=st.sampled_from([*SCHEMES, *PROOFS]),
    place=st.sampled_from(["query", "path", "header", "field"]),
    headers=st.lists(st.tuples(names, values), max_size=8),
    query=text,
    rest=text,
    body=st.binary(max_size=60),
    content=st.sampled_from(["", "application/json", "application/x-www-form-urlencoded", "multipart/form-data"]),
    keyed=st.booleans(),
)
def test_no_request_at_all_raises_or_is_let_in(scheme, place, headers, query, rest, body, content, keyed):
    asked = {
        "scheme": scheme,
        "place": place,
        "name": "authorization",
        "header": "x-sign",
        "timestamp_header": "x-time",
    }
    options = {"parts": {"timestamp": "t", "signature": "v"}} if keyed and scheme == "hmac" else {}
    request = delivery("POST", rest, query, (("content-type", content), *headers), body)
    proof = proof_of(request, body=Body(), options=options, **asked)
    assert not proof.ok
    assert proof.cause in CAUSES


def test_every_scheme_with_options_is_one_that_exists():
    assert set(OPTIONS) <= {*SCHEMES, *PROOFS}
    assert not set(SCHEMES) & set(PROOFS)
