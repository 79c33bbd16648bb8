"""Whoever opens lines and says half of what he announced keeps no thread from health, API, console and others."""

import contextlib
import hashlib
import hmac
import json
import socket
import time
import urllib.request

import pytest

from tests import databases
from tests.walk.processes import Running, until

pytestmark = pytest.mark.storm
SHOP = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping: {number: {field: phone, region: RU}, script: Заявка}
"""
SIGNED = """
preset: generic
auth: {scheme: hmac, header: X-Signature, secret: env:SIGNED_SECRET}
event_key: id
mapping: {number: {field: phone, region: RU}, script: Заявка}
"""
TOKEN, SECRET = "shop-token-0123456789", "a-secret-of-the-signed-source"
SOON_S = 12  # before the crowd's own time is over
LEAD = json.dumps({"id": "1", "phone": "+7 999 000-00-01"}).encode()


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crowds")
    gateway = Running(folder, databases.new_file(folder))
    gateway.environ["WEB_CONCURRENCY"] = "1"
    (folder / "secrets.env").write_text(f"SHOP_TOKEN={TOKEN}\nSIGNED_SECRET={SECRET}\n")
    (folder / "secrets.env").chmod(0o600)
    (gateway.sources / "shop.yaml").write_text(SHOP)
    (gateway.sources / "signed.yaml").write_text(SIGNED)
    with gateway:
        until(lambda: "signed" in gateway.flask("sources", "list")[1])
        yield gateway


@pytest.fixture(scope="module", autouse=True)
def late(running):
    """A line that proves itself in its head and says half of its body; its time runs while the others are looked at."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=120) as line:
        head = f"POST /hooks/shop?token={TOKEN} HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 80\r\n\r\n"
        line.sendall(head.encode() + b"x" * 40)
        yield line, time.monotonic()


@contextlib.contextmanager
def crowd(running, path: str, lines: int = 130):
    """So many lines, each with the head of a request and half of its body."""
    with contextlib.ExitStack() as opened:
        for _ in range(lines):
            line = opened.enter_context(socket.create_connection(("127.0.0.1", running.port), timeout=120))
            line.sendall(
                f"POST {path} HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 80\r\n\r\n".encode() + b"x" * 40
            )
        yield


def answered_within(running, seconds: float, path: str, headers: dict[str, str] | None = None) -> int:
    began = time.monotonic()
    status, _ = running.ask(urllib.request.Request(running.url + path, headers=headers or {}))
    assert time.monotonic() - began < seconds
    return status


def everybody_else_is_answered(running):
    api = {"Authorization": f"Bearer {running.environ['API_TOKEN']}"}
    assert answered_within(running, SOON_S, "/healthz") == 200
    assert answered_within(running, SOON_S, "/api/leads", api) == 200
    assert answered_within(running, SOON_S, "/console/sign-in") in (200, 302, 404)
    asked = urllib.request.Request(f"{running.url}/hooks/shop?token={TOKEN}", data=LEAD)
    asked.add_header("Content-Type", "application/json")
    until(lambda: running.ask(asked)[0] == 200, SOON_S)


def test_130_half_bodies_without_the_token_silence_nobody(running):
    with crowd(running, "/hooks/shop"):
        everybody_else_is_answered(running)


def test_nor_do_130_half_bodies_whose_proof_would_be_in_the_rest(running):
    with crowd(running, "/hooks/signed"):
        everybody_else_is_answered(running)
    right = hmac.new(SECRET.encode(), LEAD, hashlib.sha256).hexdigest()
    asked = urllib.request.Request(f"{running.url}/hooks/signed", data=LEAD, headers={"X-Signature": right})
    asked.add_header("Content-Type", "application/json")
    until(lambda: running.ask(asked)[0] == 200)


def test_400_wrong_tokens_are_slowed_and_said_in_the_log(running):
    wrong = urllib.request.Request(running.url + "/api/leads", headers={"Authorization": "Bearer " + "x" * 20})
    began = time.monotonic()
    statuses = {running.ask(wrong)[0] for _ in range(34)}
    assert statuses <= {401, 429}
    if time.monotonic() - began < 10:  # as many as that within one window
        assert time.monotonic() - began >= 2 * 0.5
        assert "wrong_api_tokens" in running.log
    assert "x" * 20 not in running.log


def test_a_body_that_comes_too_late_is_told_so_and_its_lead_is_not_taken(running, late):
    line, began = late
    answer = b"".join(iter(lambda: line.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in head
    assert json.loads(body)["title"] == "the body did not arrive within 15 s; send again"
    assert time.monotonic() - began >= 15
    asked = urllib.request.Request(f"{running.url}/hooks/shop?token={TOKEN}", data=LEAD)
    asked.add_header("Content-Type", "application/json")
    assert running.ask(asked)[0] == 200  # and its sender may send again
