"""What a provider's file declares, and how every dialect is spoken: one POST, its ending told exactly.

A dialect says what is asked and what a whole reply proves. All that keeps a person from being rung twice
stands here and in `wire.post`, and is the same for all of them.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import quote, quote_plus

from core.account.trouble import MOST_IN_FLIGHT
from core.account.wanted import WantedAccount
from core.outcome import NOT_SENT, UNKNOWN, Outcome
from core.ports import Account, Call, Start
from wire.clocks import CLOCKS, Clocks
from wire.post import NoAnswer, NotSent, Post, Trace

_log = logging.getLogger(__name__)
REPLY_KEPT = 4096  # bytes of a reply kept as evidence


class Dialect(Protocol):
    """How one account asks, and how it is answered. Used in many threads at once."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Those of every request, Content-Type among them."""
        ...

    def request(self, call: Call) -> bytes:
        """The body that asks for this call. ValueError, without the call's values, for one that cannot be asked."""
        ...

    def judge(self, status: int, body: bytes, call: Call) -> Outcome:
        """What a reply that came to its end proves about the call, and no more: accepted, refused or unknown.

        A body that only the connection's close ended comes here too: a cut reply must prove nothing."""
        ...


@dataclass(frozen=True)
class Provider:
    """What a provider's file declares.

    `ways_in`: the names of what an account says about itself, a tuple for each way; it brings all of one way.
    `speak` makes an account's dialect of these values; ValueError, without a value, where they cannot be used.
    `account_trouble`: a refusal with one of these phrases (`core.account.account_words`) means the account, not
    this one call.
    """

    ways_in: tuple[tuple[str, ...], ...]
    speak: Callable[[Mapping[str, str]], Dialect]
    account_trouble: tuple[str, ...]


class Spoken:
    """A `core.ports.Voice`: one account's dialect over one POST a call."""

    def __init__(self, dialect: Dialect, post: Post, auth: Mapping[str, str], clocks: Clocks = CLOCKS) -> None:
        self._dialect, self._post, self._clocks = dialect, post, clocks
        self._secrets = sorted({spelled for secret in auth.values() for spelled in _spellings(secret)}, key=len)[::-1]

    def place(self, call: Call, start: Start) -> Outcome:
        """One POST at most, over by `start` + the total time-out. Never raises for what a network can do;
        ValueError, with nothing sent, for a call that breaks the provider's form (a bug of ours)."""
        ended = self._post.send(self._dialect.request(call), start)
        if isinstance(ended, NotSent):
            return Outcome(NOT_SENT, ended.how, error=ended.why)
        if isinstance(ended, NoAnswer):
            return Outcome(UNKNOWN, ended.how, http_status=ended.status, reply=self._kept(ended.body))
        try:
            outcome = self._dialect.judge(ended.status, ended.body, call)
        except Exception as failure:  # a bug of ours, but the call has left: nothing may make it look unsent
            _log.error("a reply could not be judged: %s", type(failure).__name__)  # its text may show the reply
            outcome = Outcome(UNKNOWN, "odd_reply", http_status=ended.status)
        if outcome.kind == NOT_SENT:  # a reply came, so something left
            outcome = replace(outcome, kind=UNKNOWN, how="odd_reply")
        error = self._hide(outcome.error.encode()).decode() if outcome.error else None
        off_ms = _clock_off_ms(ended.headers, start.wall, self._clocks.wall())
        return replace(
            outcome, http_status=ended.status, reply=self._kept(ended.body), error=error, clock_off_ms=off_ms
        )

    def _kept(self, body: bytes) -> bytes:
        return self._hide(body)[:REPLY_KEPT]

    def _hide(self, text: bytes) -> bytes:
        """A provider may say "wrong key ..." and name it."""
        for secret in self._secrets:
            text = text.replace(secret, b"***")
        return text


def account_of(
    provider: Provider, wanted: WantedAccount, *, clocks: Clocks = CLOCKS, trace: Trace | None = None
) -> Account:
    """The account that can ring. `trace` is for fault trials, see `wire.post.Post`.

    Raises ValueError, without any value, for an address, a header or a file that cannot be."""
    dialect = provider.speak(wanted.auth)
    post = Post(
        wanted.url,
        {"User-Agent": "lead-to-call", **dialect.headers},
        connect_timeout_ms=wanted.connect_timeout_ms,
        total_timeout_ms=wanted.total_timeout_ms,
        ca_file=wanted.ca_file or None,
        proxy=wanted.proxy or None,
        clocks=clocks,
        trace=trace,
    )
    return Account(
        wanted.name,
        Spoken(dialect, post, wanted.auth, clocks),
        calls_per_s=wanted.calls_per_s,
        total_timeout_ms=wanted.total_timeout_ms,
        slots=wanted.slots,
        most_in_flight=max(MOST_IN_FLIGHT, wanted.slots),
        trouble_words=provider.account_trouble,
    )


def _clock_off_ms(headers: tuple[tuple[str, str], ...], from_s: float, until_s: float) -> int | None:
    """How far the time that a reply names lies outside of the call's own, which may have taken hours where its process
    stood still; seconds are all it names. None where it names none that can be read."""
    said = next((value for name, value in headers if name.lower() == "date"), "")
    try:
        at_s = parsedate_to_datetime(said).timestamp()
    except (ValueError, OverflowError):
        return None
    return int(1000 * (at_s - from_s if at_s < from_s else max(0.0, at_s - until_s)))


def _spellings(secret: str) -> set[bytes]:
    """As it may come back: itself, within a JSON text, within a form."""
    inside_json = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    return {spelled.encode() for spelled in (secret, *inside_json, quote_plus(secret), quote(secret)) if spelled}
