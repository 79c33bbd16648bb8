"""Senders that post an id: from their request over the addresses their CRM documents to the call, by presets alone."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from config.examples import with_token
from config.load import PRESETS
from core.reading.request_text import read as read_request
from flow import enrich, intake
from tests.flow.crm import LIMIT, Crm, says

EXAMPLES = PRESETS / "examples"
NOW = 1_785_590_400.0  # 2026-08-01T13:20:00Z, when the requests were signed
SECRET = "test-secret"
SOURCE = """
preset: {preset}
auth: {{secret: env:SECRET}}
policy: {{hours: "00:00-24:00"}}
mapping: {{script: Заявка}}
fetch: {{base: "{base}", token: env:CRM}}
"""
# preset: (request, what is asked (path, query) and answered, where the token stands, the number rung)
SENDERS = {
    "amocrm": (
        "amocrm_pipeline.http",
        [
            ("/api/v4/leads/22791302", {"with": "contacts"}, "amocrm_lead.json"),
            ("/api/v4/contacts/37054081", {}, "amocrm_contact.json"),
        ],
        ("authorization", "Bearer crm-secret"),
        "79990000003",
    ),
    "bitrix24": (
        "bitrix24_lead.http",
        [("/rest/1/crm-secret/crm.item.get.json", {"entityTypeId": "1", "id": "7405"}, "bitrix24_lead.json")],
        None,
        "79990000002",
    ),
    "megaplan": (
        "megaplan_deal.http",
        [("/api/v3/deal/30125", {}, "megaplan_deal.json")],
        ("authorization", "Bearer crm-secret"),
        "79990000025",
    ),
    "hubspot-app": (
        "hubspot-app_events.http",
        [
            (
                "/crm/v3/objects/contacts/5301",
                {"properties": "phone,mobilephone,firstname,lastname"},
                "hubspot-app_contact.json",
            )
        ],
        ("authorization", "Bearer crm-secret"),
        "79990000143",
    ),
    "linkedin": (
        "linkedin_created.http",
        [
            ("/rest/leadFormResponses/0f0e-0777-4", {}, "linkedin_response.json"),
            ("/rest/leadForms/987654777", {}, "linkedin_form.json"),
        ],
        ("authorization", "Bearer crm-secret"),
        "79990000171",
    ),
    "pipedrive": (
        "pipedrive_deal.http",
        [("/api/v2/persons/1901", {}, "pipedrive_person.json")],
        ("x-api-token", "crm-secret"),
        "79990000183",
    ),
    "zoho": (
        "zoho_notification.http",
        [("/crm/v7/Leads/3652397000000777003", {}, "zoho_lead.json")],
        ("authorization", "Zoho-oauthtoken crm-secret"),
        "79990000203",
    ),
    "monday": ("monday_empty.http", [("/v2", {}, "monday_item.json")], ("authorization", "crm-secret"), "79990000242"),
}
BASES = {"bitrix24": "/rest/1"}
# What was signed names its secret; Bitrix24's application token stands in the example's body.
OWN_SECRET = {"bitrix24": "apptokenapptokenapptokenapptoken"}


@pytest.fixture
def crm():
    opened = Crm()
    yield opened
    opened.close()


@pytest.fixture
def gate(gateway, clock):
    clock.at = NOW
    return gateway


def reply(file):
    return says((EXAMPLES / file).read_bytes())


def post(gate, crm, preset, request):
    """The sender's request at a source of this preset whose CRM is the stand-in."""
    if gate.parts.sources.get(preset) is None:
        gate.parts.secrets = {"env:SECRET": OWN_SECRET.get(preset, SECRET), "env:CRM": "crm-secret"}.get
        gate.put(preset, SOURCE.format(preset=preset, base=crm.url + BASES.get(preset, "")))
    source = gate.parts.sources.get(preset).source
    delivery = with_token(read_request((EXAMPLES / request).read_bytes()), source, SECRET)
    answer = intake.take(gate.parts, preset, delivery, gate.clock.ms())
    assert answer.status == 200, answer.body


def work(gate):
    while enrich.enrich_next(gate.parts):
        pass
    gate.work()


def rung(gate):
    return [call.number for call in gate.voice.asked]


def shown(target):
    parts = urlsplit(target)
    return parts.path, {name: value for name, (value,) in parse_qs(parts.query).items()}


@pytest.mark.parametrize("preset", SENDERS)
def test_an_id_rings_by_the_documented_questions(gate, crm, preset):
    request, asked, token, number = SENDERS[preset]
    crm.pages = {path: reply(file) for path, _, file in asked}
    post(gate, crm, preset, request)
    for _ in range(4):
        work(gate)
        gate.clock.forward(1)
    assert number in rung(gate)
    assert [shown(target) for target in crm.targets] == [(path, query) for path, query, _ in asked]
    if token is not None:
        assert {headers[token[0]] for _, _, headers, _ in crm.asked} == {token[1]}
    with gate.store.read() as tx:
        assert "crm-secret" not in repr(tx.exec_driver_sql("SELECT payload, reasons FROM leads").all())
        assert "crm-secret" not in repr(tx.exec_driver_sql("SELECT trace FROM history").all())


def test_meta_is_asked_for_each_lead_of_a_delivery(gate, crm):
    lead = json.loads((EXAMPLES / "meta-lead-ads_lead.json").read_bytes())
    for n, leadgen_id in enumerate(("910000000000011", "9100000000000000123", "910000000000013")):
        field = [{"name": "phone_number", "values": [f"+7999000011{n}"]}]
        crm.pages[f"/{leadgen_id}"] = says({**lead, "field_data": field})
    post(gate, crm, "meta-lead-ads", "meta-lead-ads_leadgen.http")
    for _ in range(10):
        work(gate)
        gate.clock.forward(1)
    assert len(rung(gate)) == len(crm.asked) == 3
    assert {query["access_token"] for _, query in map(shown, crm.targets)} == {"crm-secret"}


def test_metas_test_button_asks_nobody(gate, crm):
    post(gate, crm, "meta-lead-ads", "meta-lead-ads_button.http")
    work(gate)
    assert crm.accepted == 0
    assert rung(gate) == []


def test_monday_is_asked_by_a_post(gate, crm):
    crm.pages["/v2"] = reply("monday_item.json")
    post(gate, crm, "monday", "monday_empty.http")
    work(gate)
    method, _, headers, body = crm.asked[0]
    assert (method, headers["content-type"]) == ("POST", "application/json")
    assert json.loads(body)["variables"] == {"ids": ["4277580702"]}


def test_amocrm_links_the_contact_a_second_later(gate, crm):
    crm.pages["/api/v4/leads/22791302"] = [reply("amocrm_lead_alone.json"), reply("amocrm_lead.json")]
    crm.pages["/api/v4/contacts/37054081"] = reply("amocrm_contact.json")
    post(gate, crm, "amocrm", "amocrm_pipeline.http")
    work(gate)
    assert rung(gate) == []
    gate.clock.forward(1)
    work(gate)
    assert rung(gate) == ["79990000003"]


def test_amocrm_knows_nothing_of_a_lead_yet(gate, crm):
    nothing = b"HTTP/1.1 204 No Content\r\n\r\n"
    crm.pages["/api/v4/leads/22791302"] = [nothing, nothing, reply("amocrm_lead.json")]
    crm.pages["/api/v4/contacts/37054081"] = reply("amocrm_contact.json")
    post(gate, crm, "amocrm", "amocrm_pipeline.http")
    for wait in (1, 2, 4):
        work(gate)
        gate.clock.forward(wait)
    assert rung(gate) == ["79990000003"]


class Portal:
    """A Bitrix24 portal: one address, told apart by `entityTypeId`; `limited` answers first with its limit."""

    def __init__(self, crm, lead, limited=0):
        self.crm, self.lead, self.limited = crm, lead, limited
        crm.pages["/rest/1/crm-secret/crm.item.get.json"] = self.answer

    def answer(self, connection):
        if self.limited:
            self.limited -= 1
            connection.sendall(says(LIMIT, 503))
            return
        _, query = shown(self.crm.targets[-1])
        connection.sendall(reply({"1": self.lead, "3": "bitrix24_contact.json"}[query["entityTypeId"]]))


def test_an_empty_lead_of_bitrix24_is_asked_for_its_contact(gate, crm):
    Portal(crm, "bitrix24_lead_without_phone.json")
    post(gate, crm, "bitrix24", "bitrix24_lead.http")
    work(gate)
    assert rung(gate) == ["79990000042"]
    assert [shown(target)[1] for target in crm.targets] == [
        {"entityTypeId": "1", "id": "7405"},
        {"entityTypeId": "3", "id": "88"},
    ]


def test_bitrix24_says_that_it_is_asked_too_often(gate, crm):
    Portal(crm, "bitrix24_lead.json", limited=2)
    post(gate, crm, "bitrix24", "bitrix24_lead.http")
    for _ in range(4):
        work(gate)
        gate.clock.forward(2)
    assert rung(gate) == ["79990000002"]


def test_a_test_lead_of_linkedin_is_known_by_its_answer(gate, crm):
    crm.pages = {
        "/rest/leadFormResponses/0f0e-0777-4": reply("linkedin_response_test.json"),
        "/rest/leadForms/987654777": reply("linkedin_form.json"),
    }
    post(gate, crm, "linkedin", "linkedin_created.http")
    work(gate)
    assert rung(gate) == []
    with gate.store.read() as tx:
        assert tx.exec_driver_sql("SELECT state, reason FROM leads").one() == ("suppressed", "test")
