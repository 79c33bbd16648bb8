"""Senders whose proof no data can say: their own examples, and everything a forger tries."""

import base64
import hashlib
import hmac
from dataclasses import replace

import pytest

from core.proofs.authentic import CAUSES, check
from core.proofs.wpforms import php_json
from core.source import Auth, Body, Source
from tests.http_request import delivery, read, with_header

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


EXAMPLES = {
    "hubspot_workflow": ("hubspot", "env:S"),
    "hubspot_subscription": ("hubspot", "env:S"),
    "standard_webhooks": ("standard_webhooks", "env:W"),
    "monday_create_item": ("monday", "env:S"),
    "linkedin_lead": ("linkedin", "env:S"),
    "wpforms_json": ("wpforms", "env:S"),
    "botpad_quiz": ("botpad", "env:P"),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_senders_own_example_is_authentic(name):
    scheme, secret = EXAMPLES[name]
    proof = proof_of(read(name), scheme, secret)
    assert (proof.ok, proof.late) == (True, False)


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "monday_create_item"])
def test_one_byte_more_is_a_forgery(name):
    request = read(name)
    scheme, secret = EXAMPLES[name]
    assert proof_of(replace(request, body=request.body + b"1"), scheme, secret).cause in ("wrong", "malformed")


@pytest.mark.parametrize("name", EXAMPLES)
def test_another_secret_is_wrong(name):
    assert proof_of(read(name), EXAMPLES[name][0], "env:SALT").cause == "wrong"


PROVING = {
    "hubspot_workflow": "x-hubspot-signature-v3",
    "standard_webhooks": "webhook-signature",
    "monday_create_item": "authorization",
    "linkedin_lead": "x-li-signature",
    "wpforms_json": "x-wpforms-webhook-signature",
}
BENT = {
    "empty": lambda right: [""],
    "blank": lambda right: [" "],
    "twice": lambda right: [right, right],
    "twice, as WSGI joins them": lambda right: [f"{right},{right}"],
    "not ASCII": lambda right: ["é" + right],
    "not ASCII behind": lambda right: [right + "é"],
    "not Latin-1": lambda right: [right + "я"],
    "lone surrogate": lambda right: ["\ud800" + right],
    "NUL": lambda right: ["\0" + right],
    "huge": lambda right: [right + "A" * 50_000],
    "upside down": lambda right: [right[::-1]],
    "another digest": lambda right: [hashlib.sha256(b"").hexdigest()],
    "no digest": lambda right: ["sha256="],
}


@pytest.mark.parametrize("name", PROVING)
@pytest.mark.parametrize("how", BENT)
def test_a_bent_header_is_refused(name, how):
    request = read(name)
    scheme, secret = EXAMPLES[name]
    proof = proof_of(with_header(request, PROVING[name], *BENT[how](request.header(PROVING[name]))), scheme, secret)
    assert not proof.ok
    assert proof.cause in CAUSES


@pytest.mark.parametrize("name", [name for name in PROVING if name != "hubspot_workflow"])
def test_a_stripped_header_is_missing(name):
    assert proof_of(with_header(read(name), PROVING[name]), *EXAMPLES[name]).cause == "missing"


@pytest.mark.parametrize("name", ["hubspot_workflow", "standard_webhooks", "wpforms_json", "monday_create_item"])
def test_a_right_proof_of_an_hour_ago_is_late(name):
    proof = proof_of(read(name), *EXAMPLES[name], now_ms=NOW_MS + 3_600_000)
    assert (proof.ok, proof.late, proof.cause) == (True, True, "too_old")


# --- HubSpot


def test_hubspot_v2_and_v1_serve_where_no_v3_is_sent():
    for name in ("hubspot_workflow", "hubspot_subscription"):
        assert proof_of(with_header(read(name), "x-hubspot-signature-v3"), "hubspot").ok


def test_hubspot_v1_fits_the_vector_of_its_documentation():
    secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
    body = (
        b'[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,'
        b'"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW",'
        b'"appId":54321}]'
    )
    sign = "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de"
    asked = Source(name="s", auth=Auth(scheme="hubspot", secrets=("env:V",)))
    request = delivery(headers=(("X-HubSpot-Signature", sign),), body=body)
    assert check(request, asked, {"env:V": secret}.get, NOW_MS).ok


def test_a_wrong_v3_is_not_saved_by_a_right_v2():
    bent = with_header(read("hubspot_workflow"), "x-hubspot-signature-v3", base64.b64encode(b"x" * 32).decode())
    assert proof_of(bent, "hubspot").cause == "wrong"


def test_a_signature_of_one_version_is_none_of_another():
    bare = with_header(read("hubspot_workflow"), "x-hubspot-signature-v3")
    assert proof_of(with_header(bare, "x-hubspot-signature-version", "v1"), "hubspot").cause == "wrong"
    assert proof_of(with_header(bare, "x-hubspot-signature-version", "v4"), "hubspot").cause == "malformed"


@pytest.mark.parametrize("as_called", [True, False])
def test_hubspot_may_sign_the_url_as_called_or_with_some_escapes_decoded(as_called):
    request = delivery(query="next=https%3a%2F%2Fa.example%2F&q=%20%26", body=b"{}")
    url = request.url if as_called else request.url.replace("%3a", ":").replace("%2F", "/")
    stamp = str(NOW_MS)
    sign = base64.b64encode(keyed(f"POST{url}{{}}{stamp}".encode()).digest()).decode()
    signed = with_header(request, "x-hubspot-signature-v3", sign)
    assert proof_of(with_header(signed, "x-hubspot-request-timestamp", stamp), "hubspot").ok
    assert proof_of(signed, "hubspot").cause == "missing"


# --- Standard Webhooks


@pytest.mark.parametrize("secret", ["whsec_dGVzdC1zZWNyZXQ=", "dGVzdC1zZWNyZXQ=", "test-secret"])
def test_the_key_is_taken_with_its_prefix_without_it_and_plain(secret):
    asked = Source(name="s", auth=Auth(scheme="standard_webhooks", secrets=("env:K",)))
    assert check(read("standard_webhooks"), asked, {"env:K": secret}.get, NOW_MS).ok


def test_svix_sends_the_same_under_its_own_names():
    request = read("standard_webhooks")
    renamed = replace(request, headers=tuple((k.replace("webhook-", "svix-"), v) for k, v in request.headers))
    proof = proof_of(renamed, "standard_webhooks", "env:W")
    assert proof.ok
    assert proof.spent == (("header", "svix-signature"),)


def test_an_entry_of_another_kind_is_not_read():
    request = read("standard_webhooks")
    right = request.header("webhook-signature").split(" ")[1]
    assert proof_of(with_header(request, "webhook-signature", "v1a,AAAA " + right), "standard_webhooks", "env:W").ok
    other = with_header(request, "webhook-signature", right.replace("v1,", "v1a,"))
    assert proof_of(other, "standard_webhooks", "env:W").cause == "malformed"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_id_and_time_are_signed(name):
    request = read("standard_webhooks")
    assert proof_of(with_header(request, name), "standard_webhooks", "env:W").cause == "missing"
    assert proof_of(with_header(request, name, "1785590401"), "standard_webhooks", "env:W").cause == "wrong"


# --- LinkedIn


def test_linkedin_may_write_its_mark_into_the_header():
    request = read("linkedin_lead")
    marked = "hmacsha256=" + request.header("x-li-signature")
    assert proof_of(with_header(request, "x-li-signature", marked), "linkedin").ok


def test_linkedins_plain_digest_of_the_body_is_wrong():
    request = read("linkedin_lead")
    plain = keyed(request.body).hexdigest()
    assert proof_of(with_header(request, "x-li-signature", plain), "linkedin").cause == "wrong"


# --- WPForms


def wpforms(signed, **request):
    stamp = str(NOW)
    sign = keyed(stamp.encode() + b"." + signed).hexdigest()
    return delivery(headers=(("X-WPForms-Webhook-Signature", f"t={stamp},v={sign}"),), **request)


def test_a_form_of_wpforms_is_signed_as_phps_json_of_its_fields():
    signed = rb'{"name":"\u0418\u0432\u0430\u043d","page":"https:\/\/a.example\/","phone":"+7 999","at":{"value":"1"}}'
    body = b"name=%D0%98%D0%B2%D0%B0%D0%BD&page=https%3A%2F%2Fa.example%2F&phone=%2B7+999&at%5Bvalue%5D=1"
    assert proof_of(wpforms(signed, body=body), "wpforms").ok
    assert not proof_of(wpforms(signed, body=body + b"&x=1"), "wpforms").ok
    assert proof_of(wpforms(signed, method="GET", query=body.decode()), "wpforms").ok


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a/b", r'"a\/b"'),
        ("ä😀", r'"\u00e4\ud83d\ude00"'),
        ("\x7f", '"\x7f"'),
        ("\\u007f", r'"\\u007f"'),
        ('"\n\x01', r'"\"\n\u0001"'),
        ({"a": ["1", None, True], "b": {}}, '{"a":["1",null,true],"b":{}}'),
    ],
)
def test_php_writes_json_its_own_way(value, text):
    assert php_json(value) == text


@pytest.mark.parametrize("header", ["t=1785590400", "v=00", "t=,v=00", "t=1785590400,v=00,v=00", "t=1,t=2,v=00", "tv"])
def test_a_signature_of_wpforms_with_a_part_amiss_is_malformed(header):
    request = delivery(headers=(("X-WPForms-Webhook-Signature", header),), body=b"{}")
    assert proof_of(request, "wpforms").cause == "malformed"
