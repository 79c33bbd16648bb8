"""What only a real server shows: bytes that do not arrive whole, lying headers, odd routes."""

import gzip
import http.client
import json
import socket
import urllib.request

import pytest

from tests import databases
from tests.walk.processes import Running

SHOP = """
preset: generic
auth: {secret: env:SHOP_TOKEN}
event_key: id
mapping: {number: {field: phone, region: RU}, script: Заявка}
"""
TOKEN = "shop-token-0123456789"


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    folder = tmp_path_factory.mktemp("http")
    gateway = Running(folder, databases.new_file(folder))
    (folder / "secrets.env").write_text(f"SHOP_TOKEN={TOKEN}\n")
    (folder / "secrets.env").chmod(0o600)
    (gateway.sources / "shop.yaml").write_text(SHOP)
    with gateway:
        yield gateway


def raw(running, data: bytes, *, close_early: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Send these bytes and read the whole answer: status (0: none), headers, body."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as line:
        line.sendall(data)
        if close_early:
            line.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    if not answer:
        return 0, {}, b""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
    return int(lines[0].split()[1]), headers, body


def request(path: str, body: bytes = b"", *more: str, method: str = "POST", length: int | None = None) -> bytes:
    """A length of -1 is not announced."""
    head = [f"{method} {path} HTTP/1.1", "Host: gateway.test", "Connection: close"]
    if length != -1 and (method not in ("GET", "HEAD", "OPTIONS") or body):
        head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*head, *more, "", ""]).encode("utf-8") + body


def lead(id_: str) -> bytes:
    return json.dumps({"id": id_, "phone": "+7 999 000-00-01"}).encode()


def chunked(path: str, body: bytes, *, whole: bool = True) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"%x\r\n" % (len(body) + (0 if whole else 10)) + body + (b"\r\n0\r\n\r\n" if whole else b"")


def leads(running) -> int:
    asked = urllib.request.Request(running.url + "/api/leads?limit=200")
    asked.add_header("Authorization", f"Bearer {running.environ['API_TOKEN']}")
    status, text = running.ask(asked)
    assert status == 200
    return len(json.loads(text)["leads"])


def in_chunks(said: bytes) -> bytes:
    return request(HOOK, said, "Transfer-Encoding: chunked", length=-1)


HOOK = f"/hooks/shop?token={TOKEN}"
KEPT_NOTHING = [
    ("a body cut short", request(HOOK, lead("cut")[:20], length=60), 400),
    ("a chunked body cut short", chunked(HOOK, lead("cut")[:20], whole=False), 400),
    ("a chunk that is none", in_chunks(b"zz\r\nhello\r\n0\r\n\r\n"), 400),
    ("a chunk longer than it says", in_chunks(b"3\r\nhello\r\n0\r\n\r\n"), 400),
    ("a body over the limit", request(HOOK, b"x" * 256_001), 413),
    ("a chunked body over the limit", chunked(HOOK, b"x" * 256_001), 413),
    ("a compressed body", request(HOOK, gzip.compress(lead("gz")), "Content-Encoding: gzip"), 415),
    ("a wrong token", request("/hooks/shop?token=wrong", lead("x")), 401),
    ("no token", request("/hooks/shop", lead("x")), 401),
    ("a name that never was a source", request(f"/hooks/nobody?token={TOKEN}", lead("x")), 404),
    ("a HEAD", request(HOOK, method="HEAD"), 200),
    ("an OPTIONS", request(HOOK, method="OPTIONS"), 200),
    ("a DELETE", request(HOOK, method="DELETE"), 405),
    ("Content-Length and Transfer-Encoding together", request(HOOK, b"0\r\n\r\n", "Transfer-Encoding: chunked"), 400),
    ("a check of the address", request(HOOK, b""), 200),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data"), [(n, d) for n, d, _ in KEPT_NOTHING if n.startswith("a chunk that") or "says" in n]
)
def test_a_bad_chunk_is_the_senders_mistake_not_ours(running, name, data):
    status, _, body = raw(running, data)
    assert (status, json.loads(body)["status"]) == (400, 400)


@pytest.mark.parametrize(("name", "data", "status"), KEPT_NOTHING, ids=[n for n, *_ in KEPT_NOTHING])
def test_nothing_is_kept_and_the_answer_says_why(running, name, data, status):
    before = leads(running)
    answered, _, body = raw(running, data, close_early=True)
    assert answered in ((status, 0) if status == 400 else (status,))  # gunicorn may just close on a cut body
    assert b"Traceback" not in body
    assert leads(running) == before


WAYS = [
    ("in the query", request(HOOK, lead("q"), "Content-Type: application/json")),
    ("with a last slash", request(f"/hooks/shop/?token={TOKEN}", lead("slash"))),
    ("labelled as text", request(HOOK, lead("text"), "Content-Type: text/plain")),
    ("without a type", request(HOOK, lead("untyped"))),
    ("as a form", request(HOOK, b"id=form&phone=%2B79990000001", "Content-Type: application/x-www-form-urlencoded")),
    ("in the query of a GET", request(HOOK + "&id=get&phone=%2B79990000001", method="GET")),
    ("by PUT", request(HOOK, lead("put"), method="PUT")),
    ("by PATCH", request(HOOK, lead("patch"), method="PATCH")),
    ("with a query of 6 kB", request(HOOK + "&note=" + "x" * 6000, lead("long"))),
    ("chunked", chunked(HOOK, lead("chunk"))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data"), WAYS, ids=[n for n, *_ in WAYS])
def test_a_lead_is_taken_however_it_comes(running, name, data):
    status, _, body = raw(running, data)
    assert status == 200, body
    assert json.loads(body)["leads"][0]["duplicate"] is False


LARGE = b"x" * 3_000_000
REFUSED = [
    ("over the limit", request(HOOK, LARGE), 413),
    ("over the limit, chunked", chunked(HOOK, LARGE), 413),
    ("to a name that never was a source", request(f"/hooks/nobody?token={TOKEN}", LARGE), 404),
    ("compressed", request(HOOK, LARGE, "Content-Encoding: gzip"), 415),
    ("without the API's token", request("/api/leads/search", LARGE), 401),
]


@pytest.mark.parametrize(("name", "data", "status"), REFUSED, ids=[n for n, *_ in REFUSED])
def test_who_sends_all_of_a_large_body_before_reading_still_gets_the_answer(running, name, data, status):
    kept = data.replace(b"Connection: close\r\n", b"", 1)  # the line may be used again
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as line:
        line.sendall(kept)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        assert answer.status == status
        answer.read()
        line.sendall(request("/healthz", method="GET"))
        again = http.client.HTTPResponse(line)
        again.begin()
        assert again.status == 200
    assert raw(running, data)[0] == status


def test_a_stranger_cannot_reach_another_route_through_a_header(running):
    data = request("/hooks/healthz", b"", "SCRIPT_NAME: /hooks", method="GET")
    assert raw(running, data)[0] == 404


def test_raw_cyrillic_in_the_address_is_refused_without_a_trace(running):
    status, _, body = raw(running, request("/hooks/shop?token=" + TOKEN + "&имя=Иван", lead("cyr")))
    assert status == 400
    assert b"Traceback" not in body


def test_the_token_and_the_number_stand_in_no_log(running):
    raw(running, request(HOOK, lead("quiet")))
    raw(running, request(f"/hooks/shop?token={TOKEN}x", lead("quiet")))
    assert TOKEN not in running.log
    assert "79990000001" not in running.log
