"""The senders' door before Flask answers what Flask's route would, and leaves to it what is not plainly a sender's."""

import json
from functools import partial

import pytest
from flask import Flask
from werkzeug.test import Client

from handlers import hooks
from tests.fakes import TOKEN

IVAN = b'{"id": "%s", "phone": "+7 999 000-00-01"}'
PROVED = {"query_string": f"token={TOKEN}"}
SAID = [
    ("a lead", "/hooks/shop", {**PROVED, "method": "POST"}),
    ("a last slash", "/hooks/shop/", {**PROVED, "method": "POST"}),
    ("more of a path", "/hooks/shop/a/b", {**PROVED, "method": "PUT"}),
    ("two slashes", "/hooks/shop//a", {**PROVED, "method": "POST"}),
    ("no token", "/hooks/shop", {"method": "POST"}),
    ("a name nobody has", "/hooks/nobody", {**PROVED, "method": "POST"}),
    ("a name in other letters", "/hooks/магазин", {**PROVED, "method": "POST"}),
    ("a name that is percents", "/hooks/%73hop", {**PROVED, "method": "POST"}),
    ("no name", "/hooks/", {**PROVED, "method": "POST"}),
    ("compressed", "/hooks/shop", {**PROVED, "method": "POST", "headers": {"Content-Encoding": "gzip"}}),
    ("HEAD", "/hooks/shop", {**PROVED, "method": "HEAD"}),
    ("OPTIONS", "/hooks/shop", {**PROVED, "method": "OPTIONS"}),
    ("DELETE", "/hooks/shop", {**PROVED, "method": "DELETE"}),
    ("a Host that is none", "/hooks/shop", {**PROVED, "method": "POST", "headers": {"Host": "a b"}}),
]  # fmt: skip


@pytest.fixture
def route(app):
    """Flask alone, without what stands before it."""
    return Client(partial(Flask.wsgi_app, app))


def told(answer):
    """Less what differs from one lead to the next."""
    said = answer.get_json(silent=True)
    if answer.status_code == 200 and said:
        said = [(lead["state"], lead["duplicate"]) for lead in said["leads"]]
    return answer.status_code, dict(answer.headers), said


@pytest.mark.parametrize(("path", "said"), [rest for _, *rest in SAID], ids=[name for name, *_ in SAID])
def test_the_door_answers_as_the_route_does(app, route, path, said):
    by_door = told(app.test_client().open(path, data=IVAN % b"1", **said))
    assert by_door == told(route.open(path, data=IVAN % b"2", **said))


def test_what_a_request_says_of_itself_is_kept_alike(app, gateway, route):
    said = {
        "User-Agent": "shop",
        "X-Shop": "a",
        "Content-Type": "application/json; charset=utf-8",
        "X-Real-Ip": "\xd0\x98",
    }
    for n, client in enumerate((app.test_client(), route)):
        client.post("/hooks/shop/x", data=IVAN % str(n).encode(), headers=said, **PROVED)
    with gateway.store.read() as tx:
        rows = tx.exec_driver_sql("SELECT method, query, headers FROM deliveries")
        kept = [(method, query, json.loads(headers)) for method, query, headers in rows]
    assert len(kept) == 2
    assert kept[0] == kept[1]


def test_only_what_is_plainly_a_senders_is_answered_at_the_door(app):
    asked = []

    def inner(environ, start_response):
        asked.append(environ["PATH_INFO"])
        start_response("204 NO CONTENT", [])
        return []

    client = Client(hooks.Hooks(app, inner))
    for path in ("/healthz", "/hooks/shop//a", "/hooks/", "/api/leads"):
        assert client.post(path).status_code == 204
    assert client.delete("/hooks/shop").status_code == 204
    assert client.post("/hooks/shop", **PROVED).status_code == 200
    assert asked == ["/healthz", "/hooks/shop//a", "/hooks/", "/api/leads", "/hooks/shop"]


def test_a_bug_behind_the_door_is_a_500_that_tells_nothing(app, gateway, route):
    gateway.parts.secrets = None
    for client in (app.test_client(), route):
        answer = client.post("/hooks/shop", data=IVAN % b"1", **PROVED)
        assert (answer.status_code, answer.content_type) == (500, "application/problem+json")
        assert "NoneType" not in answer.text


@pytest.mark.parametrize("announced", [10, 400])
def test_a_body_of_another_length_than_was_announced_is_refused(app, route, announced):
    for client in (app.test_client(), route):
        lie = {"wsgi.input_terminated": True, "CONTENT_LENGTH": str(announced)}
        answer = client.post("/hooks/shop", data=IVAN % b"1", environ_overrides=lie, **PROVED)
        assert answer.status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_a_name_that_no_database_keeps_is_no_source(app, method):
    """Not a mistake of ours, whoever asks."""
    assert Client(app).open("/hooks/a%00b", method=method).status_code == 404
