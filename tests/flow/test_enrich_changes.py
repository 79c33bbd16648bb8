"""What happens to a lead while, before and after its CRM is asked, and who waits for whom, on both databases."""

import json
import threading

import pytest

from flow import enrich, operate, sweep
from tests.flow.asking import ALONE, AMO, CONTACT, LINKED, enriched, take, work
from tests.flow.crm import says
from wire.fetch import GuardedCrm


def test_a_worker_killed_while_it_asks_leaves_a_lead_that_comes_back(gate, crm):
    crm.pages["/api/leads/7"] = [says({}, 500), LINKED]
    lead_id = take(gate)

    class Killed(BaseException):
        pass

    class Dying:
        def ask(self, question):
            raise Killed

    alive = gate.parts.crm
    gate.parts.crm = Dying()
    with pytest.raises(Killed):
        enrich.enrich_next(gate.parts)
    gate.parts.crm = alive
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
        operate.cancel(gate.parts, lead_id, "ann", "called himself")
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
    operate.remap(gate.parts, lead_id, "ann", "mended in the CRM")
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
    sweep.redo_next(gate.parts, "amo")
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
    text = (AMO % crm.url).replace(
        'field: "_fetched.contact.phones[0]"', 'field: [phone, "_fetched.contact.phones[0]"]'
    )
    gateway.put("amo", text)
    lead_id = take(gateway, phone="+79990000008")
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
    assert crm.accepted == 0


def test_a_hanging_crm_delays_no_other_leads_call(gate, crm):
    gate.parts.crm = GuardedCrm(connect_timeout_ms=60_000, total_timeout_ms=60_000)
    crm.pages["/api/leads/7"] = crm.hang
    take(gate)
    asking = threading.Thread(target=enriched, args=(gate,))
    asking.start()
    assert crm.met.wait(60)
    for n in range(20):
        gate.take({"id": str(n), "phone": f"+799900001{n:02}"})
    gate.work()
    assert len(gate.voice.asked) == 20
    assert crm.meeting == 1  # all of them rang while the CRM kept its question waiting
    crm.let_go()
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
