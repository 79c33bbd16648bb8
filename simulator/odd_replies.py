"""Replies of HTTP 200 that differ from the description's example: name -> (help, body). All of them ring.

The description shows one example and promises no types, so a client must know which of these are a yes.
"""

from collections.abc import Callable

from simulator.plan import HTML, JSON, Plan, Ring, dump, http

Body = Callable[[Ring], bytes]


def _with(**changes: object) -> Body:
    return lambda ring: dump(ring.fields() | changes)


def _without(name: str) -> Body:
    return lambda ring: dump({key: value for key, value in ring.fields().items() if key != name})


def _error(**fields: object) -> Body:
    return lambda ring: dump({"result": "error"} | fields)


def _other_number(ring: Ring) -> bytes:
    last = str((int(ring.number[-1]) + 1) % 10)
    return dump(ring.fields() | {"number": ring.number[:-1] + last})


STILL_YES: dict[str, tuple[str, Body]] = {
    "int_id": ("ok, its id is a JSON number", lambda ring: dump(ring.fields() | {"id": int(ring.id)})),
    "no_id": ("ok without an id", _without("id")),
    "null_id": ("ok, its id is null", _with(id=None)),
    "comma_price": (
        'ok, its price is "4,35"',
        lambda ring: dump(ring.fields() | {"price": ring.price.replace(".", ",")}),
    ),
    "number_price": (
        "ok, its price is a JSON number",
        lambda ring: dump(ring.fields()).replace(f'"{ring.price}"'.encode(), ring.price.encode()),
    ),
    "null_price": ("ok, its price is null", _with(price=None)),
    "no_price": ("ok without a price", _without("price")),
    "word_price": ("ok, its price is a word", _with(price="бесплатно")),
    "int_number": ("ok, its number is a JSON number", lambda ring: dump(ring.fields() | {"number": int(ring.number)})),
    "plus_number": ("ok, its number begins with +", lambda ring: dump(ring.fields() | {"number": "+" + ring.number})),
    "no_number": ("ok without a number", _without("number")),
    "new_fields": ("ok with fields nobody described", _with(queue={"place": 3}, warnings=[], eta=1.5)),
    "upper_ok": ('ok, its result is " OK "', _with(result=" OK ")),
    "only_result": ('nothing but {"result": "ok"}', lambda ring: b'{"result": "ok"}'),
    "bom": ("ok behind a byte order mark", lambda ring: b"\xef\xbb\xbf" + dump(ring.fields())),
    "blanks": ("ok between blanks and line ends", lambda ring: b"\r\n \t" + dump(ring.fields()) + b"\r\n\r\n"),
}

STILL_NO: dict[str, tuple[str, Body]] = {
    "int_error": ("error, its error_code is a number", _error(error_code=17)),
    "object_error": ("error, its error_code is an object", _error(error_code={"code": 17, "text": "Скрипт не найден"})),
    "null_error": ("error, its error_code is null", _error(error_code=None)),
    "no_error": ("error without an error_code", _error()),
}

NO_PROOF: dict[str, tuple[str, Body]] = {
    "empty": ("200 with an empty body", lambda ring: b""),
    "bare_ok": ("200 with the word OK", lambda ring: b"OK"),
    "json_string": ('200 with "ok" as JSON', lambda ring: b'"ok"'),
    "list": ("ok inside a list", lambda ring: dump([ring.fields()])),
    "two_objects": ("ok twice in one body", lambda ring: dump(ring.fields()) * 2),
    "half_json": ("ok, its JSON cut in the middle, its length right", lambda ring: dump(ring.fields())[:-20]),
    "duplicate_keys": (
        "result is given twice: error, then ok",
        lambda ring: b'{"result": "error", ' + dump(ring.fields())[1:],
    ),
    "no_result": ("an id and a price, no result", _without("result")),
    "other_result": ('result is "queued"', _with(result="queued")),
    "true_result": ("result is true", _with(result=True)),
    "other_number": ("ok for another number than was asked", _other_number),
    "nan": ("ok with NaN, which is no JSON", lambda ring: dump(ring.fields() | {"eta": float("nan")})),
    "utf16": ("ok in UTF-16", lambda ring: dump(ring.fields()).decode().encode("utf-16")),
    "bad_utf8": (
        "ok with bytes that are no UTF-8",
        lambda ring: dump(ring.fields() | {"note": "~"}).replace(b"~", b"\xff\xfe"),
    ),
    "deep": (
        "ok with 20,000 nested lists",
        lambda ring: dump(ring.fields())[:-1] + b', "x": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    ),
    "long": ("ok behind 1 MB of blanks", lambda ring: b" " * 1_000_000 + dump(ring.fields())),
}


def odd(body: Body, *, rung: bool = True, kind: str = JSON) -> Callable[[Ring, object], Plan]:
    """The behaviour that answers 200 with `body`."""

    def behave(ring: Ring, _value: object) -> Plan:
        return Plan(((0, http(200, body(ring), kind, close=ring.close)),), "200, an odd reply", 200, rung=rung)

    return behave


def html_page(_ring: Ring) -> bytes:
    return "<!doctype html><html><body>Сервис временно на обслуживании</body></html>".encode()


OTHER_TYPE: dict[str, tuple[str, Body]] = {
    "html_200": ("200 with an HTML page", html_page),
    "html_typed": ("ok, called text/html", lambda ring: dump(ring.fields())),
}

TABLE = (
    {name: (words, odd(body)) for name, (words, body) in (STILL_YES | NO_PROOF).items()}
    | {name: (words, odd(body, rung=False)) for name, (words, body) in STILL_NO.items()}
    | {name: (words, odd(body, kind=HTML)) for name, (words, body) in OTHER_TYPE.items()}
)
