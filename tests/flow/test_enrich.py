"""A lead that came as an id only: its CRM is asked for the phone, on both databases."""

import json

import pytest

from tests.fakes import CRM_TOKEN
from tests.flow.asking import ALONE, AMO, CONTACT, LINKED, codes, enriched, take, work
from tests.flow.crm import LIMIT, says


def test_the_phone_comes_from_the_crm_in_chained_questions(gate, crm):
    lead_id = take(gate)
    gate.work()
    assert gate.voice.asked == []  # not mapped before the CRM answered
    assert gate.lead(lead_id).state == "received"
    digest = gate.lead(lead_id).digest
    work(gate)
    assert [call.number for call in gate.voice.asked] == ["79990000003"]
    assert crm.targets == ["/api/leads/7?with=contacts", "/api/contacts/70"]
    assert {headers["authorization"] for _, _, headers, _ in crm.asked} == {f"Bearer {CRM_TOKEN}"}
    lead = gate.lead(lead_id)
    assert (lead.state, lead.person, lead.digest) == ("accepted", "Иван", digest)
    assert json.loads(lead.payload)["_fetched"]["contact"]["id"] == "70"


def test_the_history_says_what_was_asked_and_holds_no_token(gate, crm):
    lead_id = take(gate)
    work(gate)
    story = gate.story(lead_id)
    assert [row["transition"] for row in story["history"]][:3] == ["receive", "enrich", "map"]
    trace = json.loads(story["history"][1]["trace"])
    assert [(step["step"], step["answer"], step["status"]) for step in trace["crm"]] == [
        ("lead", "told", 200),
        ("contact", "told", 200),
    ]
    assert CRM_TOKEN not in repr(story)


def test_amocrm_links_the_contact_a_second_later(gate, crm):
    crm.pages["/api/leads/7"] = [ALONE, LINKED]
    lead_id = take(gate)
    work(gate)
    lead = gate.lead(lead_id)
    assert (lead.state, codes(lead)) == ("received", ["waits_for_crm", "crm_knows_no_phone"])
    assert enriched(gate) == 0
    gate.clock.forward(1)
    work(gate)
    assert gate.lead(lead_id).state == "accepted"
    assert len(gate.voice.asked) == 1


def test_a_phone_that_never_comes_is_asked_for_ever_more_rarely_and_then_held(gate, crm):
    crm.pages["/api/leads/7"] = ALONE
    lead_id = take(gate)
    waits = []
    while gate.lead(lead_id).state == "received":
        work(gate)
        lead = gate.lead(lead_id)
        waits.append(lead.due_at / 1000 - gate.clock())
        gate.clock.forward(max(waits[-1], 0) + 0.001)
    assert [round(wait) for wait in waits[:4]] == [1, 2, 4, 8]
    assert codes(gate.lead(lead_id)) == ["crm_no_phone", "crm_knows_no_phone"]
    assert len(crm.asked) < 80
    transitions = [row["transition"] for row in gate.story(lead_id)["history"]]
    assert transitions == ["receive", "defer", "hold"]  # one row for all the waiting


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (says(LIMIT, 503), "crm_busy"),
        (says({}, 429, ["Retry-After: 120"]), "crm_busy"),
        (says({"error": "expired_token"}, 401), "crm_token"),
        (says({}, 500), "crm_odd"),
        (says("<html>", 200), "crm_odd"),
        (says({"pad": "x" * 300_000}), "crm_odd"),
        (says(b"", 302, ["Location: http://127.0.0.1:1/"]), "crm_odd"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "crm_silent"),
        (b"SSH-2.0-OpenSSH\r\n", "crm_odd"),
    ],
)
def test_a_crm_that_does_not_answer_is_named_and_asked_again_until_the_lead_is_too_old(gate, crm, reply, code):
    crm.pages["/api/leads/7"] = reply
    lead_id = take(gate)
    work(gate)
    lead = gate.lead(lead_id)
    assert (lead.state, codes(lead)) == ("received", ["waits_for_crm", code])
    gate.clock.forward(13 * 3600 + 24 * 3600)
    work(gate)
    assert codes(gate.lead(lead_id)) == ["crm_no_answer", code]
    assert gate.lead(lead_id).state == "held"
    assert gate.voice.asked == []


def test_what_the_crm_does_not_know_is_asked_again(gate, crm):
    crm.pages["/api/leads/7"] = [b"HTTP/1.1 204 No Content\r\n\r\n", LINKED]
    lead_id = take(gate)
    work(gate)
    assert codes(gate.lead(lead_id)) == ["waits_for_crm", "crm_knows_no_phone"]
    gate.clock.forward(2)
    work(gate)
    assert gate.lead(lead_id).state == "accepted"


def test_a_crm_that_fails_is_tried_by_one_lead_at_a_time_and_then_by_all(gate, crm):
    crm.pages = {}
    crm.pages["/api/leads/7"] = says({}, 500)
    ids = [gate.take({"id": n, "x": n}, source="amo") for n in range(7, 8)]
    ids += [gate.take({"id": f"7{n}"}, source="amo") for n in range(5)]
    for n in range(5):
        crm.pages[f"/api/leads/7{n}"] = says({}, 500)
    assert enriched(gate) == 1  # the first failure pauses the questions to this CRM
    gate.clock.forward(1)
    assert enriched(gate) == 1
    for n in ("7", *(f"7{n}" for n in range(5))):
        crm.pages[f"/api/leads/{n}"] = LINKED
    crm.pages["/api/contacts/70"] = CONTACT
    for _ in range(20):
        gate.clock.forward(1)
        work(gate)
    assert {gate.lead(lead_id).state for lead_id in ids} <= {"accepted", "suppressed"}
    assert len(gate.voice.asked) == 1  # all six are Ivan's


def test_retry_after_is_obeyed(gate, crm):
    crm.pages["/api/leads/7"] = [says({}, 429, ["Retry-After: 120"]), LINKED]
    take(gate)
    enriched(gate)
    gate.clock.forward(119)
    assert enriched(gate) == 0
    gate.clock.forward(2)
    work(gate)
    assert len(gate.voice.asked) == 1


def test_a_missing_token_asks_nobody_and_is_said(gateway, crm):
    gateway.put("amo", (AMO % crm.url).replace("SHOP_CRM", "NOWHERE"))
    lead_id = take(gateway)
    work(gateway)
    assert crm.accepted == 0
    assert codes(gateway.lead(lead_id)) == ["waits_for_crm", "crm_no_token"]


@pytest.mark.parametrize(
    "posted",
    [
        "../../",
        "..",
        "%2e%2e",
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/",
        "@evil.example",
        "7@evil.example",
        "%2f..%2f..",
        "7/../../admin",
        "7\r\nHost: evil.example\r\n\r\nGET / HTTP/1.1",
        "7 HTTP/1.1\r\nX: y",
        "7?with=all",
        "7#",
        "\\\\evil.example\\x",
        "７",
        "7\u0000",
        "7" * 300,
        {"a": "b"},
        ["7"],
    ],
)
def test_an_id_that_is_none_asks_nobody(gate, crm, posted):
    lead_id = gate.take({"id": posted}, source="amo")
    work(gate)
    assert crm.accepted == 0
    lead = gate.lead(lead_id)
    assert lead.state == "held"
    assert codes(lead) == ["crm_odd_id"]


def test_an_id_that_the_crm_invents_asks_nobody_either(gate, crm):
    crm.pages["/api/leads/7"] = says({"_embedded": {"contacts": [{"id": "../../../admin"}]}})
    lead_id = take(gate)
    work(gate)
    assert crm.targets == ["/api/leads/7?with=contacts"]
    assert codes(gate.lead(lead_id)) == ["crm_odd_id"]


def test_what_a_sender_says_the_crm_had_said_is_dropped(gate, crm):
    invented = {"contact": {"phones": ["+79990000066"]}}
    lead_id = take(gate, _fetched=invented)
    gate.work()
    assert gate.voice.asked == []
    work(gate)
    assert [call.number for call in gate.voice.asked] == ["79990000003"]
    assert gate.lead(lead_id).number == "79990000003"
