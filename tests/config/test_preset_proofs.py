"""Whom a preset lets in: its own signed examples, and everything that a stranger makes of them."""

from dataclasses import replace

import pytest

from config.examples import read_request
from config.load import PRESETS, preset_names
from core.proofs.authentic import CAUSES, check
from tests.http_request import with_header
from tests.presets import source_of

NOW_MS = 1_785_590_400_000
SECRETS = {"env:EXAMPLE": "test-secret", "env:NEXT": "the-next-secret"}

# preset: (an example of it, the header that proves it, what is signed beside)
SIGNED = {
    "hubspot": ("hubspot_contact", "x-hubspot-signature-v3", ("x-hubspot-request-timestamp",)),
    "hubspot-app": ("hubspot-app_deletion", "x-hubspot-signature", ()),
    "meta-lead-ads": ("meta-lead-ads_leadgen", "x-hub-signature-256", ()),
    "typeform": ("typeform_phone", "typeform-signature", ()),
    "wpforms": ("wpforms_form", "x-wpforms-webhook-signature", ()),
    "webflow": ("webflow_form", "x-webflow-signature", ("x-webflow-timestamp",)),
    "tally": ("tally_phone", "tally-signature", ()),
    "calendly": ("calendly_reminder", "calendly-webhook-signature", ()),
    "monday": ("monday_item", "authorization", ()),
    "shopify": ("shopify_order", "x-shopify-hmac-sha256", ()),
    "linkedin": ("linkedin_created", "x-li-signature", ()),
    "slack": ("slack_command", "x-slack-signature", ("x-slack-request-timestamp",)),
    "standard-webhooks": ("standard-webhooks_lead", "webhook-signature", ("webhook-id", "webhook-timestamp")),
    "stripe-style": ("stripe-style_checkout", "stripe-signature", ()),
}
TIMED = ["hubspot", "wpforms", "webflow", "calendly", "monday", "slack", "standard-webhooks", "stripe-style"]
SIGNS_THE_BODY = [name for name in SIGNED if name != "monday"]  # its JWT says who calls, not what


def request_of(preset):
    return read_request((PRESETS / "examples" / f"{SIGNED[preset][0]}.http").read_bytes())


def proof_of(preset, request=None, now_ms=NOW_MS, secrets=("env:EXAMPLE",)):
    source = source_of(preset)
    source = replace(source, auth=replace(source.auth, secrets=secrets))
    return check(request or request_of(preset), source, SECRETS.get, now_ms)


def test_every_preset_with_a_signature_is_tried_here():
    schemes = {name: source_of(name).auth.scheme for name in preset_names()}
    signed = {name for name, scheme in schemes.items() if scheme not in ("token", "basic", "none")}
    assert signed - {"botpad", "mango"} == set(SIGNED)


@pytest.mark.parametrize("preset", SIGNED)
def test_its_own_example_is_authentic_and_the_proof_is_spent(preset):
    proof = proof_of(preset)
    assert (proof.ok, proof.late) == (True, False)
    assert ("header", SIGNED[preset][1]) in proof.spent


@pytest.mark.parametrize("preset", SIGNED)
def test_while_a_secret_is_changed_both_are_right_and_any_other_is_wrong(preset):
    assert proof_of(preset, secrets=("env:NEXT", "env:EXAMPLE")).ok
    assert proof_of(preset, secrets=("env:EXAMPLE", "env:NEXT")).ok
    assert proof_of(preset, secrets=("env:NEXT",)).cause == "wrong"
    assert proof_of(preset, secrets=("env:NOT_SET",)).cause == "no_secret"


@pytest.mark.parametrize("preset", SIGNS_THE_BODY)
def test_another_body_under_the_same_signature_is_wrong(preset):
    request = request_of(preset)
    assert proof_of(preset, replace(request, body=request.body + b"&a=1")).cause == "wrong"
    assert proof_of(preset, replace(request, body=request.body.replace(b"9990000", b"9990001"))).ok is (
        b"9990000" not in request.body
    )


@pytest.mark.parametrize("preset", SIGNED)
def test_without_its_signature_it_is_nobodys(preset):
    bare = with_header(request_of(preset), SIGNED[preset][1])
    if preset == "hubspot":  # v2 stands beside v3
        bare = with_header(bare, "x-hubspot-signature")
    assert proof_of(preset, bare).cause == "missing"


@pytest.mark.parametrize("preset", [name for name in SIGNED if SIGNED[name][2]])
def test_what_is_signed_beside_the_body_can_neither_be_changed_nor_left_out(preset):
    for name in SIGNED[preset][2]:
        assert proof_of(preset, with_header(request_of(preset), name)).cause == "missing"
        assert proof_of(preset, with_header(request_of(preset), name, "1785590401")).cause == "wrong"


@pytest.mark.parametrize("bent", ["é{}", "я{}", "\ud800{}", "\0{}", " ", "é", "v1=,t={}"])
@pytest.mark.parametrize("preset", SIGNED)
def test_a_header_that_is_bent_or_not_ascii_is_refused_in_words(preset, bent):
    request, header = request_of(preset), SIGNED[preset][1]
    proof = proof_of(preset, with_header(request, header, bent.format(request.header(header))))
    assert not proof.ok
    assert proof.cause in CAUSES


@pytest.mark.parametrize("preset", SIGNED)
def test_a_signature_given_twice_is_refused(preset):
    request, header = request_of(preset), SIGNED[preset][1]
    assert proof_of(preset, with_header(request, header, *[request.header(header)] * 2)).cause == "malformed"


@pytest.mark.parametrize("preset", TIMED)
def test_replayed_an_hour_later_it_is_late(preset):
    proof = proof_of(preset, now_ms=NOW_MS + 3_600_000)
    assert (proof.ok, proof.late, proof.cause) == (True, True, "too_old")


@pytest.mark.parametrize("preset", [name for name in SIGNED if name not in TIMED])
def test_where_nothing_is_said_of_the_time_none_is_asked(preset):
    assert not proof_of(preset, now_ms=NOW_MS + 30 * 86_400_000).late
