"""A lead that came as an id only: its CRM is asked, and nobody else waits for that, on both databases."""

import json
import threading

import pytest

from flow import enrich, operate
from tests.fakes import CRM_TOKEN
from tests.flow.crm import LIMIT, Crm, says

AMO = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
fetch:
  base: "%s/api"
  token: env:SHOP_CRM
  headers: {Authorization: "Bearer {token}"}
  rate: 50
  steps:
    - {name: lead, path: "/leads/{id}", query: {with: contacts}}
    - {name: contact, path: "/contacts/{_fetched.lead._embedded.contacts[0].id}"}
mapping:
  number: {field: "_fetched.contact.phones[0]", region: RU}
  script: Заявка
  person: {field: _fetched.contact.name}
"""
LINKED = says({"id": 7, "_embedded": {"contacts": [{"id": 70}]}})
ALONE = says({"id": 7, "_embedded": {"contacts": []}})
CONTACT = says({"id": 70, "name": "Иван", "phones": ["+7 999 000-00-03"]})


@pytest.fixture
def crm():
    opened = Crm({"/api/leads/7": LINKED, "/api/contacts/70": CONTACT})
    yield opened
    opened.close()


@pytest.fixture
def gate(gateway, crm):
    """The gateway with a source `amo` whose CRM is the stand-in."""
    gateway.put("amo", AMO % crm.url)
    return gateway


def take(gate, **more):
    return gate.take({"id": 7, **more}, source="amo")


def enriched(gate):
    """Ask until nobody waits for a question now; how many were asked for."""
    n = 0
    while enrich.enrich_next(gate.house):
        n += 1
        assert n < 500
    return n


def work(gate):
    enriched(gate)
    gate.work()


def codes(lead):
    return [reason["code"] for reason in json.loads(lead.reasons)]


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
        (b"SSH-2.0-OpenSSH\r\n", "crm_silent"),
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


def test_a_worker_killed_while_it_asks_leaves_a_lead_that_comes_back(gate, crm):
    crm.pages["/api/leads/7"] = [says({}, 500), LINKED]
    lead_id = take(gate)

    class Killed(BaseException):
        pass

    class Dying:
        def ask(self, question):
            raise Killed

    alive = gate.house.crm
    gate.house.crm = Dying()
    with pytest.raises(Killed):
        enrich.enrich_next(gate.house)
    gate.house.crm = alive
    assert enriched(gate) == 0  # its lease holds
    gate.clock.forward(31)
    crm.pages["/api/leads/7"] = LINKED
    work(gate)
    assert gate.lead(lead_id).state == "accepted"


def test_two_workers_never_ask_for_one_lead_at_once(gate, crm):
    take(gate)
    began = threading.Barrier(4)

    def ask():
        began.wait()
        enriched(gate)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert crm.targets == ["/api/leads/7?with=contacts", "/api/contacts/70"]


def test_what_changes_while_the_crm_is_asked_stays_changed(gate, crm):
    lead_id = take(gate)

    def cancels(connection):
        operate.cancel(gate.house, lead_id, "ann", "called himself")
        connection.sendall(CONTACT)

    crm.pages["/api/contacts/70"] = cancels
    work(gate)
    assert gate.lead(lead_id).state == "cancelled"
    assert "_fetched" not in json.loads(gate.lead(lead_id).payload)


def test_remap_asks_again_and_drops_what_was_said(gate, crm):
    crm.pages["/api/contacts/70"] = [says({"id": 70, "phones": ["12"]}), CONTACT]
    lead_id = take(gate)
    work(gate)
    assert gate.lead(lead_id).state == "held"
    gate.clock.forward(60)
    operate.remap(gate.house, lead_id, "ann", "mended in the CRM")
    assert "_fetched" not in json.loads(gate.lead(lead_id).payload)
    work(gate)
    assert [call.number for call in gate.voice.asked] == ["79990000003"]


def test_a_new_version_maps_again_what_the_crm_said_without_asking(gate, crm):
    gate.clock.forward(12 * 3600)  # midnight: the lead waits for the morning
    lead_id = take(gate)
    work(gate)
    assert gate.lead(lead_id).state == "ready"
    asked = len(crm.asked)
    gate.put("amo", (AMO % crm.url).replace("script: Заявка", "script: Утро"))
    from flow import sweep

    sweep.redo_next(gate.house, "amo")
    work(gate)
    assert gate.lead(lead_id).script == "Утро"
    assert len(crm.asked) == asked


def test_a_corrected_lead_is_asked_for_anew(gate, crm):
    crm.pages["/api/leads/7"] = [ALONE, LINKED]
    lead_id = take(gate)
    work(gate)
    gate.clock.forward(0.5)  # before the next look that it waits for
    assert gate.take({"id": 7, "note": "changed"}, source="amo") == lead_id
    work(gate)
    assert gate.lead(lead_id).state == "accepted"


def test_a_version_that_asks_nobody_lets_its_waiting_leads_be_mapped(gate, crm):
    crm.pages["/api/leads/7"] = says({}, 500)
    lead_id = take(gate, phone="+79990000009")
    work(gate)
    gate.put("amo", "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nevent_key: id\nmapping: {script: Заявка}\n")
    gate.clock.forward(2)
    work(gate)
    assert gate.lead(lead_id).state == "accepted"


def test_a_lead_that_has_its_phone_already_asks_nobody(gateway, crm):
    text = (AMO % crm.url).replace('field: "_fetched.contact.phones[0]"', 'field: [phone, "_fetched.contact.phones[0]"]')
    gateway.put("amo", text)
    lead_id = take(gateway, phone="+79990000008")
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
    assert crm.accepted == 0


def test_a_hanging_crm_delays_no_other_leads_call(gate, crm):
    crm.pages["/api/leads/7"] = crm.hang
    take(gate)
    asking = threading.Thread(target=enriched, args=(gate,))
    asking.start()
    assert crm.met.wait(10)
    for n in range(20):
        gate.take({"id": str(n), "phone": f"+799900001{n:02}"})
    gate.work()
    assert len(gate.voice.asked) == 20
    assert crm.meeting == 1  # all of them rang while the CRM kept its question waiting
    asking.join()


def test_the_pace_bounds_how_often_a_crm_is_asked(gateway, crm):
    gateway.put("amo", (AMO % crm.url).replace("rate: 50", "rate: 2"))
    for n in range(3):
        gateway.take({"id": 7, "n": n, "x": {}}, source="amo") if n == 0 else gateway.take({"id": 70 + n}, source="amo")
    assert enriched(gateway) == 1
    gateway.clock.forward(0.9)
    assert enriched(gateway) == 0
    gateway.clock.forward(0.2)
    assert enriched(gateway) == 1
