"""Whatever a stranger changes in a request that a preset's sender signed: the call stays, or there is none."""

import json
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.examples import read_request, with_answers_of
from config.load import PRESETS, preset_names
from core import identity, mapping, policy
from core.proofs import authentic, handshake
from core.proofs.uncovered import uncovered
from core.source import Example
from tests.presets import source_of

EXAMPLES = PRESETS / "examples"
NOW_MS = 1_785_590_400_000
SIGNED = [name for name in preset_names() if not authentic.covers_of(source_of(name)).whole]
RINGING = [
    (name, example) for name in SIGNED for example in source_of(name).examples if any(example.calls) or example.call
]
# Every name that some preset reads a number, an id, a time or a name from, and its like.
NAMES = st.sampled_from(
    [
        *("phone", "Phone", "tel", "id", "entry_id", "vid", "objectId", "hs_object_id", "created_at", "name", "text"),
        *("command", "token", "event_id", "json", "json[phone]", "json[entry_id]", "json[from][number]", "json[]"),
        *("json[to][number]", "properties[phone][value]", "data[phone]", "type", "event", "test", "livemode"),
        *("_request[headers][webhook-id]", "_fetched[contact][properties][phone]", "_unsigned[fields][phone]"),
    ]
)
VALUES = st.sampled_from(
    ["79990000099", "+7 999 000-00-99", "1", "", "x", "2020-01-01T00:00:00Z", '{"phone": "79990000099"}']
)
HEADERS = st.sampled_from(
    [
        *("webhook-id", "svix-id", "x-shopify-topic", "x-shopify-event-id", "x-shopify-webhook-id"),
        *("x-shopify-triggered-at", "x-shopify-test", "x-wpforms-webhook-id", "user-agent", "x-slack-retry-num"),
        *("x-hubspot-signature-version", "x-forwarded-for"),
    ]
)
TYPES = st.sampled_from(
    [
        "application/json",
        "application/json; charset=koi8-r",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=cp1251",
        "multipart/form-data; boundary=B",
        "text/xml",
        "text/plain; charset=utf-16",
        "",
    ]
)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=3)


def calls_of(source, example, request):
    """Of each lead that would ring: the call, its key, its digest and when it was asked for."""
    secret = example.secret or "test-secret"
    proof = authentic.check(request, source, lambda reference: secret, NOW_MS)
    if not proof.ok or handshake.answer(request, source, lambda reference: secret, proof.ok) is not None:
        return []
    found = []
    for piece in identity.split(request, source, proof):
        payload = with_answers_of(source, example, piece.payload, EXAMPLES)
        mapped = mapping.map_call(payload, source)
        if isinstance(mapped, mapping.Mapped) and not policy.is_test(source.policy, payload):
            found.append((mapped.call, piece.event_key, piece.digest, mapped.asked_at_ms, mapped.person))
    return found


def test_every_signature_is_tried_here():
    tried = {name for name, _ in RINGING}
    assert set(SIGNED) == tried
    assert len(SIGNED) == 15


@pytest.mark.parametrize("name", SIGNED)
def test_no_preset_reads_what_its_proof_does_not_cover(name):
    assert list(uncovered(source_of(name))) == []


@pytest.mark.parametrize(("name", "example"), RINGING, ids=[f"{name}-{one.request}" for name, one in RINGING])
@settings(max_examples=25, deadline=None)
@given(
    query=PAIRS,
    headers=st.lists(st.tuples(HEADERS, VALUES), max_size=3),
    stripped=st.sets(HEADERS, max_size=3),
    content_type=TYPES,
    fields=PAIRS,
    before=st.booleans(),
    method=st.sampled_from(["POST", "PUT"]),
    rest=st.sampled_from(["", "events/summary", "x"]),
)
def test_what_is_not_covered_changes_no_call(
    name, example, query, headers, stripped, content_type, fields, before, method, rest
):
    source, request = source_of(name), read_request((EXAMPLES / example.request).read_bytes())
    calls = calls_of(source, example, request)
    assert calls
    asked = "&".join(part for part in (request.query, urlencode(query)) if part)
    kept = tuple((key, value) for key, value in request.headers if key != "content-type" and key not in stripped)
    forged = replace(
        request,
        query=asked,
        url=request.url.partition("?")[0] + ("?" + asked if asked else ""),
        headers=(*kept, *headers, ("content-type", content_type)),
        method=method,
        rest=rest,
    )
    if authentic.covers_of(source).field and fields:  # beside the signed field of a form others may stand
        parts = [request.body, urlencode(fields).encode()]
        forged = replace(forged, body=b"&".join(reversed(parts) if before else parts))
    assert [call for call in calls_of(source, example, forged) if call not in calls] == []


def test_the_control_a_shared_secret_covers_the_whole_request():
    source = source_of("generic")
    request = read_request((EXAMPLES / "generic_json.http").read_bytes())
    example = Example("generic_json.http", secret="test-secret")
    with_token = replace(request, query="token=test-secret", body=b"{}")
    assert calls_of(source, example, with_token) == []
    assert calls_of(source, example, replace(with_token, query="token=test-secret&phone=79990000099"))


def test_a_payload_says_apart_what_was_not_signed():
    source, request = source_of("shopify"), read_request((EXAMPLES / "shopify_order.http").read_bytes())
    request = replace(request, query="phone=79990000099")
    proof = authentic.check(request, source, lambda reference: "test-secret", NOW_MS)
    (piece,) = identity.split(request, source, proof)
    beside = piece.payload["_unsigned"]
    assert beside["fields"] == {"phone": "79990000099"}
    assert beside["_request"]["headers"]["x-shopify-topic"] == "orders/create"
    assert piece.payload["_request"] == {"query": {}, "headers": {}}
    assert "x-shopify-hmac-sha256" not in json.dumps(piece.payload)
