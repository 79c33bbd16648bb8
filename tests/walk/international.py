"""Requests of senders from abroad, the sources that take them, and what must come of each lead."""

from config.load import Loaded, load_text, read_preset
from config.yaml_text import parse

NOW = 1_785_590_400  # 2026-08-01T13:20:00Z, when the requests were signed
SECRET = "test-secret"
ASKED = ("hubspot-app", "meta-lead-ads", "linkedin", "pipedrive", "zoho", "monday")  # their CRM may be asked

SOURCE = """
preset: {preset}
auth: {{secret: [env:NEXT, env:SECRET]}}
policy: {{countries: [US, RU], hours: "00:00-24:00"}}
mapping: {{number: {{region: {region}}}, script: Заявка}}
"""
FETCH = 'fetch: {base: "https://crm.example", token: env:CRM}\n'

# request file: (preset, the number of each lead or what it is instead)
REQUESTS = {
    "hubspot_workflow": ("hubspot", ["12025550143"]),
    "hubspot_subscription": ("hubspot-app", ["no_number", "12025550144"]),
    "meta_leadgen": ("meta-lead-ads", ["no_number", "no_number"]),
    "meta_verify_get": ("meta-lead-ads", ["handshake"]),
    "google_ads_lead": ("google-ads", ["12025550145"]),
    "intl/google_ads_lead_test": ("google-ads", ["test"]),
    "typeform": ("typeform", ["12025550146"]),
    "intl/jotform": ("jotform", ["12025550147"]),
    "pipedrive_v2_person": ("pipedrive", ["12025550148"]),
    "salesforce_outbound_message": ("salesforce", ["12025550149", "12025550150"]),
    "intl/zoho_crm_notification": ("zoho", ["12025550151", "no_number"]),
    "intl/gravityforms_json": ("gravity-forms", ["no_number"]),  # the owner names the field: 3
    "intl/elementor_simple": ("elementor", ["12025550154"]),
    "wpforms_json": ("wpforms", ["12025550158"]),
    "webflow_form_submission": ("webflow", ["12025550159"]),
    "tally": ("tally", ["12025550160"]),
    "monday_create_item": ("monday", ["12025550162"]),
    "monday_challenge": ("monday", ["handshake"]),
    "shopify_customer_create": ("shopify", ["12025550163"]),
    "stripe_style": ("stripe-style", ["12025550164"]),
    "standard_webhooks": ("standard-webhooks", ["12025550165"]),
    "slack_slash_command": ("slack", ["12025550166"]),
    "slack_url_verification": ("slack", ["handshake"]),
    "intl/zapier_post_json": ("zapier", ["12025550167"]),
    "intl/make_http_json": ("make", ["79990000013"]),
    "intl/n8n_http_json": ("n8n", ["12025550168"]),
    "linkedin_lead": ("linkedin", ["no_number"]),
    "linkedin_challenge_get": ("linkedin", ["handshake"]),
}


def yaml_of(preset: str, region: str = "US") -> str:
    """The least that an owner writes, with two live secrets."""
    asks = "fetch" in read_preset(preset).value
    return SOURCE.format(preset=preset, region=region) + (FETCH if asks else "")


def source_of(preset: str, text: str = ""):
    """The source of `text`, else the least that an owner writes."""
    loaded = load_text(preset, parse((text or yaml_of(preset)).encode(), "test.yaml"))
    assert isinstance(loaded, Loaded), str(loaded)
    return loaded.source


def secrets(reference: str) -> str | None:
    return {"env:SECRET": SECRET, "env:NEXT": "the-next-secret"}.get(reference)
