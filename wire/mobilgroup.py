"""Mobilgroup's dialect: one call is one POST, and a reply proves no more than `judge` says."""

import json
import logging
from collections.abc import Callable
from dataclasses import replace

from core.outcome import ACCEPTED, NOT_SENT, REFUSED, UNKNOWN, Outcome
from core.ports import Call, Start, Voice
from schemas.voice_mobilgroup import ERROR, OK, read_reply, request_body
from wire.clocks import CLOCKS, Clocks
from wire.post import NoAnswer, NotSent, Post, Trace

_log = logging.getLogger(__name__)
REPLY_KEPT = 4096  # bytes of a reply kept as evidence


class Mobilgroup:
    """The account at the provider: an address and one of its three ways to say who is asking. In many threads at once.

    A key goes where `auth` says: `header` (the bare key in Authorization) or `body`; login and password always
    go in the body. Time-outs in seconds, and `ca_file`, `proxy`, `trace`, as `wire.post.Post` takes them.
    Raises ValueError naming the setting, never its value.
    """

    def __init__(
        self,
        url: str,
        auth: str = "header",
        *,
        key: str | None = None,
        login: str | None = None,
        password: str | None = None,
        connect_timeout: float = 3.0,
        total_timeout: float = 20.0,
        ca_file: str | None = None,
        proxy: str | None = None,
        clocks: Clocks = CLOCKS,
        trace: Trace | None = None,
    ) -> None:
        headers, self._security = _asking(auth, key, login, password)
        self._secrets = [spelled for secret in (key, password) if secret for spelled in _spellings(secret)]
        self._post = Post(
            url,
            {"User-Agent": "lead-to-call", "Content-Type": "application/json", "Accept": "application/json", **headers},
            connect_timeout=connect_timeout,
            total_timeout=total_timeout,
            ca_file=ca_file,
            proxy=proxy,
            clocks=clocks,
            trace=trace,
        )

    def place(self, call: Call, start: Start) -> Outcome:
        """One POST at most, over by `start` + the total time-out. Never raises for what a network can do;
        ValueError, with nothing sent, for a call that breaks the provider's form (a bug of ours)."""
        ended = self._post.send(request_body(call.number, call.script, call.sms, self._security), start)
        if isinstance(ended, NotSent):
            return Outcome(NOT_SENT, ended.how, error=ended.why)
        if isinstance(ended, NoAnswer):
            return Outcome(UNKNOWN, ended.how, http_status=ended.status, reply=self._kept(ended.body))
        try:
            outcome = judge(ended.status, ended.body, call.number)
        except Exception as failure:  # a bug of ours, but the call has left: nothing may make it look unsent
            _log.error("a reply could not be judged: %s", type(failure).__name__)  # its text may show the reply
            outcome = Outcome(UNKNOWN, "odd_reply", http_status=ended.status)
        error = self._hide(outcome.error.encode()).decode() if outcome.error else None
        return replace(outcome, reply=self._kept(ended.body), error=error)

    def _kept(self, body: bytes) -> bytes:
        return self._hide(body)[:REPLY_KEPT]

    def _hide(self, text: bytes) -> bytes:
        """A provider may say "wrong key ..." and name it."""
        for secret in self._secrets:
            text = text.replace(secret, b"***")
        return text


def judge(status: int, body: bytes, asked: str) -> Outcome:
    """What a reply that came to its end proves about the call to `asked`.

    `ok` under 200 is accepted, `error` under 200 or 4xx is refused, everything else is unknown. A body
    that only the connection's close ended may be cut, but then it is no JSON object: an object closes itself.
    """
    said = read_reply(body, asked)
    if said is not None and said.number_differs:
        how = "odd_reply" if status == 200 else "http_status"
        return Outcome(UNKNOWN, how, http_status=status, number_differs=True)
    if said is not None and said.result == OK and status == 200:
        return Outcome(
            ACCEPTED,
            irregular=said.irregular,
            http_status=status,
            provider_id=said.provider_id,
            price=said.price,
        )
    if said is not None and said.result == ERROR and (status == 200 or 400 <= status < 500):
        return Outcome(REFUSED, http_status=status, error=said.error)
    return Outcome(UNKNOWN, "odd_reply" if status == 200 else "http_status", http_status=status)


def _asking(
    auth: str, key: str | None, login: str | None, password: str | None
) -> tuple[dict[str, str], dict[str, str] | None]:
    """The headers and the body's `security` section of this account."""
    if auth not in ("header", "body"):
        raise ValueError("expected VOICE_API_AUTH as header or body")
    if key and auth == "body":
        return {}, {"apiKey": key}
    if key:
        if not (key.isascii() and key.isprintable() and key == key.strip()):
            raise ValueError(
                "VOICE_API_KEY cannot stand in a header: expected printable ASCII without blanks around it"
            )
        return {"Authorization": key}, None
    if login and password:
        return {}, {"login": login, "password": password}
    raise ValueError("expected VOICE_API_KEY, or VOICE_API_LOGIN and VOICE_API_PASSWORD")


def _spellings(secret: str) -> set[bytes]:
    """A secret as a reply may repeat it: as it is, and as JSON writes it."""
    return {
        spelled.encode() for spelled in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    }


PROVIDERS: dict[str, Callable[..., Voice]] = {"mobilgroup": Mobilgroup}
