"""What clients say, rightly and wrongly, and gunicorn's own reading of it."""

from gunicorn.config import Config
from gunicorn.http.errors import NoMoreData
from gunicorn.http.parser import RequestParser

CLIENT = ("127.0.0.1", 5000)


def config():
    """As gunicorn.conf.py has what the parser asks."""
    made = Config()
    made.set("limit_request_line", 8190)
    made.set("forwarder_headers", "")
    return made


def post(path: str, *lines: str, body: bytes = b"", method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: a.test", *lines, "", ""]).encode("latin-1") + body


CHUNKED = "Transfer-Encoding: chunked"
GET = b"GET /second HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"
SAID = {
    "a body": post("/a?b=c", "Content-Length: 11", "Connection: close", body=b"hello world"),
    "two requests": post("/a", "Content-Length: 5", body=b"hello" + GET),
    "three requests": post("/a", "Content-Length: 0", body=post("/b", CHUNKED, body=b"1\r\na\r\n0\r\n\r\n" + GET)),
    "an empty line before": b"\r\n" + GET,
    "two empty lines before": b"\r\n\r\n" + GET,
    "no body": GET,
    "HEAD": post("/a", method="HEAD") + GET,
    "HTTP/1.0": b"POST /a HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc" + GET,
    "HTTP/1.0 kept": b"POST /a HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc" + GET,
    "HTTP/2.0": b"GET / HTTP/2.0\r\nHost: a\r\n\r\n",
    "chunks": post("/a", CHUNKED, body=b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n" + GET),
    "one chunk for each byte": post("/a", CHUNKED, body=b"1\r\na\r\n" * 40 + b"0\r\n\r\n" + GET),
    "a chunk with an extension": post("/a", CHUNKED, body=b'5;a=b;c="d e"\r\nhello\r\n0\r\n\r\n' + GET),
    "trailers": post("/a", CHUNKED, body=b"5\r\nhello\r\n0\r\nX-A: b\r\nX-C: d\r\n\r\n" + GET),
    "a forbidden trailer": post("/a", CHUNKED, body=b"5\r\nhello\r\n0\r\nHost: b\r\n\r\n" + GET),
    "a chunk that is none": post("/a", CHUNKED, body=b"zz\r\nhello\r\n0\r\n\r\n" + GET),
    "a chunk longer than it says": post("/a", CHUNKED, body=b"3\r\nhello\r\n0\r\n\r\n" + GET),
    "a chunk shorter than it says": post("/a", CHUNKED, body=b"9\r\nhello\r\n0\r\n\r\n" + GET),
    "a size with a sign": post("/a", CHUNKED, body=b"+5\r\nhello\r\n0\r\n\r\n" + GET),
    "length and chunks": post("/a", CHUNKED, "Content-Length: 5", body=b"0\r\n\r\n" + GET),
    "two lengths": post("/a", "Content-Length: 0", "Content-Length: 5", body=b"hello" + GET),
    "a length that is none": post("/a", "Content-Length: +5", body=b"hello" + GET),
    "a coding of its own": post("/a", "Transfer-Encoding: xchunked", body=b"0\r\n\r\n" + GET),
    "a coding twice": post("/a", "Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n" + GET),
    "no coding at the end": post("/a", "Transfer-Encoding: gzip", body=b"0\r\n\r\n" + GET),
    "no host twice": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + GET,
    "an underscore": post("/a", "X_Forwarded_For: 1.2.3.4", "Content-Length: 0") + GET,
    "a folded header": post("/a", "X-A: b\r\n c", "Content-Length: 0") + GET,
    "a line end alone": b"GET / HTTP/1.1\nHost: a\n\n" + GET,
    "a line end alone later": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n" + GET,
    "a long line": post("/" + "a" * 8300, "Content-Length: 0") + GET,
    "a line of the most": post("/" + "a" * 8000, "Content-Length: 0") + GET,
    "a long header": post("/a", "X-A: " + "b" * 9000, "Content-Length: 0") + GET,
    "many headers": post("/a", *(f"X-{n}: b" for n in range(120)), "Content-Length: 0") + GET,
    "raw letters": "GET /имя HTTP/1.1\r\nHost: a\r\n\r\n".encode() + GET,
    "no request": b"hello\r\n\r\n" + GET,
    "a small method": b"get / HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
    "CONNECT": b"CONNECT a.test:80 HTTP/1.1\r\nHost: a\r\n\r\n" + GET,
    "expecting": post("/a", "Expect: 100-continue", "Content-Length: 5", body=b"hello" + GET),
    "expecting more": post("/a", "Expect: the unexpected", "Content-Length: 5", body=b"hello" + GET),
    "of a proxy": post("/a", "X-Forwarded-Proto: https", "Content-Length: 2", body=b"ab" + GET),
    "nothing": b"",
}  # fmt: skip


def by_gunicorn(data: bytes) -> list[object]:
    """What gunicorn's own parser makes of the bytes of a line that then ends."""
    said: list[object] = []
    parser = RequestParser(config(), iter([data]), CLIENT)
    try:
        for request in parser:
            try:
                body = request.body.read()
            except Exception as why:
                return [*said, told(request, type(why).__name__)]
            said.append(told(request, body))
    except NoMoreData:
        return said
    except Exception as why:
        return [*said, type(why).__name__]
    return said


def told(request, body):
    return request.method, request.uri, request.scheme, request.headers, body
