"""`flask leads`: what a person reads, and a person's way on from every state."""

import pytest

from tests.fakes import LOST, NEVER_LEFT, NO, YES

IVAN = {"id": "1", "name": "Иван", "phone": "+7 (999) 000-00-01"}
WHY = ("--who", "anna", "--why", "because")


def shown(gateway, flask, lead_id):
    code, text = flask("leads", "show", str(gateway.lead(lead_id).no))
    assert code == 0
    return text


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (YES, ["accepted, HTTP 200", "accept: calling -> accepted by worker"]),
        (NO, ["refused", "said: нет такого скрипта"]),
        (LOST, ["unknown (no_answer)"]),
        (NEVER_LEFT, ["not_sent (refused_connection)", "release: calling -> ready"]),
    ],
)
def test_the_story_after_each_fate_has_one_attempt_with_its_outcome_and_how(gateway, flask, outcome, words):
    gateway.voice.otherwise = outcome
    text = shown(gateway, flask, lead_of(gateway))
    for word in words:
        assert word in text
    assert text.count("started") == 1
    assert "79990000001" not in text


def lead_of(gateway):
    lead_id = gateway.take(IVAN)
    gateway.work()
    return lead_id


def test_a_repeat_is_seen_in_the_story(gateway, flask):
    lead_id = lead_of(gateway)
    gateway.post(IVAN)
    assert " repeat " in shown(gateway, flask, lead_id)


def test_why_a_lead_was_not_called_is_said_in_words(gateway, flask):
    first = lead_of(gateway)
    second = gateway.take({**IVAN, "id": "2"})
    gateway.work()
    text = shown(gateway, flask, second)
    assert f"for lead {gateway.lead(first).no}" in text
    assert "once_per_number: suppress" in text


def test_no_state_is_a_dead_end(gateway, flask):
    gateway.voice.outcomes = [LOST]
    lead_id = lead_of(gateway)
    no = str(gateway.lead(lead_id).no)
    code, text = flask("leads", "rearm", no, *WHY)
    assert (code, "may still come to light" in text) == (1, True)
    gateway.clock.forward(700)
    assert flask("leads", "rearm", no, *WHY) == (0, f"lead {no} is ready\n")
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
    assert [a["round"] for a in gateway.story(lead_id)["attempts"]] == [1, 2]
    assert flask("leads", "resolve", no, *WHY)[0] == 1
    held = gateway.take({"id": "9", "name": "no phone"})
    gateway.work()
    number = str(gateway.lead(held).no)
    assert "recompute it (`remap`)" in flask("leads", "rearm", number, *WHY)[1]
    assert flask("leads", "remap", number, *WHY)[0] == 0
    gateway.work()
    assert gateway.lead(held).state == "held"
    assert flask("leads", "cancel", number, *WHY)[0] == 0
    assert gateway.lead(held).state == "cancelled"


def test_a_resolved_unknown_keeps_the_providers_id(gateway, flask):
    gateway.voice.outcomes = [LOST]
    lead_id = lead_of(gateway)
    assert flask("leads", "resolve", lead_id, "--provider-id", "4711", *WHY)[0] == 0
    assert gateway.lead(lead_id).state == "accepted"
    text = shown(gateway, flask, lead_id)
    assert "provider's id 4711" in text
    assert "by anna: because" in text


def test_wrong_usage_is_2_and_an_unknown_lead_is_1(gateway, flask):
    assert flask("leads", "cancel", "1")[0] == 2  # no --why
    assert flask("leads", "cancel", "4711", *WHY)[0] == 1
    assert flask("leads", "show", "nobody")[0] == 1
    assert flask("leads", "list", "--state", "nonsense")[0] == 2


def test_many_leads_are_told_before_they_are_changed(gateway, flask):
    gateway.voice.outcomes = [LOST, LOST, NO]
    for n in range(4):
        gateway.take({"id": str(n), "phone": f"999000000{n}"})
        gateway.work()
    told = flask("leads", "bulk", "cancel", "--state", "unknown", *WHY)
    assert told[0] == 0
    assert "cancel: 2 leads" in told[1]
    assert "reason no_answer: 2" in told[1]
    assert "nothing was changed" in told[1]
    assert "2 changed" in flask("leads", "bulk", "cancel", "--state", "unknown", "--do", *WHY)[1]
    assert "cancel: 0 leads" in flask("leads", "bulk", "cancel", "--state", "unknown", *WHY)[1]
    assert flask("leads", "bulk", "cancel", "--state", "accepted", *WHY)[0] == 1


def test_a_bulk_that_changed_nothing_ends_with_1_and_its_preview_prints_the_place(flask, gateway):
    gateway.take({"id": "1", "phone": "9990000001"})
    gateway.work()
    lead = gateway.lead(gateway.lead_ids()[0])
    told = flask("leads", "bulk", "rearm", "--state", "accepted", *WHY)
    assert "it rang" in told[1]
    place = f"{lead.received_at}.{lead.no + 1}"
    assert f"--after {place} --do" in told[1]
    assert flask("leads", "bulk", "rearm", "--state", "accepted", "--after", place, "--do", *WHY)[0] == 1
    assert flask("leads", "bulk", "rearm", "--state", "accepted", "--after", "nowhere", *WHY)[0] == 2
    assert flask("leads", "rearm", str(lead.no), *WHY)[0] == 1


def test_a_wish_to_ring_once_more_that_is_typed_twice_rings_once(flask, gateway):
    no = str(gateway.lead(lead_of(gateway)).no)
    once_more = ("leads", "rearm", no, "--despite", "once_per_number", "--again")
    assert "--again 1" in flask("leads", "rearm", no, *WHY)[1]
    assert flask(*once_more, "1", *WHY)[0] == 0
    for _ in range(2):  # while the first waits, and when it has rung
        code, said = flask(*once_more, "1", *WHY)
        assert (code, "was done already" in said, "--again 2" in said) == (1, True, True)
        gateway.work()
    assert len(gateway.voice.asked) == 2
    assert flask(*once_more, "2", *WHY)[0] == 0
    gateway.work()
    assert len(gateway.voice.asked) == 3
    assert flask(*once_more, *WHY)[0] == 2


def test_nor_does_it_ring_again_where_the_provider_said_no_or_nothing(flask, gateway):
    gateway.voice.outcomes = [YES, NO]
    no = str(gateway.lead(lead_of(gateway)).no)
    once_more = ("leads", "rearm", no, "--again", "1", *WHY)
    assert flask(*once_more)[0] == 0
    gateway.work()
    assert gateway.lead(no).state == "refused"
    assert flask(*once_more)[0] == 1
