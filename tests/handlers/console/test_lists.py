"""Do-not-call, deliveries, rules, people, tokens, the audit and the table for Excel."""

import csv
import io
import re

import pytest
from flask import render_template_string
from jinja2 import UndefinedError

from core.outcome import ACCEPTED, Outcome
from core.source import Policy
from flow import decide, people
from handlers.console import act
from tests.fakes import SHOP
from tests.handlers.conftest import API_TOKEN
from tests.pages import ROOT

TEMPLATE = "handlers/console/templates/console/audit.html"


def test_a_number_is_put_on_the_list_in_any_spelling_and_taken_off(operator, gateway):
    gateway.alive()
    operator.get("/console/do-not-call")
    page = operator.post("/console/do-not-call/add", number="8 (999) 000-00-01", chip="the person asked")
    assert "1 number is new" in page
    assert "+7 999 •••-••-01" in page
    assert "9990000001" not in page
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    assert gateway.lead(lead_id).state == "suppressed"
    told = operator.get(f"/console/leads/{lead_id}")
    assert "Call all the same" not in told  # the list is not to be set aside
    assert "Recompute" in told
    no = re.search(r"/console/do-not-call/(\d+)/remove", page)[1]
    assert "Nobody is on the list" in operator.post(f"/console/do-not-call/{no}/remove", why="a mistake")
    assert operator.send(f"/console/do-not-call/{no}/remove").status_code == 404
    assert operator.send("/console/do-not-call/add", number="nobody").status_code == 409


def test_a_file_is_brought_and_lines_without_a_number_are_named(operator):
    operator.get("/console/do-not-call")
    table = "Имя;Телефон\r\nИван;8 999 000-00-01\r\nАнна;нет\r\nПётр;+7 999 000 00 02\r\n".encode("cp1251")
    answer = operator.send("/console/do-not-call/import", file=(io.BytesIO(table), "list.csv"), chip="asked")
    assert answer.status_code == 200
    assert "line 3:" in answer.text
    assert "+7 999 •••-••-02" in answer.text
    empty = operator.send("/console/do-not-call/import", file=(io.BytesIO(b""), "list.csv"))
    assert "holds no numbers" in empty.text


def test_a_lead_s_number_is_put_on_the_list_from_its_page(operator, gateway):
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    page = operator.get(f"/console/leads/{lead_id}")
    assert "Never call this number" in page
    operator.post(f"/console/leads/{gateway.lead(lead_id).no}/never", chip="the person asked")
    assert "+7 999 •••-••-01" in operator.get("/console/do-not-call")


def test_a_delivery_s_bytes_are_a_file_that_no_browser_opens(operator, gateway):
    gateway.take({"id": "1", "name": "<script>alert(1)</script>"})
    page = operator.get("/console/deliveries")
    path = re.search(r'action="(/console/deliveries/[^"]+/body)"', page)[1]
    answer = operator.send(path)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert b"<script>" in answer.data


def test_rules_and_caps_say_what_is_used(viewer, gateway):
    gateway.put("shop", SHOP + 'policy: {calls_per_hour: "100", spend_per_day: "3000"}\n')
    gateway.alive()
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    page = viewer.get("/console/policy")
    assert "1 of 100" in page
    assert "09:00–20:00" in page


def test_one_account_is_paused_and_resumed(operator, gateway):
    operator.get("/console/policy")
    page = operator.post("/console/pause", account="main", why="topping up")
    assert "topping up" in page
    assert "Calls are paused" in page
    assert "Calls are on" in operator.post("/console/resume", account="main", seen=operator.seen)


def test_people_are_added_by_a_link_that_is_shown_once(owner, app):
    owner.get("/console/users")
    page = owner.send("/console/users/add", name="Олег", role="operator").text
    link = re.search(r"http://localhost(/console/enter\?t=[\w-]+)", page)[1]
    assert link not in owner.get("/console/users")
    other = type(owner)(app, owner.gateway)
    other.get(link)
    assert "Олег" in other.post("/console/enter", t=link.split("=")[1])
    number = re.findall(r"/console/users/(\d+)/disable", owner.get("/console/users"))[-1]
    owner.post(f"/console/users/{number}/disable")
    other.get("/console/", 303)
    assert owner.send("/console/users/add", name="олег", role="viewer").status_code == 409


def test_a_token_is_shown_once_and_works_until_it_is_revoked(owner, app):
    owner.get("/console/tokens")
    page = owner.send("/console/tokens/add", name="crm", scope="read").text
    token = re.search(r"<code>(ltc_[\w-]+)</code>", page)[1]
    assert token not in owner.get("/console/tokens")
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/leads", headers=headers).status_code == 200
    number = re.search(r"/console/tokens/(\d+)/revoke", owner.get("/console/tokens"))[1]
    owner.post(f"/console/tokens/{number}/revoke")
    assert app.test_client().get("/api/leads", headers=headers).status_code == 401
    own = {"Authorization": f"Bearer {API_TOKEN}"}
    assert app.test_client().get("/api/leads", headers=own).status_code == 200


def test_the_audit_says_who_did_what(owner, gateway):
    people.note(gateway.parts, "Olga", "number_shown", "№ 7", "")
    page = owner.get("/console/audit")
    assert "Olga" in page
    assert "looked at a number · № 7" in page
    assert "signed in" in page


def test_the_table_for_excel_runs_no_formula_and_keeps_numbers_whole(owner, gateway):
    gateway.alive()
    gateway.voice.otherwise = Outcome(ACCEPTED, provider_id="77", http_status=200, reply=b"{}", price="4.35")
    gateway.take({"id": "1", "name": "=cmd|' /C calc'!A0", "phone": "79990000001"})
    gateway.work()
    owner.get("/console/leads")
    answer = owner.send("/console/leads.csv", state="", source="shop")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][0] == "no"
    assert rows[1][5].startswith("'=cmd")
    assert rows[1][6] == "'+79990000001"
    assert rows[1][8] == "4,35"  # as `flask leads export --excel` writes it: a point makes it a date
    assert "exported leads" in owner.get("/console/audit")


def test_one_account_of_two_that_is_paused_stops_not_the_whole_house(operator, gateway):
    """The head goes on to offer the stop of everything, and each strip counts its own leads."""
    gateway.parts.accounts["second"] = gateway.account()
    gateway.put("other", SHOP.replace("Заявка", "Другой") + "account: second\n")
    for n, source in enumerate(("shop", "shop", "other")):
        gateway.take({"id": str(n), "phone": f"7999000000{n}"}, source=source)
        decide.decide_due(gateway.parts)
    operator.get("/console/")
    page = operator.post("/console/pause", account="second", why="topping up", next="/console/")
    assert "Pause all calls" in page
    assert "Calls are on</span>" in page
    assert [int(n) for n in re.findall(r"(\d+) leads? waits?\. Leads are taken", page)] == [1]
    assert operator.http.get("/console/pulse").json["paused"] is False
    operator.post("/console/pause", account="main", script="Заявка", why="a wrong text")
    page = operator.get("/console/")
    assert "Pause all calls" in page
    assert [int(n) for n in re.findall(r"(\d+) leads? waits?\. Leads are taken", page)] == [2, 1]
    operator.post("/console/pause", account="main", why="all of it")
    page = operator.get("/console/")
    assert "Calls are paused</span>" in page
    assert "3 leads wait. Calls start" in page
    assert operator.http.get("/console/pulse").json["paused"] is True


def test_all_accounts_are_paused_and_resumed_in_one_row(operator, gateway):
    gateway.parts.accounts["second"] = gateway.account()
    page = operator.get("/console/policy")
    assert "Pause all" in page
    assert "Resume all" not in page
    operator.post("/console/pause", account="second", why="planned")
    page = operator.get("/console/policy")
    assert "1 account is paused, the others ring" in page
    assert "Pause all" in page
    assert "Resume all" in page
    page = operator.post("/console/pause", why="something", next="/console/policy")
    assert "Rules and caps</h1>" in page
    assert "Pause all</summary>" not in page
    assert "calls are paused" in page
    page = operator.post("/console/resume", why="mended", next="/console/policy", seen=operator.seen)
    assert "calls are on" in page
    assert operator.send("/console/pause", why="x", next="https://evil.example/").headers["Location"] == "/console/"


def test_without_a_cap_the_page_says_that_nothing_there_stops_calls(viewer, gateway):
    gateway.put("shop", SHOP + 'policy: {calls_per_hour: "0", calls_per_day: "0", spend_per_day: "0"}\n')
    page = viewer.get("/console/policy")
    assert page.count("no cap: nothing here stops calls") == 3
    assert page.count("no cap of its own") == 3


def test_the_table_holds_what_the_list_holds(owner, gateway, clock):
    gateway.take({"id": "old", "phone": "79990000001"})
    clock.forward(3 * 86_400)
    gateway.take({"id": "new", "phone": "79990000002"})
    owner = owner.sign_in("again", "owner")
    assert 'name="period" value="24h"' in owner.get("/console/leads?period=24h")
    for period, lines in (("", 3), ("24h", 2)):
        text = owner.send("/console/leads.csv", period=period).text
        assert len(text.splitlines()) == lines
    assert owner.send("/console/leads.csv", period="2y").status_code == 404


def test_a_form_that_is_sent_again_makes_no_second_token(owner):
    owner.get("/console/tokens")
    assert owner.send("/console/tokens/add", name="crm", scope="read").status_code == 200
    again = owner.send("/console/tokens/add", name="crm", scope="operate")
    assert again.status_code == 409
    assert "is in force" in again.text
    owner.post("/console/tokens/1/revoke")
    assert owner.send("/console/tokens/add", name="crm", scope="operate").status_code == 200


def test_what_a_request_calls_us_never_stands_in_a_link_for_others(app, owner, monkeypatch):
    monkeypatch.setitem(app.config, "PUBLIC_URL", "https://leads.example")
    owner.get("/console/users")
    fields = {"csrf_token": owner.csrf, "name": "Anna", "role": "viewer"}
    page = owner.http.post("/console/users/add", data=fields, headers={"X-Forwarded-Host": "evil.example"}).text
    assert "https://leads.example/console/enter?t=" in page
    assert "https://leads.example/hooks/shop?token=" in owner.get("/console/sources/shop")


def test_whatever_the_audit_keeps_has_its_words():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "handlers/console").glob("*.py"))
    kept = set(re.findall(r'people\.note\(\s*[^,]+,\s*[^,]+,\s*"(\w+)"', code)) | set(act.DOING)
    code = (ROOT / "flow/people.py").read_text(encoding="utf-8")
    kept |= set(re.findall(r'(?:rows\.note\(tx, [^"]*|_change\(gateway, user, [^"]*)"(\w+)"', code))
    words = set(re.findall(r"'(\w+)': _\(", (ROOT / TEMPLATE).read_text(encoding="utf-8")))
    assert len(kept) > 20
    assert kept <= words, kept - words


def test_the_rules_of_a_source_stand_with_their_durations(viewer):
    page = viewer.get("/console/policy")
    for said in ("1 day", "12 hrs", "at most 4 days in all"):
        assert said in page.replace("\xa0", " ")


def test_a_field_that_a_value_does_not_have_is_no_empty_text_in_a_page(app):
    with app.app_context(), pytest.raises(UndefinedError, match="Policy has no field max_age"):
        render_template_string("{{ policy.max_age or 'off' }}", policy=Policy())
    with app.app_context():
        assert render_template_string("{{ left_out or 'off' }}") == "off"


def test_a_pause_of_nobody_is_no_pause(operator, gateway):
    operator.get("/console/policy")
    assert operator.send("/console/pause", account="mian", why="a slip").status_code == 404
    assert "Calls are on" in operator.get("/console/")
    assert operator.send("/console/pause", account="main", script="\x00" + "x" * 5000, why="\x00").status_code == 303
