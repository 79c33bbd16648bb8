"""One guarded question: only to the owner's host, ended in time, capped, and told apart."""

import threading
import time

import pytest

from core.ports import Question
from tests.flow.crm import LIMIT, Crm, says
from wire.fetch import GuardedCrm

# What stands behind the owner's address and could lead to another one.
ELSEWHERE = [
    "/../admin", "/a/../../b", "/..", "/%2e%2e/admin", "/a/%2E%2e", "/%2e", "/a/..%2fb", "/a%5c..%5cb", "/.%2e/x",
    "@evil.example/", ".evil.example/", ":80@evil.example/", "http://169.254.169.254/", "leads/7", "",
    "/a\r\nHost: evil.example", "/a b", "/a#b", "/\\evil.example", "/a\x00b", "/é", "/a?b=c d", "/a?b=c#d",
    "/a?b=/@x",
    "//evil.example/",
]  # fmt: skip


@pytest.fixture
def crm():
    opened = Crm({"/api/leads/7": says({"id": 7})})
    yield opened
    opened.close()


def ask(crm, target="/leads/7", base="/api", total=30.0, **more):
    question = Question(more.pop("method", "GET"), crm.url + base, target, (("Authorization", "Bearer x"),), **more)
    return GuardedCrm(connect_timeout_ms=30_000, total_timeout_ms=int(total * 1000)).ask(question)


def test_an_answer_comes_as_it_was_said(crm):
    answer = ask(crm)
    assert (answer.kind, answer.status, answer.body) == ("told", 200, b'{"id": 7}')
    method, target, headers, body = crm.asked[0]
    assert (method, target, body) == ("GET", "/api/leads/7", b"")
    assert headers["authorization"] == "Bearer x"
    assert headers["accept-encoding"] == "identity"
    assert headers["host"] == crm.url.removeprefix("http://")


def test_a_post_carries_its_json(crm):
    assert ask(crm, method="POST", body=b'{"ids":["7"]}').kind == "told"
    method, _, headers, body = crm.asked[0]
    assert (method, headers["content-type"], body) == ("POST", "application/json", b'{"ids":["7"]}')


def test_a_query_stays_as_it_was_encoded(crm):
    ask(crm, "/leads/7?with=contacts&a=%D0%B8%2F")
    assert crm.targets == ["/api/leads/7?with=contacts&a=%D0%B8%2F"]


@pytest.mark.parametrize(
    ("reply", "kind", "how"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", "nothing", ""),
        (says({}, 404), "nothing", ""),
        (says({"error": "ERROR_NOT_FOUND", "error_description": "NOT_FOUND"}, 400), "nothing", ""),
        (says({"error": "wrong"}, 400), "odd", "status"),
        (says({}, 429), "busy", ""),
        (says(LIMIT, 503), "busy", ""),
        (says(LIMIT, 400), "busy", ""),
        (says({}, 401), "token", ""),
        (says({}, 403), "token", ""),
        (says({}, 500), "odd", "status"),
        (says(b""), "odd", "status"),
        (says(b"", 301, ["Location: /other"]), "odd", "redirect"),
        (says({}, 307, ["Location: http://169.254.169.254/"]), "odd", "redirect"),
        (says(b"x" * 300_000), "odd", "too_long"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000, "odd", "no_http"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}", "silent", "closed"),
        (b"", "silent", "closed"),
        (b"SSH-2.0\r\n\r\n", "odd", "no_http"),
    ],
)
def test_what_came_is_told_apart(crm, reply, kind, how):
    crm.pages["/api/leads/7"] = reply
    answer = ask(crm)
    assert (answer.kind, answer.how, answer.body) == (kind, how, b"")
    assert crm.accepted == 1


@pytest.mark.parametrize(("said", "seconds"), [("120", 120), ("999999", 600), ("soon", 0), ("-1", 0), ("1e9", 0)])
def test_a_crm_says_when_to_come_back_but_not_for_ever(crm, said, seconds):
    crm.pages["/api/leads/7"] = says({}, 429, [f"Retry-After: {said}"])
    assert ask(crm).retry_after_ms == seconds * 1000


@pytest.mark.parametrize("how", ["hang", "drip"])
def test_a_crm_that_hangs_or_drips_ends_in_time(crm, how):
    crm.pages["/api/leads/7"] = getattr(crm, how)
    began = time.monotonic()
    answer = ask(crm, total=0.7)
    assert (answer.kind, answer.how) == ("silent", "no_answer")
    assert time.monotonic() - began < 60


def test_a_crm_that_is_not_there_is_silent():
    crm = Crm()
    crm.close()
    assert GuardedCrm().ask(Question("GET", crm.url, "/leads/7")).kind == "silent"


@pytest.mark.parametrize("target", ELSEWHERE)
def test_a_target_that_could_lead_elsewhere_opens_no_connection(crm, target):
    answer = ask(crm, target)
    assert (answer.kind, answer.how) == ("odd", "bad_question")
    assert crm.accepted == 0


@pytest.mark.parametrize(
    "base", ["ftp://a.example", "http://u:p@a.example", "http://a.example?x=1", "//a.example", "", "http://"]
)
def test_a_base_that_is_no_address_asks_nobody(base):
    assert GuardedCrm().ask(Question("GET", base, "/x")).how == "bad_question"


def test_a_header_that_would_begin_another_asks_nobody(crm):
    question = Question("GET", crm.url, "/leads/7", (("Authorization", "a\r\nX: y"),))
    assert GuardedCrm().ask(question).how == "bad_question"
    assert crm.accepted == 0


def test_the_environment_has_no_say(crm, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("default login stranger password secret\n")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NETRC", str(netrc))
    assert ask(crm).kind == "told"
    assert crm.asked[0][2]["authorization"] == "Bearer x"


def test_many_ask_at_once(crm):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(crm).kind)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["told"] * 20
