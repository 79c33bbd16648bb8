"""What lies before the first byte: TLS, the owner's proxy, and an environment that must not matter."""

import socket
import threading
import time

import pytest

from wire.clocks import CLOCKS
from wire.post import NotSent, Post

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
GREETING = b"HTTP/1.1 200 Connection established\r\n\r\n"


SOON_S = 60.0  # for what ends by a short time-out, on a busy machine; without it, it would take PATIENT_MS or for ever
PATIENT_MS = 120_000


def send(url, **options):
    timeouts = {"connect_timeout_ms": PATIENT_MS, "total_timeout_ms": PATIENT_MS}
    return Post(url, {"Authorization": "our-key"}, **{**timeouts, **options}).send(b"{}", CLOCKS.start())


def test_over_tls_a_trusted_provider_is_reached(peer, tls):
    context, authority = tls()
    provider = peer(WHOLE, tls=context)
    assert send(provider.url, ca_file=authority).status == 200
    assert len(provider.requests) == 1


def test_an_untrusted_certificate_is_not_sent(peer, tls):
    context, _ = tls()
    provider = peer(WHOLE, tls=context)
    ended = send(provider.url)
    assert ended.how == "tls"
    assert "certificate is not trusted" in ended.why
    assert provider.requests == []


def test_a_certificate_of_another_name_is_not_sent(peer, tls):
    context, authority = tls("DNS:somebody.else")
    provider = peer(WHOLE, tls=context)
    ended = send(provider.url, ca_file=authority)
    assert (ended.how, provider.requests) == ("tls", [])
    assert "somebody.else" in ended.why or "not valid for" in ended.why


@pytest.mark.parametrize(
    ("script", "how"),
    [("plain", "tls"), ("reset", "tls or unreachable"), ("close", "tls"), ("hang", "connect_timeout")],
)
def test_a_handshake_that_fails_is_not_sent(script, how, peer, tls, hang, reset_connection):
    _, authority = tls()
    scripts = {"plain": WHOLE, "close": b"", "hang": lambda c: (c.recv(65536), hang(c)), "reset": reset_connection}
    provider = peer(scripts[script], reads=False)
    short = 600 if script == "hang" else PATIENT_MS
    began = time.monotonic()
    # A reset may come before the connect has returned.
    ended = send(provider.url.replace("http:", "https:"), ca_file=authority, connect_timeout_ms=short)
    assert ended.how in how.split(" or ")
    assert time.monotonic() - began < SOON_S


def test_a_dripping_handshake_ends_at_the_connect_timeout(peer, tls):
    _, authority = tls()

    def drip(connection):
        connection.sendall(b"\x16\x03\x03\x40\x00")
        while True:
            connection.sendall(b"\x02")
            time.sleep(0.05)

    began = time.monotonic()
    url = peer(drip, reads=False).url.replace("http:", "https:")
    ended = send(url, ca_file=authority, connect_timeout_ms=600)
    assert isinstance(ended, NotSent)
    assert time.monotonic() - began < SOON_S


@pytest.mark.parametrize(("raw", "how"), [(b"", "closed"), (WHOLE[:-1], "closed")])
def test_over_tls_a_cut_reply_is_unknown(raw, how, peer, tls):
    context, authority = tls()
    assert send(peer(raw, tls=context).url, ca_file=authority).how == how


def test_over_tls_a_hanging_and_a_resetting_provider_are_unknown(peer, tls, hang, reset_connection):
    context, authority = tls()
    hanging = send(peer(hang, tls=context).url, ca_file=authority, total_timeout_ms=500)
    cut = send(peer(reset_connection, tls=context).url, ca_file=authority)
    assert hanging.how == "no_answer"
    assert cut.how in ("reset", "closed")  # OpenSSL tells some resets as an end of file


def test_a_file_of_authorities_that_is_none_stops_the_start(tmp_path):
    (tmp_path / "ca.pem").write_text("nothing")
    for path in (tmp_path / "ca.pem", tmp_path / "missing.pem"):
        with pytest.raises(ValueError, match="authorities"):
            send("https://127.0.0.1/", ca_file=str(path))


# The environment --------------------------------------------------------------------------------------


@pytest.fixture
def hostile_environment(monkeypatch, peer, tmp_path, tls):
    """Everything by which requests or OpenSSL would let the environment take part."""
    proxy = peer(WHOLE)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv(name.lower(), f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", "")
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login stranger password stranger\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))
    _, authority = tls()
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, authority)
    return proxy


def test_the_environment_changes_neither_key_nor_way(hostile_environment, peer):
    provider = peer(WHOLE)
    assert send(provider.url).status == 200
    assert b"\r\nAuthorization: our-key\r\n" in provider.requests[0]
    assert provider.requests[0].count(b"Authorization") == 1
    assert hostile_environment.accepted == 0


def test_the_environment_does_not_make_a_certificate_trusted(hostile_environment, peer, tls):
    context, _ = tls()
    provider = peer(WHOLE, tls=context)
    assert send(provider.url).how == "tls"
    assert hostile_environment.accepted == 0


# The owner's proxy ------------------------------------------------------------------------------------


def relay(heads, target_port):
    """A proxy that opens a tunnel to `target_port` and keeps what it was asked."""

    def script(connection):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.recv(1)
        heads.append(head)
        connection.sendall(GREETING)
        with socket.create_connection(("127.0.0.1", target_port)) as onward:
            back = threading.Thread(target=pump, args=(onward, connection), daemon=True)
            back.start()
            pump(connection, onward)
            back.join(2)

    return script


def pump(origin, target):
    while piece := origin.recv(65536):
        target.sendall(piece)
    target.shutdown(socket.SHUT_WR)


def test_through_a_proxy_https_goes_in_a_tunnel_that_never_sees_the_key(peer, tls):
    context, authority = tls()
    provider, heads = peer(WHOLE, tls=context), []
    proxy = peer(relay(heads, provider.port), reads=False)
    ended = send(provider.url, ca_file=authority, proxy=f"http://user:p%40ss@127.0.0.1:{proxy.port}")
    assert ended.status == 200
    assert heads[0].startswith(b"CONNECT 127.0.0.1:%d HTTP/1." % provider.port)
    assert b"Proxy-Authorization: Basic dXNlcjpwQHNz\r\n" in heads[0]
    assert b"our-key" not in heads[0]
    assert b"Proxy-Authorization" not in provider.requests[0]


def test_through_a_proxy_http_names_the_whole_address(peer):
    proxy = peer(WHOLE)
    ended = send("http://voice.invalid/api/lido/send/", proxy=f"http://127.0.0.1:{proxy.port}")
    assert ended.status == 200
    assert proxy.requests[0].startswith(b"POST http://voice.invalid/api/lido/send/ HTTP/1.1\r\n")
    assert b"\r\nHost: voice.invalid\r\n" in proxy.requests[0]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 407 Who are you\r\n\r\n",
        b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n",
        b"",
        b"garbage\r\n\r\n",
        None,
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_not_sent(answer, peer, hang):
    proxy = peer(hang if answer is None else answer)
    began = time.monotonic()
    short = 600 if answer is None else PATIENT_MS
    ended = send("https://voice.invalid/", proxy=f"http://127.0.0.1:{proxy.port}", connect_timeout_ms=short)
    assert ended.how == "proxy"
    assert time.monotonic() - began < SOON_S
    assert b"our-key" not in proxy.requests[0]


def test_a_proxy_that_is_not_there_is_not_sent(refused_port):
    assert send("http://127.0.0.1/", proxy=f"http://127.0.0.1:{refused_port}").how == "proxy"


@pytest.mark.parametrize(
    "proxy", ["https://u:secret@host", "socks5://u:secret@host", "host:3128", "http://u:секрет@host"]
)
def test_a_proxy_that_cannot_be_is_refused_without_its_value(proxy):
    with pytest.raises(ValueError, match="proxy as http") as refused:
        send("http://127.0.0.1/", proxy=proxy)
    assert "secret" not in str(refused.value)
    assert "секрет" not in str(refused.value)
