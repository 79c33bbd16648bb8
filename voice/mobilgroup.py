"""Mobilgroup's "Lead generation": its request and its reply, strict in what is sent, tolerant in what is read.

The provider publishes one example of each and no types, statuses or encodings; so a reply may hold
numbers for texts, a decimal comma, a BOM or fields we do not know, and still prove what it says.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validate

from core.outcome import ACCEPTED, REFUSED, UNKNOWN, Outcome
from core.ports import Call
from voice.provider import Provider

# One of three: the bare key in Authorization, the key in the body, login and password in the body.
WAYS_IN = (("key",), ("key_in_body",), ("login", "password"))
# Words about the account alone: a text about the person («абонент недоступен», «номер заблокирован») holds none.
ACCOUNT_TROUBLE = (
    "баланс",
    "недостаточно средств",
    "средств недостаточно",
    "нет средств",
    "недостаточно денег",
    "аккаунт заблокир",
    "заблокир аккаунт",
    "счет заблокир",
    "кабинет заблокир",
    "неверн ключ",
    "ключ не",
    "ключ api",
    "api ключ",
    "авториз",
    "нет доступ",
    "доступ запрещ",
    "доступ закрыт",
    "balance",
    "insufficient funds",
    "account blocked",
    "account suspended",
    "unauthori",
    "authori",
    "authent",
    "api key",
    "apikey",
    "invalid key",
    "access denied",
)
OK, ERROR = "ok", "error"
TEXT_LIMIT = 500  # characters kept of a text of the provider's

_PRICE = re.compile(r"\+?([0-9]{1,12}(?:[.,][0-9]{1,6})?)")
_BETWEEN_DIGITS = str.maketrans("", "", "+()-. \u00a0\t")
_NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class Mobilgroup:
    """The dialect of one account, by what it says about itself: a `voice.provider.Dialect`."""

    def __init__(self, auth: Mapping[str, str]) -> None:
        self.headers = {"Content-Type": "application/json", "Accept": "application/json"}
        self._security: dict[str, str] | None = None
        if "key" in auth:
            self.headers["Authorization"] = _in_a_header(auth["key"])
        elif "key_in_body" in auth:
            self._security = {"apiKey": auth["key_in_body"]}
        else:
            self._security = {"login": auth["login"], "password": auth["password"]}

    def request(self, call: Call) -> bytes:
        return request_body(call.number, call.script, call.sms, self._security)

    def judge(self, status: int, body: bytes, call: Call) -> Outcome:
        return judge(status, body, call.number)


def _in_a_header(key: str) -> str:
    if not (key.isascii() and key.isprintable() and key == key.strip()):
        raise ValueError("expected a key of printable ASCII without blanks around it, for it stands in a header")
    return key


PROVIDER = Provider(WAYS_IN, Mobilgroup, ACCOUNT_TROUBLE)


# What is sent ------------------------------------------------------------------------------------------


class Security(Schema):
    """Who is asking, where the header does not say it: the key, or login and password."""

    apiKey = fields.String(validate=validate.Length(min=1))
    login = fields.String(validate=validate.Length(min=1))
    password = fields.String(validate=validate.Length(min=1))

    class Meta:
        unknown = RAISE


class Request(Schema):
    """One call asked of the provider. `sms` absent means the SMS set with the script: never "" and never null."""

    security = fields.Nested(Security)
    number = fields.String(required=True, validate=validate.Regexp(re.compile(r"[0-9]{11,15}\Z")))
    script = fields.String(required=True, validate=validate.Regexp(re.compile(r".*\S", re.DOTALL)))
    sms = fields.String(validate=validate.Length(min=1))

    class Meta:
        unknown = RAISE

    @post_load
    def compose(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """The panel's script names are typed in browsers, which compose: a decomposed "й" would name no script."""
        return {**data, "script": unicodedata.normalize("NFC", data["script"])}


def request_body(number: str, script: str, sms: str | None, security: Mapping[str, str] | None = None) -> bytes:
    """The request as UTF-8 JSON. Raises ValueError naming the wrong field, never its value."""
    asked: dict[str, Any] = {"number": number, "script": script}
    if sms is not None:
        asked["sms"] = sms
    if security is not None:
        asked = {"security": dict(security), **asked}
    try:
        return json.dumps(_REQUEST.load(asked), ensure_ascii=False).encode()
    except ValidationError as failure:
        raise ValueError(f"this call cannot be asked of the provider: {failure.normalized_messages()}") from None
    except UnicodeEncodeError:  # its text would show the call
        raise ValueError("this call cannot be asked of the provider: half a character in its texts") from None


# What is read ------------------------------------------------------------------------------------------


class Literal(str):
    """A JSON number by its own digits: never a float, and never an integer too long to convert."""

    __slots__ = ()


@dataclass(frozen=True)
class Reply:
    """A whole JSON object with a `result` we know, as far as it can be read.

    `irregular`: id, number or price is missing or odd. `number_differs`: the reply is about someone else.
    """

    result: str  # ok | error
    provider_id: str | None = None
    price: Decimal | None = None
    error: str | None = None
    irregular: bool = False
    number_differs: bool = False


def read_reply(body: bytes, asked: str) -> Reply | None:
    """What `body` says about the call to number `asked`; None unless it is one JSON object, no key twice,
    with `result` ok or error. Never raises. The HTTP status is judged elsewhere."""
    text, is_utf8 = _decode(body)
    try:
        said = json.loads(
            text,
            object_pairs_hook=_no_key_twice,
            parse_int=Literal,
            parse_float=Literal,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        return None
    result = said.get("result") if isinstance(said, dict) else None
    result = result.strip().lower() if isinstance(result, str) else None
    if result not in (OK, ERROR) or (result == OK and not is_utf8):  # JSON is UTF-8, and a yes has to be whole
        return None
    digits = _digits(said.get("number"))
    differs = digits is not None and digits != asked
    if result == ERROR:
        return Reply(ERROR, error=_any_text(said.get("error_code")), number_differs=differs)
    provider_id, price = _text(said.get("id")), _price(said.get("price"))
    irregular = None in (provider_id, price, digits)
    return Reply(OK, provider_id, price, irregular=irregular, number_differs=differs)


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


def _decode(body: bytes) -> tuple[str, bool]:
    """The text, and whether it is UTF-8."""
    try:
        return body.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        # No encoding is promised and the error texts are Russian; what JSON is built of is the same in both.
        return body.decode("cp1251", "replace"), False


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        raise ValueError("a key stands twice")
    return read


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _text(value: object) -> str | None:
    """A text or number as one clean line; None for anything else, and for nothing."""
    if not isinstance(value, str):
        return None
    return _NOT_TEXT.sub(" ", value).strip()[:TEXT_LIMIT] or None


def _any_text(value: object) -> str | None:
    """`error_code` of any type as one clean line; None where it says nothing."""
    if value is None or isinstance(value, str):
        return _text(value)
    try:
        return _text(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return None


def _price(value: object) -> Decimal | None:
    price = _PRICE.fullmatch(value.strip()) if isinstance(value, str) else None
    return Decimal(price[1].replace(",", ".")) if price else None


def _digits(value: object) -> str | None:
    """A phone number's digits, however it is spaced; None where it is no number we could compare."""
    digits = value.translate(_BETWEEN_DIGITS) if isinstance(value, str) else ""
    return digits if digits.isascii() and digits.isdigit() else None


_REQUEST = Request()
