"""Who may use the API, and what its errors look like."""

import re

import pytest

from flow import people
from store import people as rows
from store.engine import Store
from tests.application import API_TOKEN
from tests.handlers.problems import problem_of

PATHS = [
    "/api/leads",
    "/api/leads/1",
    "/api/deliveries",
    "/api/sources",
    "/api/stats",
    "/api/alarms",
    "/api/no",
    "/api",
]


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_told_without_the_token(api, path):
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {API_TOKEN}",
        API_TOKEN,
        f"Bearer {API_TOKEN}x",
        "Bearer ж",
    ]
    for said in [None, *wrong]:
        headers = {} if said is None else {"Authorization": said.encode().decode("latin-1")}
        refused = api.http.get(path, headers=headers)
        problem_of(refused, 401)
        assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_change_without_the_token_changes_nothing(api, gateway):
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    problem_of(api.http.post(f"/api/leads/{lead_id}/cancel", json={"why": "no"}), 401)
    assert gateway.lead(lead_id).state == "received"


def test_the_scheme_is_read_in_any_case(api):
    assert api.http.get("/api/alarms", headers={"Authorization": f"bearer  {API_TOKEN}"}).status_code == 200


def test_an_unknown_address_is_a_problem(api):
    problem_of(api.get("/api/nothing"), 404)
    problem_of(api.get("/api/leads/1/nothing"), 404)
    problem_of(api.get("/api/leads/"), 404)


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(api):
    refused = api.post("/api/leads", {})
    problem_of(refused, 405)
    assert "GET" in refused.headers["Allow"]


def test_what_is_no_json_object_is_400(api):
    broken = [b"{", b'{"number": "7', b"\xff\xfe", b'{"number": NaN}', b"[]", b'"7"', b"null"]
    huge = [b"[" * 100_000, b'{"number": ' + b"9" * 5000 + b"}"]
    for body in broken + huge:
        refused = api.http.post("/api/leads/search", data=body, content_type="application/json", headers=api.headers)
        problem_of(refused, 400)


def test_a_form_is_told_to_come_as_json(api):
    said = problem_of(api.http.post("/api/leads/search", data={"number": "7"}, headers=api.headers), 415)
    assert "application/json" in said["title"]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (None, "number"),
        ({}, "number"),
        ({"number": 79990000001}, "number"),
        ({"number": " "}, "number"),
        ({"number": "7" * 101}, "number"),
        ({"number": None}, "number"),
        ({"number": "7", "nubmer": "7"}, "nubmer"),
        ({"number": "7", "limit": "5"}, "limit"),
        ({"number": "7", "limit": True}, "limit"),
        ({"number": "7", "limit": 1.5}, "limit"),
    ],
)
def test_what_is_not_as_described_is_422_and_named(api, body, wrong):
    assert list(problem_of(api.post("/api/leads/search", body), 422)["errors"]) == [wrong]


def test_signs_that_no_database_keeps_do_no_harm(api, gateway):
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    lead = api.post(f"/api/leads/{lead_id}/cancel", {"why": "a\x00b\ud800\nc"}).json
    assert lead["history"][-1]["why"] == "a\ufffdb\ufffd c"


def test_nobody_on_the_way_keeps_an_answer(api):
    answer = api.get("/api/leads")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_database_that_is_away_is_503(api):
    api.app.extensions["gateway"].store = Store("postgresql://postgres:secret@127.0.0.1:9/none")
    said = problem_of(api.get("/api/leads"), 503)
    assert "secret" not in said["title"]


@pytest.fixture
def token(gateway):
    return lambda scope: {"Authorization": f"Bearer {people.make_token(gateway.parts, f'crm {scope}', scope, 'test')}"}


def test_a_token_that_reads_sees_no_whole_number_anywhere(api, gateway, token):
    lead_id = gateway.take({"id": "1", "phone": "8 (999) 000-00-01", "note": "79990000001"})
    gateway.work()
    headers = token("read")
    for path in (f"/api/leads/{lead_id}", "/api/leads", "/api/deliveries"):
        answer = api.http.get(path, headers=headers)
        assert answer.status_code == 200
        assert not re.search(r"9990000001|999\D{1,3}000\D?00\D?01", answer.text)
        assert lead_id in answer.text
    found = api.http.post("/api/leads/search", json={"number": "79990000001"}, headers=headers)
    assert found.json["leads"][0]["id"] == lead_id
    assert "9990000001" not in found.text
    delivery = api.http.get("/api/deliveries", headers=headers).json["deliveries"][0]["id"]
    problem_of(api.http.get(f"/api/deliveries/{delivery}/body", headers=headers), 403)


def test_a_token_that_reads_changes_nothing_and_one_that_operates_does(api, gateway, token):
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    problem_of(api.http.post(f"/api/leads/{lead_id}/cancel", json={"why": "no"}, headers=token("read")), 403)
    assert gateway.lead(lead_id).state == "received"
    done = api.http.post(f"/api/leads/{lead_id}/cancel", json={"why": "no"}, headers=token("operate"))
    assert done.status_code == 200
    assert done.json["history"][-1]["who"] == "crm operate"


def test_a_revoked_token_is_none(api, gateway, token):
    headers = token("configure")
    assert api.http.get("/api/alarms", headers=headers).status_code == 200
    with gateway.store.read() as tx:
        (known,) = rows.all_tokens(tx)
    people.revoke_token(gateway.parts, known["id"], "test")
    problem_of(api.http.get("/api/alarms", headers=headers), 401)


def test_who_acts_through_a_named_token_is_told_with_its_name(api, gateway, token):
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    headers = {**token("operate"), "X-Operator": "olga"}
    done = api.http.post(f"/api/leads/{lead_id}/cancel", json={"why": "no"}, headers=headers)
    assert done.json["history"][-1]["who"] == "olga (crm operate)"


def test_reasons_are_told_in_the_language_of_who_asks(api, gateway):
    lead_id = gateway.take({"id": "1"})
    gateway.work()
    headers = {**api.headers, "Accept-Language": "ru-RU, ru;q=0.9, en;q=0.5"}
    russian = api.http.get(f"/api/leads/{lead_id}", headers=headers).json["reasons"][0]
    assert russian["text"] == "Телефона нет в полях: phone"
    assert api.read(f"/api/leads/{lead_id}")["reasons"][0]["text"].startswith("No phone")
