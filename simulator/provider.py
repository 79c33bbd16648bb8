"""The twin's mind: from a whole request to the plan of its answer. No sockets here."""

import sys
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from urllib.parse import parse_qs

from simulator import judge
from simulator.behaviours import BEHAVIOURS
from simulator.calls import Call, Calls, LogUnwritable
from simulator.choice import Choice, UnknownBehaviour
from simulator.http_request import Head, Request
from simulator.plan import RESET, Plan, Ring, dump, http, page, refused
from simulator.price import price

SEND = "/api/lido/send/"
FIRST_ID = 1234  # the description's example


class Provider:
    """One account at the provider. `say` gets one line for people a call (None: silent)."""

    def __init__(
        self,
        account: judge.Account,
        choice: Choice,
        calls: Calls,
        say: Callable[[str], None] | None = None,
        *,
        names: frozenset[str] = frozenset(),
    ) -> None:
        self._account, self._choice, self._calls, self._say = account, choice, calls, say
        self._next_id, self._names = FIRST_ID, names

    def before_body(self, head: Head) -> Plan | None:
        """The plan for what is not answered as asked, before its body is read: a page of a stranger's whose name was
        made to point here (421), or a POST that is cut off; None: it is read."""
        if not is_own_name(head.headers.get("host", ""), self._names):
            return page(421, close=True)
        if head.path != SEND or head.method != "POST" or self._choice.at_head() is None:
            return None
        return Plan((), "nothing, reset", end=RESET)

    def unfinished(self, head: Head) -> None:
        """The client went away, or was cut off, before its body had come."""
        if head.path == SEND and head.method == "POST":
            self._calls.add_unfinished()

    def answer(self, request: Request) -> Plan:
        head = request.head
        if head.path == SEND:
            if head.method != "POST":
                return page(405, close=True, extra={"Allow": "POST"})
            return self._ring(request)
        control = CONTROLS.get((head.method, head.path))
        if control is None:
            return page(404, close=True)
        try:
            body, kind = control(self, request)
        except ValueError as error:
            body, kind = dump({"error": str(error)}), "application/json"
            return Plan(((0, http(400, body, kind, close=head.close)),), "400", 400)
        return Plan(((0, http(200, body, kind, close=head.close)),), "200", 200)

    def _ring(self, request: Request) -> Plan:
        asked = judge.judge(request.head.headers, request.body, self._account)
        behaviour, plan = self._plan(asked, request.head.close)
        try:
            call = self._calls.add(asked, behaviour, plan, str(self._next_id) if plan.rung else None)
        except LogUnwritable as error:
            with suppress(OSError):  # the disk that is full may be stderr's too
                sys.stderr.write(f"the simulator's log cannot be written ({error.strerror}): this call got a 500\n")
            return page(500, close=True)
        self._next_id += plan.rung
        if self._say is not None:
            self._say(line_of(call))
        return plan

    def _plan(self, asked: judge.Asked, close: bool) -> tuple[str, Plan]:
        """A wrong request is refused whatever is set: no trial of a fault may hide that it asks wrongly."""
        if asked.wrong is not None:
            return "wrong_request", refused(asked.wrong, close=close)
        number, script = str(asked.number), str(asked.script)
        try:
            chosen = self._choice.for_call(number, script)
        except UnknownBehaviour as error:
            return "wrong_request", refused(f"Симулятор: {error}", close=close)
        sms = str(asked.sms) if asked.has_sms else None
        ring = Ring(number, str(self._next_id), price(sms), close)
        return chosen.text, chosen.behaviour.run(ring, chosen.value)

    def show_help(self, _request: Request) -> tuple[bytes, str]:
        return f"{HELP}\n{behaviours_help()}\n".encode(), "text/plain; charset=utf-8"

    def show_calls(self, request: Request) -> tuple[bytes, str]:
        query = parse_qs(request.head.query)
        since = query.get("since_n", ["0"])[0]
        if not (since.isascii() and since.isdigit() and len(since) < 16):
            raise ValueError("since_n is a number")
        calls = self._calls.listed(query.get("number", [None])[0], int(since))
        return dump({"calls": [call.as_fields() for call in calls]}), "application/json"

    def count_calls(self, _request: Request) -> tuple[bytes, str]:
        calls = self._calls
        return dump({"count": calls.count, "rung": calls.rung, "unfinished": calls.unfinished}), "application/json"

    def clear_calls(self, request: Request) -> tuple[bytes, str]:
        self._calls.clear()
        return self.count_calls(request)

    def show_behaviour(self, _request: Request) -> tuple[bytes, str]:
        name, left = self._choice.now()
        return dump({"name": name, "times": left}), "application/json"

    def set_behaviour(self, request: Request) -> tuple[bytes, str]:
        wish = judge.read_object(request.body)
        name, times = wish.get("name"), wish.get("times")
        if wish.keys() - {"name", "times"} or not isinstance(name, str):
            raise ValueError('expected {"name": "hang", "times": 3}; times may be left out')
        if times is not None and (not isinstance(times, int) or isinstance(times, bool)):
            raise ValueError("times is a whole number")
        self._choice.behave(name, times)
        return self.show_behaviour(request)


def is_own_name(host: str, more: frozenset[str] = frozenset()) -> bool:
    """Whether a Host header names this machine, by itself or by one of `more`. Clients of HTTP/1.0 may send none."""
    name, port = host.lower(), ""
    if not host.endswith("]") and ":" in host:
        name, _, port = name.rpartition(":")
    if port and not (port.isascii() and port.isdigit()):
        return False
    if name in {"", "localhost", *more}:
        return True
    try:
        return ip_address(name.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


Control = Callable[[Provider, Request], tuple[bytes, str]]
CONTROLS: dict[tuple[str, str], Control] = {
    ("GET", "/"): Provider.show_help,
    ("GET", "/calls"): Provider.show_calls,
    ("GET", "/calls/count"): Provider.count_calls,
    ("DELETE", "/calls"): Provider.clear_calls,
    ("GET", "/behaviour"): Provider.show_behaviour,
    ("POST", "/behaviour"): Provider.set_behaviour,
}

HELP = """The voice provider's simulator: it takes calls and rings nobody.

POST   /api/lido/send/                the provider's handler
GET    /calls[?number=N][&since_n=N]  what it was asked to ring
GET    /calls/count                   how many were read whole, rung, unfinished
DELETE /calls                         forget them
GET    /behaviour                     what is set
POST   /behaviour                     {"name": "hang", "times": 3}

Behaviours (a script named "sim:NAME" sets one for its own calls):"""


def behaviours_help() -> str:
    """One line a behaviour."""
    names = {name + (f"[:{one.takes}]" if one.takes else ""): one.help for name, one in BEHAVIOURS.items()}
    width = max(map(len, names))
    return "\n".join(f"  {name:<{width}}  {words}" for name, words in names.items())


def line_of(call: Call) -> str:
    """One line for people, its number masked, no control sign of a stranger in it."""
    verb = "rang" if call.rung else "asked"
    script = call.script if isinstance(call.script, str) else ""
    words = f'{verb} {mask(call.number)} "{script[:60]}" -> {call.answered[:120]}'
    return "".join(sign if sign.isprintable() else "?" for sign in words)


def mask(number: object) -> str:
    """`7999***0001`; what is no number is not shown at all."""
    if isinstance(number, str) and judge.NUMBER.fullmatch(number):
        return f"{number[:4]}***{number[-4:]}"
    return "(no number)"
