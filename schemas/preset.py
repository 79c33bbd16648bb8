"""How a sender speaks: its proof, its body, its handshakes, what it wants to hear. Every section may
stand in a source too (`preset: generic` and the source is the whole sender)."""

import ipaddress
from typing import Any

from marshmallow import ValidationError, post_load

from core.proofs.authentic import NONE, OPTIONS, PROOFS, SCHEMES
from core.proofs.handshake import SCHEMES as HANDSHAKES
from core.proofs.proof import DIGESTS
from core.source import Auth, Body, Handshake, Reply, Split
from schemas.fields import Count, Duration, Free, Secret, Size, Text, Texts, YesNo
from schemas.references import PlainReference, Reference, When
from schemas.section import Part, Section, Value, Wrong, in_yaml, refusal

METHODS = ("GET", "POST", "PUT", "PATCH")
SCHEMES_OF_PROOF = tuple(sorted({*SCHEMES, *PROOFS, NONE}))
HEADER: dict[str, Any] = dict(like=r"[A-Za-z0-9-]{1,100}", called="a header's name")


class Network(Value):
    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        try:
            return str(ipaddress.ip_network(value))
        except (ValueError, TypeError):
            raise refusal("a network like 92.118.66.0/23", value) from None


class AuthSection(Section):
    scheme = Text(among=SCHEMES_OF_PROOF)
    place = Text(among=("query", "path", "header", "field"), data_key="in")
    name = Text(longest=100)
    secrets = Texts(Secret(), least=1, data_key="secret")
    user = Text(longest=100)
    header = Text(**HEADER)
    signed = Texts(Text(longest=100, exact=True), least=1)
    digest = Text(among=sorted(DIGESTS))
    encoding = Text(among=("hex", "base64"))
    prefix = Text(longest=100, exact=True)
    id_header = Text(**HEADER)
    timestamp_header = Text(**HEADER)
    timestamp_unit = Text(among=("s", "ms"))
    tolerance_ms = Duration(data_key="tolerance")
    handshake_secret = Secret(data_key="handshake")
    allow_ips = Texts(Network())
    options = Free()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Auth:
        known = OPTIONS.get(data.get("scheme", Auth.scheme), frozenset())
        wrong = {
            key: [Wrong("one of " + ", ".join(sorted(known)), key)]
            for key in data.get("options", {})
            if key not in known
        }
        if wrong:
            raise ValidationError({"options": wrong})
        auth = Auth(**data)
        if auth.scheme == "hmac":
            _refuse_unsigned(auth)
        return auth


def _refuse_unsigned(auth: Auth) -> None:
    """A time or an id that nobody signed would be a stranger's to choose, and a lead that nobody signed as well."""
    line = ", ".join(piece if piece.isalnum() else in_yaml(piece) for piece in auth.signed)
    timed = auth.timestamp_header or "parts" in auth.options
    if timed and "timestamp" not in auth.signed:
        wrong = Wrong("`timestamp` in `signed`: a time that is not signed proves nothing", line, f"[timestamp, {line}]")
    elif auth.id_header and "id" not in auth.signed:
        wrong = Wrong("`id` in `signed`: an id that is not signed proves nothing", line, f"[id, {line}]")
    elif not {"body", "url"} & set(auth.signed):
        wrong = Wrong("`body` or `url` in `signed`: nothing else can hold a lead", line, f"[{line}, body]")
    else:
        return
    raise ValidationError({"signed": [wrong]})


class BodySection(Section):
    makes = Body
    format = Text(among=("auto", "json", "form", "xml"))
    charset = Text(among=("utf-8", "cp1251", "koi8-r", "latin-1"))
    unwrap_json = Texts(Text(longest=200))
    max_bytes = Size(data_key="max")


class ReplySection(Section):
    status = Count(least=200, most=299)
    type = Text(like=r"[A-Za-z0-9.+-]+/[A-Za-z0-9.+-]+(; *charset=[A-Za-z0-9-]+)?", called="a media type")
    body = Text(longest=4000, exact=True)
    json = Free()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Reply:
        """Values of the form `{path: ...}` in `json` become references, read from the request."""
        if "json" in data:
            data["json"] = _with_references(data["json"], ("json",))
            data.setdefault("type", "application/json")
        return Reply(**data)


def _with_references(value: Any, keys: tuple[str, ...]) -> Any:
    if not isinstance(value, dict):
        return value
    if list(value) != ["path"]:
        return {key: _with_references(below, (*keys, key)) for key, below in value.items()}
    try:
        return Reference().deserialize(value["path"] if isinstance(value["path"], str) else value)
    except ValidationError as error:
        wrong: Any = error.messages
        for key in reversed((*keys, "path")):
            wrong = {key: wrong}
        raise ValidationError(wrong) from None


class HandshakeSection(Section):
    makes = Handshake
    when = When(required=True)
    reply = Part(ReplySection, short="body")
    before_proof = YesNo()
    methods = Texts(Text(among=METHODS))
    echo = Reference()
    scheme = Text(among=sorted(HANDSHAKES))


class SplitSection(Section):
    each = Reference(required=True)
    entity = Text(longest=60)
    action = Text(longest=60)
    beside = PlainReference()
    by = Text(longest=100)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Split:
        if ("beside" in data) != ("by" in data):
            raise refusal("beside and by together: the list of objects, and the key that names their lead")
        return Split(**data)
