"""A hold that protects someone is lifted by one person for one lead, and by nothing else; on both databases."""

import json

import pytest

from core import decision
from core.reason import PROTECTING, Reason
from core.reason_words import TABLE
from flow import bulk, compare, intake, operate
from store import leads
from store.queries import Wanted
from tests.fakes import SHOP, TOKEN
from tests.flow.test_recover import this_store
from tests.flow.test_seen import IVAN, SIGNED, Delivery, signed

PERSON = {"id": "1", "phone": "+7 999 000-00-01"}
CORRECTED = {**PERSON, "status": "another"}
MAPPED = {"dry_run", "may_have_rung"}  # are held with a whole call


@pytest.fixture(params=sorted(PROTECTING))
def code(request):
    return request.param


@pytest.fixture
def held(gateway, code):
    """A lead that is held for `code`, as it is at intake or after it was mapped."""
    if code in MAPPED:
        gateway.put("shop", SHOP + 'policy: {hours: "00:00-00:01"}\n')
    lead_id = gateway.take(PERSON)
    if code in MAPPED:
        gateway.work()
        gateway.put("shop", SHOP)
    with gateway.store.write() as tx:
        lead = leads.get(tx, lead_id, lock=True)
        leads.apply(tx, lead, decision.hold(Reason("source_off"), Reason(code)), at=gateway.store.now_ms(tx))
    assert gateway.lead(lead_id).has_call is (code in MAPPED)
    return lead_id


def in_bulk(gateway, do, state):
    planned = bulk.plan(gateway.parts, Wanted(state=state), do)
    return bulk.carry_out(gateway.parts, planned, do, "anna", "mended")


def rung(gateway):
    gateway.work()
    return [call.number for call in gateway.voice.asked]


def test_no_repeat_lifts_it(gateway, held):
    gateway.post(CORRECTED)
    assert gateway.lead(held).state == "held"
    assert gateway.story(held)["deliveries"][-1]["kind"] == "repeat"
    assert rung(gateway) == []


@pytest.mark.parametrize("do", ["remap", "rearm"])
def test_nothing_done_to_many_lifts_it_not_even_when_it_was_cancelled_first(gateway, held, do, code):
    done = in_bulk(gateway, do, "held")
    assert (done.changed, len(done.refused)) == (0, 1)
    assert in_bulk(gateway, "cancel", "held").changed == 1
    done = in_bulk(gateway, do, "cancelled")
    assert done.changed == 0
    assert TABLE[code].en.split("{")[0] in done.refused[0]["text"]
    assert rung(gateway) == []


def test_a_mended_source_does_not_count_it(gateway, held):
    with gateway.store.read() as tx:
        assert compare.held_that_fit(tx, gateway.parts.sources.get("shop").source, gateway.store.now_ms(tx)) == 0


def test_one_person_lifts_it_for_one_lead_by_a_call_where_it_is_whole(gateway, held):
    if gateway.lead(held).has_call:
        with pytest.raises(operate.Refused, match="call it \\(`rearm`\\)"):
            operate.remap(gateway.parts, held, "anna", "looked")
        operate.rearm(gateway.parts, held, "anna", "looked", ["hours"])
    else:
        with pytest.raises(operate.Refused, match="recompute it \\(`remap`\\)"):
            operate.rearm(gateway.parts, held, "anna", "looked")
        operate.remap(gateway.parts, held, "anna", "looked")
    assert rung(gateway) == ["79990000001"]


def test_each_of_them_has_its_words():
    assert PROTECTING - TABLE.keys() <= {"dry_run"}


def test_a_status_from_the_crm_after_a_failover_with_a_lost_journal_rings_nobody(gateway):
    lead_id = gateway.take(PERSON)
    with gateway.store.write() as tx:
        lead = leads.get(tx, lead_id, lock=True)
        leads.apply(tx, lead, decision.hold(Reason("may_have_rung")), at=gateway.store.now_ms(tx))
    assert this_store(gateway)
    gateway.post({**PERSON, "status": "won"})
    assert rung(gateway) == []
    assert gateway.lead(lead_id).reason == "may_have_rung"


TIMED = SIGNED.replace("header: X-Sig", "header: X-Sig, timestamp_header: X-At, signed: [timestamp, ., body]")


def late(gateway, value, seconds):
    """One event as it was captured: signed rightly, so many seconds ago."""
    body, at = json.dumps(value).encode(), str(int(gateway.clock() - seconds))
    proof = signed(f"{at}.".encode() + body, TOKEN.encode()).hexdigest()
    headers = (("x-sig", proof), ("x-at", at))
    request = Delivery("POST", headers, "", "", body, "https://gateway.test/hooks/signed")
    answer = intake.take(gateway.parts, "signed", request, gateway.clock.ms())
    assert answer.status == 200, answer.body
    return json.loads(answer.body)["leads"][0]["id"]


def test_two_captured_requests_of_one_event_ring_nobody(gateway):
    gateway.put("signed", TIMED)
    first = late(gateway, IVAN, 3600)
    assert late(gateway, {**IVAN, "status": "won"}, 3500) == first
    assert rung(gateway) == []
    assert (gateway.lead(first).state, gateway.lead(first).reason) == ("held", "late_signature")


def test_a_late_repeat_corrects_nothing(gateway):
    gateway.put("signed", TIMED)
    first = late(gateway, {**IVAN, "name": "new"}, 10)
    assert late(gateway, {**IVAN, "name": "old"}, 3600) == first
    assert json.loads(gateway.lead(first).payload)["name"] == "new"
    assert gateway.story(first)["deliveries"][-1]["kind"] == "repeat"
    assert rung(gateway) == ["79990000001"]
