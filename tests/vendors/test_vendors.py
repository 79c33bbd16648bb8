"""The senders' own signing libraries: what they sign we take, and what our examples hold they take."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.examples import read_request
from config.load import PRESETS
from core.proofs.authentic import check
from tests.http_request import delivery
from tests.presets import source_of

NOW = 1_785_590_400
NOW_MS = NOW * 1000
SECRET = "test-secret"
WHSEC = "whsec_dGVzdC1zZWNyZXQ="
# What people write into forms: any text at all, as JSON carries it.
BODIES = st.builds(
    lambda text, ascii_: json.dumps({"phone": "+79990000001", "name": text}, ensure_ascii=ascii_),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.booleans(),
)
tried = settings(max_examples=40, deadline=None)


def taken(preset, body, headers, secret=SECRET, now_ms=NOW_MS, **more):
    """Whether a request with this body and these headers is let in, in time."""
    request = delivery(headers=tuple(headers.items()), body=body.encode(), source=preset, **more)
    proof = check(request, source_of(preset), lambda reference: secret, now_ms)
    return proof.ok and not proof.late


def example(name):
    return read_request((PRESETS / "examples" / f"{name}.http").read_bytes())


@tried
@given(body=BODIES)
def test_standardwebhooks(body):
    library = pytest.importorskip("standardwebhooks")
    signature = library.Webhook(WHSEC).sign("msg_1", datetime.fromtimestamp(NOW, UTC), body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW), "webhook-signature": signature}
    for secret in (WHSEC, WHSEC.removeprefix("whsec_")):
        assert taken("standard-webhooks", body, headers, secret)
    assert not taken("standard-webhooks", body + " ", headers, WHSEC)


@tried
@given(body=BODIES)
def test_svix(body):
    library = pytest.importorskip("svix.webhooks")
    signature = library.Webhook(WHSEC).sign("msg_1", datetime.fromtimestamp(NOW, UTC), body)
    for family in ("svix", "webhook"):
        headers = {f"{family}-id": "msg_1", f"{family}-timestamp": str(NOW), f"{family}-signature": signature}
        assert taken("standard-webhooks", body, headers, WHSEC)
        assert not taken("standard-webhooks", body, headers | {f"{family}-id": "msg_2"}, WHSEC)


@tried
@given(body=BODIES)
def test_stripe(body):
    library = pytest.importorskip("stripe")
    header = library.WebhookSignature.generate_signature_header(payload=body, secret=SECRET, timestamp=NOW)
    assert taken("stripe-style", body, {"Stripe-Signature": header})
    assert not taken("stripe-style", body, {"Stripe-Signature": header}, "whsec_other")


def test_stripe_takes_our_example():
    library = pytest.importorskip("stripe")
    request = example("stripe-style_checkout")
    assert library.WebhookSignature.verify_header(request.body, request.header("stripe-signature"), SECRET)


@tried
@given(body=BODIES)
def test_slack(body):
    library = pytest.importorskip("slack_sdk.signature")
    signature = library.SignatureVerifier(SECRET).generate_signature(timestamp=str(NOW), body=body)
    headers = {"X-Slack-Request-Timestamp": str(NOW), "X-Slack-Signature": signature}
    assert taken("slack", body, headers)
    assert not taken("slack", body, headers | {"X-Slack-Request-Timestamp": str(NOW + 1)})


def test_slack_takes_our_examples():
    library = pytest.importorskip("slack_sdk.signature")

    class Clock(library.Clock):
        def now(self):
            return NOW

    for name in ("slack_command", "slack_message", "slack_challenge"):
        request = example(name)
        assert library.SignatureVerifier(SECRET, Clock()).is_valid_request(request.body, dict(request.headers))


QUERIES = st.sampled_from(["", "a=1&b=%20c%26", "q=%D0%AF", "u=https%3A%2F%2Fa.example%2F%3Fx%3D1", "t=a:b@c!'()*,;$"])


@tried
@given(body=BODIES, query=QUERIES, method=st.sampled_from(["POST", "PUT"]), version=st.sampled_from(["v1", "v2", "v3"]))
def test_hubspot(body, query, method, version):
    library = pytest.importorskip("hubspot.utils.signature")
    stamp = f"{NOW}123"
    url = delivery(source="hubspot", query=query).url
    signature = library.Signature.get_signature(SECRET, body, version, url, method, stamp)
    if version == "v3":
        headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    else:
        headers = {"X-HubSpot-Signature": signature, "X-HubSpot-Signature-Version": version}
    assert taken("hubspot", body, headers, query=query, method=method)
    assert not taken("hubspot", body, headers, "other", query=query, method=method)
    if version != "v1":
        assert not taken("hubspot", body, headers, query=query + "&x=1", method=method)


def test_hubspot_takes_our_example():
    library = pytest.importorskip("hubspot.utils.signature")
    request = example("hubspot_contact")
    signature, body = request.header("x-hubspot-signature"), request.body.decode()
    assert library.Signature.is_valid(signature, SECRET, body, request.url, "POST", "v2")


@pytest.mark.filterwarnings("ignore:The HMAC key")  # our invented secret is short
def test_pyjwt_and_monday():
    library = pytest.importorskip("jwt")
    claims = {"accountId": 1, "userId": 2, "aud": "https://leads.example.test/hooks/monday", "iat": NOW}
    for algorithm, exp, wanted in (("HS256", 300, True), ("HS512", 300, False), ("HS256", -600, False)):
        token = library.encode({**claims, "exp": NOW + exp}, SECRET, algorithm)
        assert taken("monday", "{}", {"Authorization": token}) is wanted
    unsigned = library.encode({**claims, "exp": NOW + 300}, None, "none")
    assert not taken("monday", "{}", {"Authorization": unsigned})


@pytest.mark.filterwarnings("ignore:The HMAC key")
def test_pyjwt_takes_our_example():
    library = pytest.importorskip("jwt")
    token = example("monday_item").header("authorization")
    options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
    assert library.decode(token, SECRET, ["HS256"], options=options)["accountId"] == 1825777
