"""The shipped nginx and Caddy: what reaches the application, what stands in their logs, whom they answer."""

import contextlib
import json
import re
import socketserver
import subprocess
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from tests.deploy.proxy import DOMAIN, Caddy, Named, Nginx
from tests.deploy.served import ask

CANARY = "canary-0f3a9c41d77e"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        said = {"line": self.requestline, "headers": self.headers.items(), "body": body.decode()}
        raw = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_POST = do_PUT = do_GET

    def log_message(self, *_):
        pass


class Echo(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """An application that answers with the request it got."""

    daemon_threads = True


@contextlib.contextmanager
def served(front, path):
    """The proxy with the echo behind it, and `upstream`, which can be taken away."""
    with Echo(str(path), Handler) as upstream:
        threading.Thread(target=upstream.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        with front:
            front.upstream = upstream
            yield front
        upstream.shutdown()


@pytest.fixture(params=[Nginx, Caddy], ids=lambda kind: kind.__name__.lower())
def proxy(request, tmp_path):
    (tmp_path / "front").mkdir()
    with served(request.param(tmp_path / "front", tmp_path / "web.sock"), tmp_path / "web.sock") as front:
        yield front


def echoed(proxy, method, path, body=None, **headers):
    status, whole = ask(proxy.tls(), method, path, body, **headers)
    assert status == 200, whole
    return json.loads(re.search(rb"\{.*\}", whole, re.DOTALL).group())


def test_the_tools_own_check_finds_nothing(tmp_path):
    asked = subprocess.run(Nginx(tmp_path, tmp_path / "web.sock").command("-t"), capture_output=True, text=True)
    said = [line for line in asked.stderr.splitlines() if "syntax is ok" not in line and "is successful" not in line]
    assert (asked.returncode, said) == (0, [])
    caddy = Caddy(tmp_path, tmp_path / "web.sock")
    asked = subprocess.run(caddy.command("validate"), env=caddy.environ, capture_output=True, text=True)
    assert asked.returncode == 0, asked.stderr


def test_path_query_and_body_arrive_as_they_were_sent(proxy):
    path = "/hooks/shop/%D0%B0%2Fb?b=%2B7&a=1&x=a%20b+c&=&&"
    told = echoed(proxy, "POST", path, b'{"phone":"+7 999"}')
    assert (told["line"].split()[1], told["body"]) == (path, '{"phone":"+7 999"}')


def test_forwarded_headers_are_the_proxys_own(proxy):
    spoofed = {"X_Forwarded_For": "10.1.1.1", "X_Forwarded_Proto": "http", "X_Forwarded_Host": "evil.example"}
    told = echoed(proxy, "GET", "/", None, **spoofed, Script_Name="/hooks")
    headers = {name.lower(): value for name, value in told["headers"]}
    assert len(headers) == len(told["headers"])
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "https"
    assert headers["x-forwarded-host"].split(":")[0] == DOMAIN
    assert "script-name" not in headers


def test_metrics_are_for_this_machine(proxy):
    assert echoed(proxy, "GET", "/metrics")["line"].startswith("GET /metrics ")


def test_without_tls_a_hook_is_told_so_and_never_sent_elsewhere(proxy):
    for method in ("POST", "GET", "PUT"):
        for path in ("/hooks/shop", "/hooks/shop/rest?token=x"):
            status, whole = ask(proxy.plain(), method, path, b"{}" if method != "GET" else None)
            assert (status, b"use https" in whole, b"ocation:" in whole) == (403, True, False), (method, path)
    assert ask(proxy.plain(), "POST", "/api/leads", b"{}")[0] == 403
    status, whole = ask(proxy.plain(), "GET", "/login?next=a")
    assert (status, f"ocation: https://{DOMAIN}/login?next=a".encode() in whole) == (301, True)


def statuses_of_strange_hosts(proxy):
    """What comes for a name that is not ours: in the Host, in TLS, in the line itself."""
    strange = ["evil.example", "127.0.0.1", "localhost", f"{DOMAIN}.evil.example", f"x.{DOMAIN}", "", "a b", "[::1]"]
    seen = []
    for host in strange:
        seen.append(ask(proxy.plain(), "POST", "/hooks/shop", b"{}", Host=host)[0])
        seen.append(ask(proxy.tls(), "POST", "/hooks/shop", b"{}", Host=host)[0])  # a known name in TLS, another here
        seen.append(ask(Named(proxy.https, host or None), "POST", "/hooks/shop", b"{}", Host=host or DOMAIN)[0])
    for line in (f"GET http://evil.example/healthz HTTP/1.1\r\nHost: {DOMAIN}", "GET /healthz HTTP/1.0"):
        seen += [raw(front, line + "\r\n\r\n") for front in (proxy.plain(), proxy.tls())]
    return seen


def test_an_unknown_host_is_never_answered_2xx(proxy):
    seen = statuses_of_strange_hosts(proxy)
    assert len(seen) == 28
    assert [status for status in seen if 200 <= status < 300] == []


def test_a_site_that_answers_to_any_name_would_be_found(tmp_path):
    front = Nginx(tmp_path, tmp_path / "web.sock")
    site = tmp_path / "site.conf"
    site.write_text(site.read_text().replace("return 444;", "return 200;"))
    with served(front, tmp_path / "web.sock"):
        assert statuses_of_strange_hosts(front).count(200) >= 8


def test_the_known_host_is_answered(proxy):
    assert echoed(proxy, "GET", "/healthz", None, Host=DOMAIN.upper())["line"].startswith("GET /healthz")


def raw(front, text):
    """The status of an answer to these bytes; 0 when none came."""
    try:
        with front.open() as connection:
            connection.settimeout(1)  # what is not whole gets no answer for long
            connection.sendall(text.encode())
            got = connection.recv(65_536)
    except OSError:
        return 0
    return int(got.split()[1]) if got.startswith(b"HTTP/1.") else 0


def leaks(proxy):
    """Every log line that holds the canary, after good days and bad ones."""
    tell_everything(proxy)
    proxy.upstream.shutdown()
    proxy.upstream.server_close()
    assert ask(proxy.tls(), "GET", "/healthz")[0] == 502
    tell_everything(proxy)
    proxy.stop()
    return [(name, line) for name, log in proxy.written().items() for line in log.splitlines() if CANARY in line]


def test_no_log_holds_a_token_also_when_the_application_is_away(proxy):
    assert leaks(proxy) == []
    access = proxy.written()["leads-access.log"]
    assert access.count("/hooks/shop") >= 8
    assert " 502 " in access or '"status":502' in access


def test_a_log_at_its_usual_level_would_be_found(tmp_path):
    front = Nginx(tmp_path, tmp_path / "web.sock")
    site = tmp_path / "site.conf"
    site.write_text(site.read_text().replace("-error.log crit;", "-error.log error;"))
    with served(front, tmp_path / "web.sock"):
        assert {name for name, _ in leaks(front)} == {"leads-error.log"}


def tell_everything(proxy):
    """The canary wherever a sender may put a secret, well and badly formed."""
    known = f"Host: {DOMAIN}\r\n"
    for front in (proxy.plain, proxy.tls):
        for path in (
            f"/hooks/shop?token={CANARY}",
            f"/hooks/shop/{CANARY}?x=1",
            f"/hooks/shop%3Ftoken={CANARY}",
            f"/hooks/shop%2F{CANARY}",
            f"//hooks//shop//{CANARY}",
            f"/hook/{CANARY}",
            f"/a/../hooks/shop/{CANARY}",
            f"/login?token={CANARY}",
            f"/hooks/shop?token={CANARY}&order=" + "9" * 70_000,
        ):
            ask(front(), "POST", path, b"{}", Referer=f"https://{DOMAIN}/?token={CANARY}", Cookie=f"session={CANARY}")
        ask(front(), "GET", f"/hooks/shop?token={CANARY}", None, Authorization=f"Bearer {CANARY}")
        ask(front(), "POST", f"/hooks/shop?token={CANARY}", b"{}", Host="evil.example")
        for text in (
            f"GET /hooks/shop?token={CANARY} HTTP/9.9\r\n\r\n",
            f"GET /hooks/shop?token={CANARY}\x01 HTTP/1.1\r\n{known}\r\n",
            f"POST /hooks/shop?token={CANARY} HTTP/1.1\r\n{known}Content-Length: x\r\n\r\n",
            f"POST /hooks/shop?token={CANARY} HTTP/1.0\r\n{known}Content-Length: 9\r\n\r\n",
            f"{CANARY} /hooks/shop HTTP/1.1\r\n{known}\r\n",
        ):
            raw(front(), text)
