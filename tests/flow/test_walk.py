"""The walk of one lead, from a sender's POST to its state after the call, on both databases."""

import json

import pytest

from core.outcome import ACCEPTED, Outcome
from flow import call, claim, decide, operate, sweep
from tests.fakes import LOST, NEVER_LEFT, NO, SHOP, YES

IVAN = {"id": "1", "name": "Иван", "phone": "+7 (999) 000-00-01"}


def steps(gateway, lead_id):
    return [(h["transition"], h["target"]) for h in gateway.story(lead_id)["history"]]


def test_a_lead_rings_once_and_its_history_is_a_path_through_the_table(gateway):
    lead_id = gateway.take(IVAN)
    gateway.work()
    assert [(c.number, c.script, c.sms) for c in gateway.voice.asked] == [("79990000001", "Заявка", None)]
    assert steps(gateway, lead_id) == [
        ("receive", "received"),
        ("map", "ready"),
        ("claim", "calling"),
        ("accept", "accepted"),
    ]
    attempts = gateway.story(lead_id)["attempts"]
    assert [(a["n"], a["outcome"], a["provider_id"]) for a in attempts] == [(1, "accepted", "77")]
    assert gateway.bell.rings == 1


@pytest.mark.parametrize(("outcome", "state"), [(YES, "accepted"), (NO, "refused"), (LOST, "unknown")])
def test_one_attempt_per_post_and_the_state_that_its_outcome_proves(gateway, outcome, state):
    gateway.voice.otherwise = outcome
    lead_id = gateway.take(IVAN)
    gateway.work()
    gateway.clock.forward(3600)
    gateway.work()
    assert gateway.lead(lead_id).state == state
    assert len(gateway.voice.asked) == 1


def test_a_call_that_never_left_is_tried_again_with_growing_waits(gateway):
    gateway.voice.outcomes = [NEVER_LEFT] * 3
    lead_id = gateway.take(IVAN)
    gateway.work()
    assert gateway.lead(lead_id).state == "ready"
    assert gateway.lead(lead_id).reason == "retry"
    waits = []
    while gateway.lead(lead_id).state == "ready":
        lead = gateway.lead(lead_id)
        wait = lead.due_at / 1000 - gateway.clock()
        waits.append(wait)
        gateway.clock.forward(wait + 0.001)
        gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
    assert len(gateway.voice.asked) == 4
    assert waits == sorted(waits)
    assert 0.7 < waits[0] < 1.3


def test_a_call_that_never_left_is_given_to_a_person_when_it_is_too_old(gateway):
    gateway.put("shop", SHOP + "policy: {max_age: 10m}\n")
    gateway.voice.otherwise = NEVER_LEFT
    lead_id = gateway.take(IVAN)
    for _ in range(100):
        gateway.clock.forward(60)
        gateway.work()
    assert (gateway.lead(lead_id).state, gateway.lead(lead_id).reason) == ("held", "too_old")
    assert all(a["outcome"] == "not_sent" for a in gateway.story(lead_id)["attempts"])


def test_a_worker_that_dies_with_a_claimed_lead_leaves_it_unknown_and_it_never_rings_again(gateway):
    lead_id = gateway.take(IVAN)
    decide.decide_due(gateway.parts, 1)
    claimed = gateway.claim()
    assert claimed.lead.id == lead_id
    gateway.clock.forward(gateway.account().total_timeout_ms / 1000 + 4)
    assert not sweep.settle_lost(gateway.parts)
    gateway.clock.forward(1.1)
    gateway.work()
    lead = gateway.lead(lead_id)
    assert (lead.state, lead.reason) == ("unknown", "owner_gone")
    gateway.clock.forward(100_000)
    gateway.work()
    assert gateway.voice.asked == []


def lost_by_its_owner(gateway):
    lead_id = gateway.take(IVAN)
    decide.decide_due(gateway.parts, 1)
    claimed = gateway.claim()
    gateway.clock.forward(gateway.account().total_timeout_ms / 1000 + 6)
    sweep.settle_lost(gateway.parts)
    return lead_id, claimed


def test_an_owner_that_comes_late_without_proof_changes_nothing(gateway):
    lead_id, claimed = lost_by_its_owner(gateway)
    assert call.record(gateway.parts, (claimed, LOST)) == ["unknown"]
    assert steps(gateway, lead_id)[-1] == ("lose", "unknown")
    assert gateway.story(lead_id)["attempts"][0]["how"] == "owner_gone"


@pytest.mark.parametrize(("proof", "state"), [(YES, "accepted"), (NO, "refused")])
def test_a_late_proof_settles_an_unknown_lead(gateway, proof, state):
    lead_id, claimed = lost_by_its_owner(gateway)
    call.record(gateway.parts, (claimed, proof))
    assert steps(gateway, lead_id)[-1] == ("settle", state)
    assert gateway.story(lead_id)["attempts"][0]["outcome"] == state


def test_a_late_proof_settles_a_lead_that_waits_in_a_later_round(gateway):
    lead_id, claimed = lost_by_its_owner(gateway)
    gateway.clock.forward(11 * 60)
    operate.rearm(gateway.parts, lead_id, "anna", "nobody rang", ["max_age"])
    call.record(gateway.parts, (claimed, YES))
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
    assert gateway.voice.asked == []


def test_a_late_proof_stands_on_its_attempt_also_where_the_lead_does_not_move(gateway):
    lead_id, claimed = lost_by_its_owner(gateway)
    operate.cancel(gateway.parts, lead_id, "anna", "called by hand")
    call.record(gateway.parts, (claimed, YES))
    assert gateway.lead(lead_id).state == "cancelled"
    assert gateway.story(lead_id)["attempts"][0]["outcome"] == ACCEPTED


def test_two_leads_for_one_number_never_ring_at_once(gateway):
    gateway.put("shop", SHOP + "policy: {once_per_number: 0}\n")
    first, second = gateway.take(IVAN), gateway.take({**IVAN, "id": "2"})
    while decide.decide_due(gateway.parts, 1):
        continue
    claimed = gateway.claim()
    assert gateway.claim_due().claimed == ()  # the other lead was looked at and waits
    waiting = second if claimed.lead.id == first else first
    assert gateway.lead(waiting).reason == "number_busy"
    call.record(gateway.parts, (claimed, YES))
    gateway.clock.forward(3)
    gateway.work()
    assert len(gateway.voice.asked) == 1  # the first was placed by hand above
    assert gateway.lead(waiting).state == "accepted"


def test_a_number_called_recently_is_not_called_again_whatever_the_source(gateway):
    gateway.put("other", SHOP)
    first = gateway.take(IVAN)
    gateway.work()
    second = gateway.take({"id": "9", "phone": "8 999 000 00 01"}, source="other")
    gateway.work()
    lead = gateway.lead(second)
    assert (lead.state, lead.reason) == ("suppressed", "called_recently")
    reason = json.loads(lead.reasons)[0]
    assert reason["params"]["lead"] == first
    gateway.clock.forward(25 * 3600)
    third = gateway.take({"id": "10", "phone": "9990000001"})
    gateway.work()
    assert gateway.lead(third).state == "accepted"


def test_refused_and_unsent_calls_do_not_count_as_called_recently(gateway):
    gateway.voice.outcomes = [NO]
    gateway.take(IVAN)
    gateway.work()
    second = gateway.take({**IVAN, "id": "2"})
    gateway.work()
    assert gateway.lead(second).state == "accepted"


def test_a_night_lead_waits_for_the_morning_and_a_new_version_maps_it_again(gateway):
    gateway.clock.forward(12 * 3600)  # midnight in Moscow
    gateway.put("shop", SHOP.replace("Заявка", "Зоявка"))
    lead_id = gateway.take(IVAN)
    gateway.work()
    lead = gateway.lead(lead_id)
    assert (lead.state, lead.reason, lead.script) == ("ready", "quiet_hours", "Зоявка")
    assert lead.due_at / 1000 == gateway.clock() + 9 * 3600
    gateway.put("shop", SHOP)
    while sweep.redo_next(gateway.parts, "shop"):
        continue
    gateway.work()
    gateway.clock.forward(9 * 3600)
    gateway.work()
    assert [c.script for c in gateway.voice.asked] == ["Заявка"]


def test_a_version_read_too_late_never_rings_by_the_old_one(gateway):
    lead_id = gateway.take(IVAN)
    decide.decide_due(gateway.parts, 1)
    gateway.put("shop", SHOP.replace("Заявка", "Новый"), refresh=False)
    assert gateway.claim_due().claimed == ()
    assert gateway.lead(lead_id).state == "ready"
    gateway.parts.sources.refresh()
    gateway.clock.forward(1)
    gateway.work()
    assert [c.script for c in gateway.voice.asked] == ["Новый"]


def test_a_source_switched_off_holds_its_waiting_leads_and_still_takes_new_ones(gateway):
    lead_id = gateway.take(IVAN)
    gateway.put("shop", SHOP + "enabled: false\n")
    gateway.work()
    assert (gateway.lead(lead_id).state, gateway.lead(lead_id).reason) == ("held", "source_off")
    later = gateway.take({**IVAN, "id": "2"})
    gateway.work()
    assert gateway.lead(later).state == "held"
    assert gateway.voice.asked == []


def test_the_order_of_claims(gateway):
    ids = []
    for n in range(6):
        ids.append(gateway.take({"id": str(n), "phone": f"999000000{n}"}))
        gateway.clock.forward(1)
        decide.decide_due(gateway.parts, 1)
    by_id = {lead_id: n for n, lead_id in enumerate(ids)}
    order = [by_id[gateway.claim(turn=turn).lead.id] for turn in range(6)]
    assert order == [5, 4, 3, 2, 0, 1]


def test_the_pace_holds_back_all_workers(gateway):
    gateway.set_account(calls_per_s=5)
    for n in range(3):
        gateway.take({"id": str(n), "phone": f"999000000{n}"})
    gateway.work()
    assert len(gateway.voice.asked) == 1
    rest = gateway.claim("another worker")
    assert isinstance(rest, claim.Claims)
    assert rest.rest_ms == 200
    gateway.clock.forward(0.2)
    gateway.work()
    assert len(gateway.voice.asked) == 2


def test_outcomes_are_kept_with_their_evidence(gateway):
    gateway.voice.otherwise = Outcome(
        ACCEPTED, http_status=200, irregular=True, reply=b'{"result":"ok"}', provider_id=None
    )
    lead_id = gateway.take(IVAN)
    gateway.work()
    attempt = gateway.story(lead_id)["attempts"][0]
    assert (attempt["irregular"], attempt["http_status"], bytes(attempt["reply"])) == (True, 200, b'{"result":"ok"}')
