"""Who comes into the console, to which page, and what every page says of itself."""

import re

import pytest

from core.people import OPERATOR, OWNER, ROLES, VIEWER, may
from tests.application import API_TOKEN
from tests.fakes import TOKEN

PARTS = {
    r"<any\((\w+)[^>]*>": r"\1",
    r"<uuid:[^>]*>": "01a22ad7-c25f-7022-b08c-33ef0e3708a9",
    r"<source>": "shop",
    r"<[^>]*>": "1",
}
OPEN = {"login", "log_in", "enter", "come_in", "choose", "static"}


def routes(app):
    """(endpoint, method, a path of it, the role it needs) of every route of the console."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("console."):
            name = rule.endpoint.removeprefix("console.")
            view = app.view_functions[rule.endpoint]
            path = rule.rule
            for pattern, value in PARTS.items():
                path = re.sub(pattern, value, path)
            yield name, "POST" if "POST" in rule.methods else "GET", path, getattr(view, "role", None)


def test_every_route_says_which_role_it_needs(app):
    found = {name: role for name, _, _, role in routes(app)}
    assert len(found) > 10
    assert {name for name, role in found.items() if role is None} == OPEN
    assert {role for role in found.values() if role} <= set(ROLES)


def test_nobody_sees_or_changes_anything_without_a_sign_in(app, stranger):
    stranger.get("/console/login")
    for name, method, path, role in routes(app):
        if role is not None:
            answer = stranger.http.get(path) if method == "GET" else stranger.send(path)
            if name == "pulse":
                assert answer.status_code == 401
            else:
                assert answer.status_code == 303, path
                assert answer.headers["Location"].startswith("/console/login"), path


@pytest.mark.parametrize("role", ROLES)
def test_every_route_is_shut_to_the_roles_below_its_own(app, as_, role):
    reader = as_(role)
    reader.get("/console/me")
    for name, method, path, needed in routes(app):
        if needed is None or name in ("logout", "out_everywhere"):
            continue
        answer = reader.http.get(path) if method == "GET" else reader.send(path)
        assert (answer.status_code == 403) == (not may(role, needed)), (role, path, answer.status_code)


def test_roles_hold_one_another():
    assert may(OWNER, VIEWER)
    assert may(OPERATOR, OPERATOR)
    assert not may(VIEWER, OPERATOR)
    assert not may("nobody", VIEWER)


def test_a_form_without_its_token_changes_nothing_whatever_the_route(app, owner):
    for _name, method, path, _ in routes(app):
        if method == "POST":
            answer = owner.http.post(path, data={"why": "forged"})
            assert answer.status_code == 400, path
            assert "open too long" in answer.text


@pytest.mark.parametrize("referer", [None, "https://evil.example/console/"])
def test_over_https_a_form_from_elsewhere_is_refused(app, gateway, owner, referer):
    headers = {"Referer": referer} if referer else {}
    cookie = owner.http.get_cookie("console").value
    owner.http.set_cookie("console", cookie, domain="localhost")
    answer = owner.http.post(
        "/console/pause", data={"csrf_token": owner.csrf}, headers=headers, base_url="https://localhost"
    )
    assert answer.status_code == 400
    assert "Calls are on" in owner.get("/console/")


def test_hooks_and_the_api_need_no_token_of_a_session(app, gateway):
    http = app.test_client()
    form = {"phone": "79990000001", "id": "1"}
    assert http.post(f"/hooks/shop?token={TOKEN}", data=form).status_code == 200
    api = {"Authorization": f"Bearer {API_TOKEN}"}
    assert http.post("/api/leads/search", json={"number": "79990000001"}, headers=api).status_code == 200


def test_the_first_address_leads_to_the_console(app):
    answer = app.test_client().get("/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/console/")


def test_every_page_says_what_may_run_in_it(app, owner):
    for name, method, path, _role in routes(app):
        if method == "GET" and name != "static":
            headers = owner.http.get(path).headers
            assert "require-trusted-types-for 'script'" in headers["Content-Security-Policy"], path
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert "no-" in headers["Cache-Control"], path


def test_a_file_of_ours_may_be_kept_for_a_year_under_its_digest(owner):
    page = owner.get("/console/")
    for address in re.findall(r'(?:href|src)="(/console/assets/[^"#]+)', page):
        answer = owner.http.get(address)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_no_page_has_a_script_or_a_style_in_it(app, owner):
    for name, method, path, _ in routes(app):
        if method == "GET" and name != "static":
            text = owner.http.get(path).text
            assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son[a-z]+=", text), path


def test_what_is_not_there_is_said_in_the_frame(owner):
    assert "Nothing is here" in owner.get("/console/nothing", 404)


def test_while_the_database_is_away_it_is_said_as_a_page(app, owner, store):
    store.path.rename(store.path.with_suffix(".gone"))
    store.engine.dispose()
    store.path.mkdir()  # nothing that SQLite could open, nor make anew
    answer = owner.http.get("/console/")
    assert answer.status_code == 503
    assert "The database does not answer" in answer.text
    assert answer.headers["Retry-After"]
