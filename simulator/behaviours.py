"""Every way the twin can behave: one flat table, name -> what it does.

A behaviour is chosen for a request that is right; it returns a plan and touches no socket.
"""

import gzip
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from simulator import odd_replies
from simulator.judge import WRONG_KEY, WRONG_SCRIPT
from simulator.plan import CLOSE, HANG, RESET, Plan, Ring, dump, http, page, refused

ENDLESS_BYTES = 1 << 30  # "endless" ends here, so that a forgotten client costs no more than this
BOMB_BYTES = 200 << 20

WRONG_NUMBER = "Неверный номер абонента"
BLACKLISTED = "Номер в чёрном списке"
NO_MONEY = "Недостаточно средств на балансе"


def accept(ring: Ring, _value: object = None) -> Plan:
    return Plan(((0, _ok(ring)),), f"ok {ring.price}", 200, rung=True)


def slow(ring: Ring, ms: int) -> Plan:
    return Plan(((ms / 1000, _ok(ring)),), f"ok {ring.price}", 200, rung=True)


def refuse_with(text: str, status: int = 200) -> Callable[[Ring, object], Plan]:
    return lambda ring, own: refused(own or text, close=ring.close, status=status)


def hang(ring: Ring, _value: object) -> Plan:
    return Plan((), "nothing, silence", end=HANG, rung=True)


def hang_in_body(ring: Ring, _value: object) -> Plan:
    return Plan(((0, _ok(ring)[:-10]),), "half a reply, then silence", 200, end=HANG, rung=True)


def reset_before(ring: Ring, _value: object) -> Plan:
    return Plan((), "nothing, reset", end=RESET)


def reset_after(ring: Ring, _value: object) -> Plan:
    return Plan((), "nothing, reset", end=RESET, rung=True)


def close(ring: Ring, _value: object) -> Plan:
    return Plan((), "nothing, closed", end=CLOSE, rung=True)


def drip(ring: Ring, ms: int) -> Plan:
    wire = _ok(ring)
    steps = ((ms / 1000, wire[n : n + 1]) for n in range(len(wire)))
    return Plan(steps, f"ok {ring.price}, drop by drop", 200, rung=True)


def drip_body(ring: Ring, ms: int) -> Plan:
    head, _, body = _ok(ring).partition(b"\r\n\r\n")
    steps = [(0.0, head + b"\r\n\r\n"), *((ms / 1000, body[n : n + 1]) for n in range(len(body)))]
    return Plan(steps, f"ok {ring.price}, drop by drop", 200, rung=True)


def garbage(ring: Ring, _value: object) -> Plan:
    return Plan(((0, b"\x00\x16\x03\x01 what is this \xff\xfe\r\n\r\n"),), "garbage", end=CLOSE, rung=True)


def truncated(ring: Ring, _value: object) -> Plan:
    return Plan(((0, _ok(ring)[:-10]),), "half a reply, closed", 200, end=CLOSE, rung=True)


def chunk_cut(ring: Ring, _value: object) -> Plan:
    # The chunk holds the whole object and says so: only the missing last chunk tells that the reply was cut.
    body = dump(ring.fields())
    head = http(200, b"", close=True, extra={"Content-Length": "", "Transfer-Encoding": "chunked"})
    wire = head + f"{len(body):x}\r\n".encode() + body + b"\r\n"
    return Plan(((0, wire),), "chunks without their end, closed", 200, end=CLOSE, rung=True)


def chunked(ring: Ring, _value: object) -> Plan:
    body = dump(ring.fields())
    head = http(200, b"", close=ring.close, extra={"Content-Length": "", "Transfer-Encoding": "chunked"})
    parts = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in (body[:9], body[9:]))
    return Plan(((0, head + parts + b"0\r\n\r\n"),), f"ok {ring.price}", 200, rung=True)


def unframed(ring: Ring, _value: object) -> Plan:
    wire = http(200, dump(ring.fields()), close=True, extra={"Content-Length": ""})
    return Plan(((0, wire),), f"ok {ring.price}, ended by the close", 200, end=CLOSE, rung=True)


def interim(ring: Ring, _value: object) -> Plan:
    return Plan(((0, b"HTTP/1.1 100 Continue\r\n\r\n" + _ok(ring)),), f"ok {ring.price}", 200, rung=True)


def redirect(ring: Ring, status: int) -> Plan:
    # To the handler itself: a client that follows is seen as a second call.
    return page(status, close=ring.close, extra={"Location": "/api/lido/send/?redirected"})


def redirect_ok(ring: Ring, status: int) -> Plan:
    wire = http(status, dump(ring.fields()), close=ring.close, extra={"Location": "/api/lido/send/?redirected"})
    return Plan(((0, wire),), f"{status} with ok", status, rung=True)


def status_page(ring: Ring, status: int) -> Plan:
    return page(status, close=ring.close)


def page_after_accepting(ring: Ring, status: int) -> Plan:
    return page(status, close=ring.close, rung=True)


def status_ok(ring: Ring, status: int) -> Plan:
    return Plan(((0, http(status, dump(ring.fields()), close=ring.close)),), f"{status} with ok", status, rung=True)


def gzip_bomb(ring: Ring, _value: object) -> Plan:
    wire = http(200, _bomb(), close=True, extra={"Content-Encoding": "gzip"})
    return Plan(((0, wire),), "200 MB in 200 kB", 200, end=CLOSE, rung=True)


def gzipped(ring: Ring, _value: object) -> Plan:
    wire = http(200, gzip.compress(dump(ring.fields())), close=ring.close, extra={"Content-Encoding": "gzip"})
    return Plan(((0, wire),), f"ok {ring.price}, gzipped", 200, rung=True)


def endless(ring: Ring, _value: object) -> Plan:
    head = http(200, b"", close=True, extra={"Content-Length": ""})
    return Plan(_without_end(head), "a reply without end", 200, end=CLOSE, rung=True)


def endless_head(ring: Ring, _value: object) -> Plan:
    return Plan(_without_end(b"HTTP/1.1 200 OK\r\nX-Long: "), "a header without end", 200, end=CLOSE, rung=True)


def _without_end(start: bytes) -> Iterator[tuple[float, bytes]]:
    yield 0, start
    blanks = b" " * 65536
    for _ in range(ENDLESS_BYTES // len(blanks)):
        yield 0, blanks


def _ok(ring: Ring) -> bytes:
    return http(200, dump(ring.fields()), close=ring.close)


@cache
def _bomb() -> bytes:
    """Gzip members joined: nobody waits for 200 MB to be compressed."""
    member = 1 << 20
    return gzip.compress(b" " * member) * (BOMB_BYTES // member)


@dataclass(frozen=True)
class Behaviour:
    """`takes` is the kind of value after the colon (ms, status, text; empty: none), `default` its value when
    left out. `at_head`: when chosen for every call it acts before the body is read."""

    help: str
    run: Callable[..., Plan]
    takes: str = ""
    default: int | str | None = None
    at_head: bool = False


BEHAVIOURS: dict[str, Behaviour] = {
    "accept": Behaviour("ok, an id that counts up, 4.35 and more with an SMS", accept),
    "slow": Behaviour("ok, after so many milliseconds", slow, "ms", 1000),
    "refuse": Behaviour("error: no such script, or the text after the colon", refuse_with(WRONG_SCRIPT), "text"),
    "refuse_number": Behaviour("error: a wrong number", refuse_with(WRONG_NUMBER)),
    "refuse_blacklisted": Behaviour("error: the number is blacklisted", refuse_with(BLACKLISTED)),
    "refuse_400": Behaviour("error under HTTP 400", refuse_with(WRONG_SCRIPT, 400)),
    "no_money": Behaviour("error: not enough money", refuse_with(NO_MONEY)),
    "wrong_key": Behaviour("error: the key is wrong", refuse_with(WRONG_KEY)),
    "bad_key": Behaviour("HTTP 401 with an HTML page", lambda ring, _: page(401, close=ring.close)),
    "hang": Behaviour("rings, then says nothing until the client gives up", hang),
    "hang_in_body": Behaviour("rings, sends half a reply, then silence", hang_in_body),
    "reset_before": Behaviour("RST before the body is read: nobody is rung", reset_before, at_head=True),
    "reset_after": Behaviour("rings, then RST instead of a reply", reset_after),
    "close": Behaviour("rings, then closes without a reply", close),
    "drip": Behaviour("ok, one byte each so many milliseconds", drip, "ms", 500),
    "drip_body": Behaviour("ok, its headers at once, its body like drip", drip_body, "ms", 500),
    "garbage": Behaviour("rings, answers bytes that are no HTTP", garbage),
    "truncated": Behaviour("ok, cut ten bytes before its end", truncated),
    "chunk_cut": Behaviour("ok in chunks, the last one never comes", chunk_cut),
    "chunked": Behaviour("ok in chunks, whole", chunked),
    "unframed": Behaviour("ok with neither length nor chunks", unframed),
    "interim": Behaviour("100 Continue, then ok", interim),
    "redirect": Behaviour("redirects to itself: a client that follows asks twice", redirect, "status", 307),
    "redirect_ok": Behaviour("rings, says ok under a redirect", redirect_ok, "status", 307),
    "error_500": Behaviour("an HTML page under 500 or the given status", status_page, "status", 500),
    "error_500_after_accepting": Behaviour("the same, but it has rung", page_after_accepting, "status", 500),
    "status_ok": Behaviour("rings, says ok under 500 or the given status", status_ok, "status", 500),
    "gzip_bomb": Behaviour("200 MB of blanks in 200 kB of gzip", gzip_bomb),
    "gzipped": Behaviour("ok in gzip nobody asked for", gzipped),
    "endless": Behaviour("a body without end", endless),
    "endless_head": Behaviour("a header without end", endless_head),
} | {name: Behaviour(words, run) for name, (words, run) in odd_replies.TABLE.items()}
