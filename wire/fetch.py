"""One guarded question to the owner's CRM.

Only the host of the owner's `base` is asked: nothing out of a payload can change it, no redirect is
followed, no proxy, cookie or .netrc of the environment is used, and the whole exchange, a drip of a
byte a second too, ends in time. The host may be http, loopback or private: the owner wrote it.
"""

import re
import ssl
from urllib.parse import unquote, urlsplit

from core.ports import Answer, Question
from wire.clocks import CLOCKS, Clocks
from wire.exchange import ask, request_of
from wire.line import Line, NotYet, Route
from wire.post import tls_context

REPLY_LIMIT = 256_000  # bytes of one answer, its headers included
CONNECT_MS, TOTAL_MS = 3_000, 8_000
LONGEST_WAIT_MS = 600_000  # a CRM may ask us to come back later; not for ever

# Letters, digits and what percent-encoding leaves; no blank, control sign, backslash, `@` or `#`.
_TARGET = re.compile(r"/[A-Za-z0-9._~:,()=/%-]*(?:\?[A-Za-z0-9._~%=&-]*)?")
_LIMITS = (b"QUERY_LIMIT_EXCEEDED", b"OPERATION_TIME_LIMIT")  # Bitrix24's words, under several statuses
_UNKNOWN = b"NOT_FOUND"  # Bitrix24 again, under 400


class GuardedCrm:
    """Asks any of the owner's CRMs. In many threads at once; each question has a connection of its own.

    `total_timeout_ms` bounds one question from its start to the end of its answer, `connect_timeout_ms` what comes
    before its first byte."""

    def __init__(
        self, *, connect_timeout_ms: int = CONNECT_MS, total_timeout_ms: int = TOTAL_MS, clocks: Clocks = CLOCKS
    ) -> None:
        self._connect_ms, self._total_ms, self._clocks = connect_timeout_ms, total_timeout_ms, clocks
        self._tls: ssl.SSLContext | None = None

    def ask(self, question: Question) -> Answer:
        """One question. Never raises for what a network can do, nor for what stands in a question."""
        try:
            route, target = self._route(question)
            request = _request(question, target)
        except ValueError:  # requests' own are ValueErrors too, and quote what they refuse
            return Answer("odd", how="bad_question")
        line = Line(
            route, self._clocks, self._clocks.start(), self._connect_ms, self._total_ms, None, reply_limit=REPLY_LIMIT
        )
        try:
            return _exchange(line, question.method, request)
        except NotYet as stopped:
            return Answer("silent", how=stopped.how)
        except Exception:  # http.client's own for what is no HTTP, an OSError for what the line met
            if line.ended in ("no_answer", "reset", "closed"):
                return Answer("silent", how=line.ended)
            return Answer("odd", how="too_long" if line.ended else "no_http")
        finally:
            line.hang_up()

    def _route(self, question: Question) -> tuple[Route, str]:
        """The connection and the path to ask for. ValueError for a question that could lead elsewhere."""
        base = urlsplit(question.base)
        target = base.path.rstrip("/") + question.target
        host = base.hostname
        if base.scheme not in ("http", "https") or not host or base.username is not None or base.query or base.fragment:
            raise ValueError
        path = unquote(target.partition("?")[0])
        if not question.target.startswith("/") or "//" in path or not _TARGET.fullmatch(target):
            raise ValueError
        if any(part in (".", "..") for part in re.split(r"[/\\]", path)):
            raise ValueError
        return Route(host, base.port or (443 if base.scheme == "https" else 80), self._context(base.scheme)), target

    def _context(self, scheme: str) -> ssl.SSLContext | None:
        if scheme == "http":
            return None
        if self._tls is None:
            self._tls = tls_context(None)
        return self._tls


def _request(question: Question, target: str) -> bytes:
    """`requests` writes the headers; the address it would write is not used."""
    import requests

    headers = {name: value for name, value in question.headers}
    headers |= {"Host": urlsplit(question.base).netloc, "Accept": "application/json", "User-Agent": "lead-to-call"}
    headers |= {"Accept-Encoding": "identity", "Connection": "close"}
    if question.body is not None:
        headers["Content-Type"] = "application/json"
    made = requests.Request(question.method, question.base, headers=headers, data=question.body).prepare()
    written = {name: str(value) for name, value in made.headers.items()}
    return request_of(str(made.method), target, written, question.body or b"")


def _exchange(line: Line, method: str, request: bytes) -> Answer:
    reply = ask(line, method, request)
    body = reply.whole(REPLY_LIMIT)
    if not body and line.ended == "closed" and reply.status == 200:
        return Answer("silent", reply.status, "closed")
    return classify(reply.status, body, reply.headers.get("Retry-After", ""))


def classify(status: int, body: bytes, retry_after: str = "") -> Answer:
    """What a reply that came to its end means; whether its body is JSON is for the reader to find out."""
    wait_ms = int(retry_after) * 1000 if re.fullmatch(r"[0-9]{1,6}", retry_after.strip()) else 0
    if status in (429, 503) or (status != 200 and any(limit in body[:2000] for limit in _LIMITS)):
        return Answer("busy", status, retry_after_ms=min(wait_ms, LONGEST_WAIT_MS))
    if status in (401, 403):
        return Answer("token", status)
    if status in (204, 404, 410) or (status == 400 and _UNKNOWN in body[:2000]):
        return Answer("nothing", status)
    if status == 200 and body.strip():
        return Answer("told", status, body=body)
    return Answer("odd", status, "redirect" if 300 <= status < 400 else "status")
