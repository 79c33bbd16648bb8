"""Sources as the API shows them, and what a request would become."""

import pytest

from core.reading.delivery import Delivery
from flow import intake
from store import versions as sources
from tests.fakes import SHOP, TOKEN
from tests.handlers.problems import problem_of

NOON = "2026-11-25T09:00:00.000Z"
REQUEST = (
    f"POST /hooks/shop?token={TOKEN}&utm_source=vk HTTP/1.1\n"
    "Host: leads.example\n"
    "Content-Type: application/json\n"
    "\n"
    '{"id": "A1", "phone": "8 (999) 000-00-01", "order": {"sum": "10", "tags": ["a"]}}'
)


def the_source(api):
    (source,) = api.read("/api/sources")["sources"]
    return source


def test_a_source_shows_what_came_through_it(api, gateway):
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.take({"id": "2", "phone": "x"})
    gateway.work()
    assert the_source(api) == {
        "name": "shop",
        "title": the_source(api)["title"],
        "version": 1,
        "preset": "generic",
        "enabled": True,
        "dry_run": False,
        "removed": False,
        "url": "http://localhost/hooks/shop",
        "last_lead_at": NOON,
        "counts": {"accepted": 1, "held": 1},
        "refused_proofs": [],
        "broken": None,
    }
    assert TOKEN not in api.get("/api/sources").text


def test_its_address_is_the_public_one(api, app):
    app.config["PUBLIC_URL"] = "https://leads.example"
    assert the_source(api)["url"] == "https://leads.example/hooks/shop"


def test_refused_proofs_of_the_last_day_are_counted_by_cause(api, gateway):
    def knock(token):
        delivery = Delivery("POST", (), f"token={token}", "", b"{}", "https://gateway.test/hooks/shop")
        assert intake.take(gateway.parts, "shop", delivery, gateway.clock.ms()).status == 401

    knock("old")
    gateway.parts.refusals.flush()
    gateway.clock.forward(24 * 3600)
    knock("wrong")
    knock("wronger")
    gateway.parts.refusals.flush()
    assert the_source(api)["refused_proofs"] == [{"cause": "wrong", "count": 2}]


def test_a_source_without_a_lead_and_one_that_is_off(api, gateway):
    gateway.put("shop", SHOP + "enabled: false\n")
    source = the_source(api)
    assert (source["enabled"], source["version"], source["last_lead_at"], source["counts"]) == (False, 2, None, {})


def test_a_removed_source_stays_in_the_list(api, gateway):
    with gateway.store.write() as tx:
        sources.remove(tx, "shop")
    gateway.parts.sources.refresh()
    assert (the_source(api)["removed"], the_source(api)["enabled"]) == (True, False)


def test_a_version_that_cannot_be_read_is_said_and_the_last_stays(api, gateway):
    with gateway.store.write() as tx:
        assert sources.put_in_force(tx, "shop", '{"from": "the future"}', after=1, who="test", now=1) == 2
    gateway.parts.sources.refresh()
    source = the_source(api)
    assert source["version"] == 1
    assert "from" in source["broken"]


def test_a_request_is_walked_up_to_its_call_and_nothing_is_stored(api, gateway):
    answer = api.post("/api/sources/shop/try", {"request": REQUEST})
    assert answer.status_code == 200, answer.text
    tried = answer.json
    assert (tried["source"], tried["version"], tried["handshake"], tried["problem"]) == ("shop", 1, None, None)
    assert tried["proof"] == {"ok": True, "cause": None, "late": False}
    assert tried["tree"]["order"] == {"sum": "10", "tags": ["a"]}
    (lead,) = tried["leads"]
    assert (lead["state"], lead["reasons"], lead["due_at"]) == ("ready", [], NOON)
    assert lead["call"] == {"number": "79990000001", "script": "Заявка", "sms": None}
    assert lead["event_key"] == '["A1"]'
    assert lead["trace"]["number"]["read"] == "79990000001"
    assert {"rule": "do_not_call", "verdict": "allow"} in lead["verdicts"]
    fields = {tuple(f["path"]): (f["field"], f["value"]) for f in lead["fields"]}
    assert fields["phone",] == ("phone", "8 (999) 000-00-01")
    assert fields["order", "sum"] == ("order.sum", "10")
    assert fields["order", "tags", "0"] == (None, "a")
    assert fields["utm_source",] == ("utm_source", "vk")
    assert TOKEN not in answer.text
    assert api.read("/api/leads")["leads"] == []
    assert api.read("/api/deliveries")["deliveries"] == []
    assert gateway.voice.asked == []


def test_a_wrong_proof_is_told_and_does_not_end_the_trial(api):
    tried = api.post("/api/sources/shop/try", {"request": REQUEST.replace(TOKEN, "other")}).json
    assert tried["proof"] == {"ok": False, "cause": "wrong", "late": False}
    assert tried["leads"][0]["state"] == "ready"


def test_what_stands_in_the_way_is_told_with_every_rule(api, gateway):
    gateway.clock.forward(12 * 3600)  # midnight in Moscow
    (lead,) = api.post("/api/sources/shop/try", {"request": REQUEST}).json["leads"]
    assert lead["state"] == "ready"
    assert [r["code"] for r in lead["reasons"]] == ["quiet_hours"]
    assert lead["due_at"] == "2026-11-26T06:00:00.000Z"
    abroad = REQUEST.replace("8 (999) 000-00-01", "+7 727 234 56 78")
    (lead,) = api.post("/api/sources/shop/try", {"request": abroad}).json["leads"]
    assert lead["state"] == "suppressed"
    assert [r["code"] for r in lead["reasons"]] == ["rule"]
    verdicts = {v["rule"]: v["verdict"] for v in lead["verdicts"]}
    assert (verdicts["countries"], verdicts["hours"]) == ("suppress", "defer")


def test_what_is_no_call_is_told_with_its_reasons(api):
    (lead,) = api.post("/api/sources/shop/try", {"request": REQUEST.replace("phone", "tel")}).json["leads"]
    assert (lead["state"], lead["call"], lead["verdicts"]) == ("held", None, [])
    assert [r["code"] for r in lead["reasons"]] == ["no_number"]


def test_a_source_that_is_off_says_so(api, gateway):
    gateway.put("shop", SHOP + "enabled: false\n")
    (lead,) = api.post("/api/sources/shop/try", {"request": REQUEST}).json["leads"]
    assert (lead["state"], lead["reasons"][0]["code"]) == ("held", "source_off")


def test_a_request_that_cannot_be_read_says_why(api):
    tried = api.post("/api/sources/shop/try", {"request": REQUEST[:-3]}).json
    assert tried["problem"]["code"] == "body_not_json"
    assert [r["code"] for r in tried["leads"][0]["reasons"]] == ["unreadable", "body_not_json"]


def test_a_request_without_data_makes_no_lead(api):
    tried = api.post("/api/sources/shop/try", {"request": f"POST /hooks/shop?token={TOKEN} HTTP/1.1\r\n"}).json
    assert (tried["leads"], tried["problem"]) == ([], None)


def test_a_lead_that_is_here_is_tried_with_the_version_in_force(api, gateway):
    lead_id = gateway.take({"id": "1", "tel": "79990000001"})
    gateway.work()
    assert api.read(f"/api/leads/{lead_id}")["state"] == "held"
    gateway.put("shop", SHOP.replace("field: phone", "field: tel"))
    tried = api.post("/api/sources/shop/try", {"lead": lead_id}).json
    assert (tried["version"], tried["proof"], tried["tree"]) == (2, None, None)
    assert tried["leads"][0]["call"] == {"number": "79990000001", "script": "Заявка", "sms": None}
    assert api.read(f"/api/leads/{lead_id}")["state"] == "held"


def test_a_trial_needs_its_source_and_its_lead(api, gateway):
    problem_of(api.post("/api/sources/nobody/try", {"request": REQUEST}), 404)
    problem_of(api.post("/api/sources/shop/try", {"lead": "999999"}), 404)
    with gateway.store.write() as tx:
        sources.remove(tx, "shop")
    problem_of(api.post("/api/sources/shop/try", {"request": REQUEST}), 404)


@pytest.mark.parametrize(
    "body", [{}, {"request": REQUEST, "lead": "1"}, {"request": "hello"}, {"lead": "x"}, {"lead": 1}]
)
def test_a_wrong_trial_is_refused(api, body):
    problem_of(api.post("/api/sources/shop/try", body), 422)
