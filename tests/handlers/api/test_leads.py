"""The shape of a lead as the contract says it, and the lists of leads."""

import re

import pytest

from core.outcome import UNKNOWN, Outcome
from tests.fakes import LOST, NEVER_LEFT, NO
from tests.handlers.problems import problem_of

FORM = {"id": "A1", "phone": "8 (999) 000-00-01", "name": "Иван"}
NOON = "2026-11-25T09:00:00.000Z"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
ATTEMPT = {
    "n", "round", "started_at", "ended_at", "outcome", "how", "irregular", "http_status", "provider_id", "price",
    "error", "reply",
}  # fmt: skip
LISTED = {
    "id", "no", "source", "account", "state", "reason", "reasons", "person", "asked_at", "received_at", "due_at",
    "event_key", "mapping_version", "changed_after_call", "call", "deliveries",
}  # fmt: skip


def test_a_called_lead_is_told_whole(api, gateway):
    lead_id = gateway.take(FORM)
    gateway.work()
    lead = api.read(f"/api/leads/{lead_id}")
    assert set(lead) == LISTED | {"payload", "attempts", "history"}
    assert UUID.fullmatch(lead["id"])
    assert lead["id"] == lead_id
    assert isinstance(lead["no"], int)
    assert (lead["source"], lead["account"], lead["state"]) == ("shop", "main", "accepted")
    assert (lead["reason"], lead["reasons"]) == (None, [])
    assert (lead["received_at"], lead["due_at"], lead["asked_at"]) == (NOON, NOON, None)
    assert (lead["event_key"], lead["mapping_version"], lead["changed_after_call"]) == ('["A1"]', 1, False)
    assert lead["payload"]["phone"] == "8 (999) 000-00-01"
    assert lead["payload"]["_request"]["method"] == "POST"
    assert lead["call"] == {"number": "79990000001", "script": "Заявка", "sms": None}
    assert len(lead["deliveries"]) == 1
    assert UUID.fullmatch(lead["deliveries"][0])


def test_its_attempts_and_history_are_told_in_order(api, gateway):
    lead_id = gateway.take(FORM)
    gateway.work()
    lead = api.read(f"/api/leads/{lead_id}")
    (attempt,) = lead["attempts"]
    assert attempt == {
        "n": 1,
        "round": 1,
        "started_at": NOON,
        "ended_at": NOON,
        "outcome": "accepted",
        "how": None,
        "irregular": False,
        "http_status": 200,
        "provider_id": "77",
        "price": None,
        "error": None,
        "reply": '{"result":"ok","id":"77"}',
    }
    assert [(h["n"], h["transition"], h["from"], h["to"], h["who"]) for h in lead["history"]] == [
        (1, "receive", None, "received", "web"),
        (2, "map", "received", "ready", "worker"),
        (3, "claim", "ready", "calling", "worker"),
        (4, "accept", "calling", "accepted", "worker"),
    ]
    mapped = lead["history"][1]
    assert set(mapped) == {"n", "at", "transition", "from", "to", "who", "why", "trace"}
    assert (mapped["at"], mapped["why"]) == (NOON, None)
    assert mapped["trace"]["number"]["read"] == "79990000001"
    assert {"rule": "hours", "verdict": "allow", "zone": "Europe/Moscow"} in mapped["trace"]["rules"]


def test_money_is_decimal_text(api, gateway):
    from decimal import Decimal

    gateway.voice.otherwise = Outcome("accepted", provider_id="1", price=Decimal("4.50"), http_status=200)
    lead_id = gateway.take(FORM)
    gateway.work()
    assert api.read(f"/api/leads/{lead_id}")["attempts"][0]["price"] == "4.50"


def test_a_held_lead_says_why_in_words(api, gateway):
    lead_id = gateway.take({"id": "A2", "phone": "@ivan"})
    gateway.work()
    lead = api.read(f"/api/leads/{lead_id}")
    assert (lead["state"], lead["call"], lead["attempts"]) == ("held", None, [])
    (reason,) = lead["reasons"]
    assert set(reason) == {"code", "params", "text"}
    assert lead["reason"] == reason["code"] == "number_is_text"
    assert reason["text"].startswith("The phone field holds a nickname")


@pytest.mark.parametrize(("outcome", "state"), [(NO, "refused"), (LOST, "unknown")])
def test_what_became_of_a_call_is_told(api, gateway, outcome, state):
    gateway.voice.otherwise = outcome
    lead_id = gateway.take(FORM)
    gateway.work()
    lead = api.read(f"/api/leads/{lead_id}")
    assert lead["state"] == state
    assert set(lead["attempts"][0]) == ATTEMPT
    assert lead["attempts"][0]["error"] == outcome.error
    if outcome.kind == UNKNOWN:
        assert (lead["reason"], lead["attempts"][0]["how"]) == ("no_answer", "no_answer")
        assert [r["code"] for r in lead["reasons"]] == ["no_answer"]
        assert lead["reasons"][0]["text"] != "no_answer"


def test_a_reply_that_is_no_text_is_told_all_the_same(api, gateway):
    gateway.voice.otherwise = Outcome(UNKNOWN, "odd_reply", reply=b"\xff\x00{")
    lead_id = gateway.take(FORM)
    gateway.work()
    assert api.read(f"/api/leads/{lead_id}")["attempts"][0]["reply"] == "\ufffd\x00{"


def test_an_attempt_on_its_way_has_no_outcome_yet(api, gateway):
    lead_id = gateway.take(FORM)
    while gateway.lead(lead_id).state != "calling":
        if gateway.lead(lead_id).state == "received":
            from flow import decide

            decide.decide_due(gateway.parts, 1)
        gateway.claim()
    attempt = api.read(f"/api/leads/{lead_id}")["attempts"][0]
    assert (attempt["outcome"], attempt["ended_at"]) == (None, None)


def test_a_repeat_is_one_more_delivery_of_its_lead(api, gateway):
    lead_id = gateway.take(FORM)
    gateway.work()
    gateway.post({**FORM, "name": "Пётр"})
    lead = api.read(f"/api/leads/{lead_id}")
    assert lead["changed_after_call"] is True
    assert len(set(lead["deliveries"])) == 2


def test_a_lead_is_found_by_its_id_and_by_its_number(api, gateway):
    lead_id = gateway.take(FORM)
    by_id = api.read(f"/api/leads/{lead_id}")
    assert api.read(f"/api/leads/{by_id['no']}") == by_id


@pytest.mark.parametrize("name", ["999999", "0", "x", "7" * 40, "a%00b", "0197b5c0-0000-7000-8000-000000000000"])
def test_no_such_lead_is_404(api, name):
    problem_of(api.get(f"/api/leads/{name}"), 404)


def test_a_list_is_newest_first_and_without_the_heavy_parts(api, gateway):
    ids = [gateway.take({"id": str(n), "phone": f"7999000000{n}"}) for n in range(3)]
    page = api.read("/api/leads")
    assert [lead["id"] for lead in page["leads"]] == ids[::-1]
    assert page["next"] is None
    assert all(set(lead) == LISTED for lead in page["leads"])
    whole = api.read(f"/api/leads/{ids[0]}")
    assert page["leads"][2] == {key: whole[key] for key in LISTED}


def test_pages_follow_one_another_without_gap_or_double(api, gateway):
    ids = [gateway.take({"id": str(n), "phone": f"7999000000{n}"}) for n in range(5)]
    seen, cursor = [], None
    while True:
        page = api.read("/api/leads", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [lead["id"] for lead in page["leads"]]
        gateway.take({"id": f"later {len(seen)}", "phone": "79990000009"})  # what comes meanwhile moves nothing
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ids[::-1]


def test_a_list_can_be_filtered(api, gateway):
    gateway.put(
        "other", "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nmapping: {script: Заявка, number: {field: phone}}\n"
    )
    old = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    gateway.clock.forward(3600)
    new = gateway.take({"id": "2", "phone": "79990000002"})
    other = gateway.take({"phone": "79990000003"}, source="other")

    def ids(**query):
        return [lead["id"] for lead in api.read("/api/leads", **query)["leads"]]

    assert ids(state="accepted") == [old]
    assert ids(source="shop") == [new, old]
    assert ids(source="shop", state="received") == [new]
    assert ids(since="2026-11-25T09:30:00Z") == [other, new]
    assert ids(until="2026-11-25T13:00:00+03:00") == [old]
    assert ids(since=NOON, until=NOON) == []
    assert ids(source="nobody") == []
    assert [lead["id"] for lead in api.http.get(
        "/api/leads?since=2026-11-25T12:30:00+03:00", headers=api.headers  # the + was not escaped
    ).json["leads"]] == [other, new]  # fmt: skip


@pytest.mark.parametrize(
    "query",
    [
        {"state": "sleeping"},
        {"source": "../x"},
        {"since": "yesterday"},
        {"since": "2026-11-25T09:00:00"},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "５０"},
        {"cursor": "x"},
        {"sate": "held"},
    ],
)
def test_a_wrong_filter_is_refused_and_named(api, query):
    said = problem_of(api.get("/api/leads", **query), 422)
    assert set(said["errors"]) == set(query)


def test_a_number_is_found_in_any_spelling(api, gateway):
    mine = gateway.take(FORM)
    gateway.take({"id": "A3", "phone": "79990000002"})
    gateway.work()
    for spelling in ["79990000001", "+7 999 000-00-01", "8(999)0000001", "tel:+79990000001", "9990000001"]:
        found = api.post("/api/leads/search", {"number": spelling}).json
        assert set(found) == {"numbers", "problem", "leads", "next"}
        assert (found["numbers"], found["problem"], found["next"]) == (["79990000001"], None, None)
        assert [lead["id"] for lead in found["leads"]] == [mine], spelling


def test_what_is_no_number_finds_nothing_and_says_why(api):
    found = api.post("/api/leads/search", {"number": "Иван"}).json
    assert (found["leads"], found["numbers"], found["next"]) == ([], [], None)
    assert found["problem"]["code"] == "number_is_text"


def test_a_search_has_pages_too(api, gateway):
    for n in range(3):
        gateway.take({"id": str(n), "phone": "79990000001"})
    gateway.work()
    first = api.post("/api/leads/search", {"number": "79990000001", "limit": 2}).json
    rest = api.post("/api/leads/search", {"number": "79990000001", "limit": 2, "cursor": first["next"]}).json
    assert len(first["leads"]) == 2
    assert len(rest["leads"]) == 1
    assert rest["next"] is None


def test_a_lead_that_waits_for_another_try_says_so(api, gateway):
    gateway.voice.otherwise = NEVER_LEFT
    lead_id = gateway.take(FORM)
    gateway.work()
    lead = api.read(f"/api/leads/{lead_id}")
    assert (lead["state"], lead["reason"]) == ("ready", "retry")
    assert lead["reasons"][0]["text"] != "retry"
