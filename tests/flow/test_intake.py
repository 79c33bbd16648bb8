"""What a sender is answered, and what is stored for it, on both databases."""

import json

from sqlalchemy import func, select

from store.tables import deliveries, leads
from tests.fakes import SHOP

IVAN = {"id": "1", "name": "Иван", "phone": "+7 (999) 000-00-01"}


def counts(gateway):
    with gateway.store.read() as tx:
        return (
            tx.execute(select(func.count()).select_from(deliveries)).scalar_one(),
            tx.execute(select(func.count()).select_from(leads)).scalar_one(),
        )


def said(answer):
    return json.loads(answer.body)["leads"]


def test_a_repeat_is_the_first_leads_and_rings_nobody(gateway):
    first = said(gateway.post(IVAN))[0]
    assert first["duplicate"] is False
    gateway.work()
    again = said(gateway.post(IVAN))[0]
    assert again == {"id": first["id"], "state": "accepted", "duplicate": True}
    gateway.work()
    assert len(gateway.voice.asked) == 1
    assert [d["kind"] for d in gateway.story(first["id"])["deliveries"]] == ["first", "repeat"]
    assert counts(gateway) == (2, 1)


def test_a_thousand_equal_deliveries_are_one_lead(gateway):
    for _ in range(50):
        gateway.post(IVAN)
    assert counts(gateway) == (50, 1)


def test_leads_without_a_key_are_told_apart_by_what_they_say(gateway):
    people = [{"phone": f"+7 999 000-00-0{n}"} for n in range(5)]
    ids = {gateway.take(person) for person in people}
    assert len(ids) == 5
    assert {gateway.take(people[0]) for _ in range(3)} <= ids
    gateway.clock.forward(601)
    assert gateway.take(people[0]) not in ids


def test_a_repeat_that_now_has_the_phone_lets_the_held_lead_ring(gateway):
    lead_id = gateway.take({"id": "1", "name": "Иван"})
    gateway.work()
    assert (gateway.lead(lead_id).state, gateway.lead(lead_id).reason) == ("held", "no_number")
    again = said(gateway.post(IVAN))[0]
    assert again == {"id": lead_id, "state": "received", "duplicate": True}
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
    history = gateway.story(lead_id)["history"]
    correction = next(h for h in history if h["transition"] == "correct")
    assert json.loads(correction["payload"])["name"] == "Иван"


def test_a_repeat_without_the_phone_does_not_undo_a_lead_that_can_ring(gateway):
    lead_id = gateway.take(IVAN)
    assert said(gateway.post({"id": "1", "comment": "more about this deal"}))[0]["duplicate"]
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"


def test_an_event_that_is_no_lead_does_not_undo_one_under_the_same_id(gateway):
    gateway.put("shop", SHOP + "lead_when: event != 'delete'\n")
    lead_id = gateway.take(IVAN)
    gateway.post({**IVAN, "event": "delete"})
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"


def test_a_repeat_that_differs_after_the_call_is_said_and_rings_nobody(gateway):
    lead_id = gateway.take(IVAN)
    gateway.work()
    gateway.post({**IVAN, "name": "Пётр"})
    gateway.work()
    assert gateway.lead(lead_id).changed_after_call
    assert len(gateway.voice.asked) == 1


def test_the_same_id_with_another_number_is_another_person_for_a_person_to_decide(gateway):
    first = gateway.take(IVAN)
    gateway.work()
    other = {**IVAN, "phone": "+7 999 000-00-02"}
    second = said(gateway.post(other))[0]
    assert second["id"] != first
    assert (second["state"], second["duplicate"]) == ("held", False)
    assert gateway.lead(second["id"]).reason == "same_id_other_number"
    # Its own retry is its repeat.
    assert said(gateway.post(other))[0] == {"id": second["id"], "state": "held", "duplicate": True}
    gateway.work()
    assert len(gateway.voice.asked) == 1


def test_what_cannot_be_read_is_held_with_its_bytes(gateway):
    broken = b'{"phone": "+7 999 000-00-01", "name": "Ivan "the" Great"}'
    answer = gateway.post(broken)
    assert answer.status == 200
    lead_id = said(answer)[0]["id"]
    assert said(answer)[0]["state"] == "held"
    gateway.work()
    assert gateway.voice.asked == []
    with gateway.store.read() as tx:
        assert bytes(tx.execute(select(deliveries.c.body)).scalar_one()) == broken
    assert gateway.lead(lead_id).reason == "unreadable"


def test_a_batch_is_stored_whole_and_answered_in_the_senders_order(gateway):
    batch = [{"id": str(n), "phone": f"999000000{n}"} for n in (5, 3, 9, 1)]
    answered = said(gateway.post(batch))
    gateway.work()
    numbers = [gateway.lead(lead["id"]).number for lead in answered]
    assert numbers == ["79990000005", "79990000003", "79990000009", "79990000001"]
    assert counts(gateway) == (1, 4)


def test_one_person_twice_in_a_batch_is_one_lead(gateway):
    answered = said(gateway.post([IVAN, IVAN]))
    assert [lead["duplicate"] for lead in answered] == [False, True]
    assert len({lead["id"] for lead in answered}) == 1


def test_nothing_unauthentic_is_stored_and_every_cause_is_answered_alike(gateway):
    answers = {gateway.post(IVAN, token=token) for token in ("", "wrong", "test-tokeN", "é" * 9)}
    assert {answer.status for answer in answers} == {401}
    assert len({answer.body for answer in answers}) == 1
    assert counts(gateway) == (0, 0)
    gateway.parts.refusals.flush()
    with gateway.store.read() as tx:
        from store import versions as sources

        assert sum(count for _, _, count in sources.refused(tx, 0)) == 4


def test_a_name_that_never_was_a_source_is_404_and_one_that_was_is_503(gateway):
    assert gateway.post(IVAN, source="nobody").status == 404
    gateway.put("old", SHOP)
    with gateway.store.write() as tx:
        from store import versions as sources

        sources.remove(tx, "old")
    gateway.parts.sources.refresh()
    answer = gateway.post(IVAN, source="old")
    assert (answer.status, answer.retry_after) == (503, 60)


def test_a_source_that_another_process_has_just_taken_is_never_404(gateway):
    gateway.put("new", SHOP, refresh=False)
    assert gateway.post(IVAN, source="new").status == 200


def test_an_authentic_request_with_no_data_says_that_the_address_works(gateway):
    answer = gateway.post(b"")
    assert (answer.status, answer.body) == (200, b"this address works")
    assert counts(gateway) == (0, 0)


def test_a_database_that_is_away_is_never_answered_200(gateway):
    gateway.store.dispose()
    broken = gateway.parts.store
    from store.engine import Store

    gateway.parts.store = Store("postgresql://postgres@127.0.0.1:9/none", clock=gateway.clock)
    answer = gateway.post(IVAN)
    assert (answer.status, answer.retry_after) == (503, 5)
    gateway.parts.store = broken
    assert counts(gateway) == (0, 0)


def test_the_token_is_stored_nowhere(gateway):
    lead_id = gateway.take(IVAN, query="utm_source=vk")
    assert json.loads(gateway.lead(lead_id).payload)["utm_source"] == "vk"
    assert "test-token" not in gateway.lead(lead_id).payload
    with gateway.store.read() as tx:
        row = tx.execute(select(deliveries.c.query, deliveries.c.headers)).one()
    assert "test-token" not in row.query + row.headers
