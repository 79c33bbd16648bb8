"""What senders from abroad post, from the request to the call, by the presets alone."""

import json
from dataclasses import replace

import pytest

from config.examples import results_of
from core import identity
from core.proofs.authentic import Proof
from core.proofs.covers import WHOLE
from core.source import Example
from flow import intake
from tests.http_request import read, with_header
from tests.walk.international import ASKED, NOW, REQUESTS, SECRET, secrets, source_of, yaml_of

LEADS = {name: one for name, one in REQUESTS.items() if one[1] != ["handshake"]}
RINGING = {name: one for name, one in LEADS.items() if one[0] not in ASKED}
TIMED = ["hubspot_workflow", "wpforms_json", "webflow_form_submission", "stripe_style", "standard_webhooks"]
TIMED += ["slack_slash_command"]


def came_of(name, source):
    """The number of each lead, else why there is none."""
    results = results_of(source, Example("x.http", state="held", secret=SECRET), read(name))
    return [r.call["number"] if r.call else (r.reasons or (r.state,))[0] for r in results]


@pytest.mark.parametrize("name", REQUESTS)
def test_a_preset_finds_every_number_in_what_its_sender_posts(name):
    preset, expected = REQUESTS[name]
    assert came_of(name, source_of(preset)) == expected


@pytest.fixture
def abroad(gateway, clock):
    """A gateway at the moment of signing."""
    clock.at = float(NOW)
    gateway.parts.secrets = secrets
    return gateway


def posted(gateway, name, request=None):
    """The answer to this request at its preset's source, and the ids of all leads there are."""
    preset = REQUESTS[name][0]
    if gateway.parts.sources.get(preset) is None:
        gateway.put(preset, yaml_of(preset))
    answer = intake.take(gateway.parts, preset, request or read(name), gateway.clock.ms())
    with gateway.store.read() as tx:
        rows = tx.exec_driver_sql("SELECT id FROM leads ORDER BY no").scalars().all()
    return answer, rows


def test_every_request_rings_whom_it_names_and_once_only(abroad):
    for _ in range(2):
        for name in RINGING:
            assert posted(abroad, name)[0].status == 200
        abroad.work()
    numbers = [number for _, expected in RINGING.values() for number in expected if number.isdigit()]
    assert sorted(call.number for call in abroad.voice.asked) == sorted(numbers)


@pytest.mark.parametrize("name", TIMED)
def test_what_was_signed_an_hour_ago_waits_for_a_person(abroad, name):
    abroad.clock.forward(3600)
    answer, (lead,) = posted(abroad, name)
    abroad.work()
    assert answer.status == 200
    assert (abroad.lead(lead).state, abroad.lead(lead).reason) == ("held", "late_signature")
    assert abroad.voice.asked == []


@pytest.mark.parametrize("name", TIMED)
def test_a_retry_that_comes_late_is_still_its_first_leads(abroad, name):
    _, (lead,) = posted(abroad, name)
    abroad.work()
    abroad.clock.forward(360)
    again, leads = posted(abroad, name)
    assert again.status == 200
    assert leads == [lead]
    assert len(abroad.voice.asked) == 1


def test_salesforce_hears_one_ack_for_all(abroad):
    answer, leads = posted(abroad, "salesforce_outbound_message")
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>' in answer.body
    assert len(leads) == 2
    again, leads = posted(abroad, "salesforce_outbound_message")
    assert again == answer
    assert len(leads) == 2


def test_salesforce_hears_its_ack_also_for_what_nobody_can_read(abroad):
    name = "salesforce_outbound_message"
    bomb = replace(read(name), body=b'<!DOCTYPE x [<!ENTITY a "b">]><Envelope>&a;</Envelope>')
    answer, (lead,) = posted(abroad, name, bomb)
    assert b"<Ack>true</Ack>" in answer.body
    assert (abroad.lead(lead).state, abroad.lead(lead).reason) == ("held", "unreadable")


def test_google_and_elementor_hear_exactly_200(abroad):
    google, _ = posted(abroad, "google_ads_lead")
    assert (google.status, google.content_type, google.body) == (200, "application/json", b"{}")
    elementor, _ = posted(abroad, "intl/elementor_simple")
    assert (elementor.status, elementor.body) == (200, b"ok")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("meta_verify_get", b"1158201444"),
        ("monday_challenge", {"challenge": "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}),
        ("slack_url_verification", {"challenge": "3eZbrw1aBm2rZgRNFdxV"}),
    ],
)
def test_a_handshake_is_answered_and_makes_no_lead(abroad, name, said):
    answer, leads = posted(abroad, name)
    assert answer.status == 200
    assert (json.loads(answer.body) if isinstance(said, dict) else answer.body) == said
    assert leads == []


def test_linkedins_challenge_is_answered_by_the_first_live_secret(abroad):
    abroad.parts.secrets = {"env:SECRET": SECRET}.get
    answer, _ = posted(abroad, "linkedin_challenge_get")
    code = "cb7d9c9e8735cfcf62428d18a0332b75ebe91a798ddbb6e310d6b53127f373b6"
    assert json.loads(answer.body)["challengeResponse"] == code


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("google_ads_lead", SECRET),
        ("intl/zoho_crm_notification", SECRET),
        ("intl/jotform", SECRET),
        ("salesforce_outbound_message", SECRET),
        ("slack_slash_command", "deprecated"),
        ("slack_slash_command", "hooks.slack.example"),
        ("monday_create_item", "eyJhbGciOiJIUzI1NiIs"),
        ("pipedrive_v2_person", "cGlwZWRyaXZl"),
        ("intl/n8n_http_json", SECRET),
        ("intl/zapier_post_json", SECRET),
    ],
)
def test_no_secret_is_kept_with_a_lead(abroad, name, hidden):
    _, leads = posted(abroad, name)
    assert leads
    assert all(hidden not in abroad.lead(lead).payload for lead in leads)


def test_a_session_of_salesforce_is_never_kept(abroad):
    raw = read("salesforce_outbound_message")
    session = raw.body.replace(b'<SessionId xsi:nil="true"/>', b"<SessionId>00D!live</SessionId>")
    assert session != raw.body
    _, leads = posted(abroad, "salesforce_outbound_message", replace(raw, body=session))
    assert all("00D!live" not in abroad.lead(lead).payload for lead in leads)


def test_one_notification_of_zoho_shows_no_lead_its_neighbours_phone():
    first, second = identity.split(read("intl/zoho_crm_notification"), source_of("zoho"), Proof(True, covers=WHOLE))
    assert first.payload["values"] == {"Phone": "+1 202 555 0151"}
    assert "0151" not in json.dumps(second.payload)
    assert (first.payload["_element"], second.payload["_element"]) == ("3652397000000649013", "3652397000000649014")


def test_a_raw_entry_of_gravity_forms_rings_once_its_owner_names_the_field():
    more = "mapping: {number: {field: '3', region: US}, script: Заявка}"
    text = yaml_of("gravity-forms").replace("mapping: {number: {region: US}, script: Заявка}", more)
    assert came_of("intl/gravityforms_json", source_of("gravity-forms", text)) == ["12025550153"]


def test_a_workflow_of_zoho_may_carry_its_token_in_a_header():
    text = yaml_of("zoho").replace("auth: {", "auth: {in: header, name: X-Api-Key, ")
    assert came_of("intl/zoho_crm_webhook_json", source_of("zoho", text)) == ["12025550151"]


def test_a_stranger_is_refused_without_a_trace(abroad):
    for name in LEADS:
        stripped = read(name)
        for header in ("authorization", "x-api-key", *SIGNATURES):
            stripped = with_header(stripped, header)
        bare = replace(stripped, rest="", body=stripped.body.replace(SECRET.encode(), b"guess"))
        answer, leads = posted(abroad, name, bare)
        assert (name, answer.status, leads) == (name, 401, [])


SIGNATURES = [
    "x-hubspot-signature",
    "x-hubspot-signature-v3",
    "x-hub-signature-256",
    "typeform-signature",
    "x-webflow-signature",
    "tally-signature",
    "x-shopify-hmac-sha256",
    "x-li-signature",
    "x-slack-signature",
    "webhook-signature",
    "stripe-signature",
    "x-wpforms-webhook-signature",
]
