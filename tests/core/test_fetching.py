"""Which question comes next, until the answers hold the phone."""

import json

from core.expressions.expression import Condition, Path
from core.expressions.slots import NoId, Slot, Slotted
from core.fetching import Ask, Complete, NotYet, needs_asking, next_question, tree_of, with_answers
from core.source import Fetch, Join, Mapping, NumberRule, Policy, Source, Step

LEAD = Step("lead", Slotted.compile("/leads/{id}"), query=(("with", Slotted.compile("contacts")),))
CONTACT = Step("contact", Slotted.compile("/contacts/{_fetched.lead.contacts[0].id}"))


def source(*steps, fields=("phone", "_fetched.contact.phone"), **more):
    fetch = Fetch(
        "https://crm.example", "env:CRM", (("Authorization", Slotted.compile("Bearer {token}")),), steps, **more
    )
    return Source("shop", fetch=fetch, mapping=Mapping(number=NumberRule(tuple(Path.compile(f) for f in fields))))


def asks(payload, answers, of):
    following = next_question(payload, of, answers, "secret")
    return (following.step, following.question) if isinstance(following, Ask) else following


def test_a_question_carries_the_owners_token_where_the_sender_wants_it():
    name, question = asks({"id": "7"}, {}, source(LEAD))
    assert name == "lead"
    assert (question.method, question.base, question.target) == ("GET", "https://crm.example", "/leads/7?with=contacts")
    assert question.headers == (("Authorization", "Bearer secret"),)
    assert question.body is None
    assert "secret" not in repr(question)


def test_the_second_question_is_made_of_the_first_answer():
    of = source(LEAD, CONTACT)
    assert asks({"id": "7"}, {"lead": {"contacts": [{"id": "70"}]}}, of)[1].target == "/contacts/70"
    assert asks({"id": "7"}, {"lead": {"contacts": []}}, of) == NotYet()
    assert asks({"id": "7"}, {"lead": None}, of) == NotYet()
    assert asks({"id": "7"}, {"lead": {"contacts": [{"id": "70"}]}, "contact": {"phone": "1"}}, of) == Complete()
    assert asks({"id": "7"}, {"lead": {"contacts": [{"id": "70"}]}, "contact": {"phone": ""}}, of) == NotYet()


def test_nobody_is_asked_for_a_phone_that_was_posted():
    assert not needs_asking({"id": "7", "phone": "+7"}, source(LEAD))
    assert needs_asking({"id": "7"}, source(LEAD))
    assert not needs_asking({"id": "7"}, Source("shop"))


def test_nobody_is_asked_without_an_id_or_with_one_that_is_none():
    assert not needs_asking({"name": "x"}, source(LEAD))
    assert asks({"id": "../7"}, {}, source(LEAD)) == NoId("id")


def test_nobody_is_asked_for_what_is_no_lead_or_a_test():
    of = source(LEAD)
    never = Source("shop", fetch=of.fetch, mapping=of.mapping, lead_when=Condition.compile("action == 'add'"))
    assert not needs_asking({"id": "7", "action": "delete"}, never)
    assert needs_asking({"id": "7", "action": "add"}, never)
    test = Source("shop", fetch=of.fetch, mapping=of.mapping, policy=Policy(test_when=Condition.compile("id == '444'")))
    assert not needs_asking({"id": "444"}, test)


def test_a_step_that_does_not_fit_is_passed_over():
    deal = Step("deal", Slotted.compile("/deals/{id}"), when=Condition.compile("kind == 'deal'"))
    lead = Step("lead", Slotted.compile("/leads/{id}"), when=Condition.compile("kind == 'lead'"))
    assert asks({"id": "7", "kind": "lead"}, {}, source(deal, lead))[0] == "lead"
    assert asks({"id": "7", "kind": "task"}, {}, source(deal, lead)) == Complete()


def test_ready_when_decides_in_place_of_the_number():
    of = source(LEAD, ready_when=Condition.compile("_fetched.lead.done"))
    assert needs_asking({"id": "7", "phone": "+7"}, of)
    assert asks({"id": "7"}, {"lead": {"done": "yes"}}, of) == Complete()


def test_a_body_is_json_with_its_whole_slots_filled():
    body = {"query": "query ($ids: [ID!]) { items }", "variables": {"ids": [Slot.compile("event.id")], "n": True}}
    of = source(Step("item", Slotted.compile("/v2"), "POST", body=body))
    question = asks({"event": {"id": "7"}}, {}, of)[1]
    assert json.loads(question.body) == {"query": body["query"], "variables": {"ids": ["7"], "n": True}}
    assert asks({"event": {}}, {}, of) == Complete()
    assert asks({"event": {"id": '7"]'}}, {}, of) == NoId("event.id")


def test_an_answer_is_laid_together_with_its_question():
    join = Join("said", Path.compile("_fetched.response.answers"), Path.compile("_fetched.form.questions"), "q")
    of = source(LEAD, fields=("_fetched.said[?kind == 'PHONE'].text",), join=join)
    answers = {
        "response": {"answers": [{"q": "1", "text": "Лена"}, {"q": "2", "text": "+7999"}, "odd", {"text": "x"}]},
        "form": {"questions": [{"q": "2", "kind": "PHONE"}, {"q": "1", "kind": "NAME"}, {"q": {}}]},
    }
    said = with_answers({}, of.fetch, answers)["_fetched"]["said"]
    assert said == [
        {"q": "1", "kind": "NAME", "text": "Лена"},
        {"q": "2", "kind": "PHONE", "text": "+7999"},
        {"text": "x"},
    ]
    assert asks({"id": "7"}, answers, of) == Complete()


def test_what_was_said_before_is_asked_anew():
    old = {"id": "7", "_fetched": {"contact": {"phone": "+7"}}}
    assert isinstance(next_question(old, source(LEAD, CONTACT), {}, ""), Ask)


def test_an_answer_is_read_as_a_delivery_is():
    assert tree_of(b'\xef\xbb\xbf{"id": 12345678901234567890, "x": null}') == {"id": "12345678901234567890", "x": None}
    assert tree_of(b'[{"a": 1}]') == [{"a": "1"}]
    for odd in (b"", b"<html>", b'{"a": 1', b"[" * 5000, b"7", b'{"a":1,"a":2}', b"a=b"):
        assert tree_of(odd) is None
