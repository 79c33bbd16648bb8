"""The shell lines that send a preset's example request to a gateway, signed or with a token as its sender would.

They need a POSIX shell, curl, and for signatures openssl. tests/test_sender_docs.py runs every one of them.
"""

from dataclasses import dataclass, replace
from urllib.parse import unquote_plus

from config.examples import SECRET
from config.load import PRESETS
from core.proofs import authentic
from core.reading.delivery import Delivery
from core.reading.request_text import BLANK_LINE, read
from core.source import Example, Source

FOLDER = "config/presets/examples"
LATER_MS = 2_000_000_000_000  # no signed time of an example is near
LEFT_OUT = {"host", "content-length", "user-agent", "accept-encoding", "authorization", "accept"}


@dataclass(frozen=True)
class Trial:
    """`lines` for the shell, which reads $URL and perhaps $SECRET. `secret`: what $SECRET has to be for them,
    where the example cannot be signed anew; empty: the owner's own."""

    lines: tuple[str, ...]
    wants_secret: bool
    secret: str = ""


def trial(source: Source, file: str) -> Trial | None:
    """None: this sender's signature holds its time and cannot be made anew in a line of shell."""
    raw = (PRESETS / "examples" / file).read_bytes()
    delivery = read(raw)
    example = next(one for one in source.examples if one.request == file)
    head = BLANK_LINE.split(raw, 1)[0].decode().splitlines()
    body_at = len(head) + 2
    auth = source.auth
    url = '"$URL' + _rest(source, delivery) + '"'
    headers = [f"-H '{line}'" for line in head[1:] if _kept(source, line)]
    tail = f"tail -n +{body_at} {FOLDER}/{file}"
    if auth.scheme == "hmac":
        return Trial(_signed(source, tail, url, headers), True)
    if auth.scheme not in authentic.SCHEMES:
        secret = _stands_alone(source, example, delivery)
        return None if secret is None else Trial((_post(tail, delivery, url, headers),), False, secret)
    if auth.scheme == "basic":
        headers.append(f'-u "{auth.user}:$SECRET"')
    elif auth.place == "header":
        bearer = "Bearer " if auth.name.lower() == "authorization" else ""
        headers.append(f'-H "{auth.name}: {bearer}$SECRET"')
    elif auth.place == "field":
        tail += f' | sed "s/{example.secret or SECRET}/$SECRET/"'
    in_url = auth.scheme == "token" and auth.place in ("query", "path")
    return Trial((_post(tail, delivery, url, headers),), not in_url)


def _rest(source: Source, delivery: Delivery) -> str:
    """What stands in the example's URL beside the token, to be put behind the owner's."""
    auth = source.auth
    path = delivery.rest.split("/") if delivery.rest else []
    if auth.scheme == "token" and auth.place == "path":
        path = path[1:]
    pairs = [pair for pair in delivery.query.split("&") if pair]
    in_query = auth.scheme == "token" and auth.place == "query"
    if in_query:
        pairs = [pair for pair in pairs if unquote_plus(pair.split("=", 1)[0]) != auth.name]
    query = ("&" if in_query else "?") + "&".join(pairs) if pairs else ""
    return "".join(f"/{part}" for part in path) + query


def _kept(source: Source, line: str) -> bool:
    name = line.split(":", 1)[0].lower()
    auth = source.auth
    own = {auth.header.lower(), auth.timestamp_header.lower(), auth.name.lower() if auth.place == "header" else ""}
    if auth.scheme not in authentic.SCHEMES:
        return name not in LEFT_OUT
    return name not in LEFT_OUT | own and "signature" not in name


def _post(tail: str, delivery: Delivery, url: str, headers: list[str]) -> str:
    words = " ".join([url, *headers])
    if not delivery.body:
        return f"curl -i {'' if delivery.method == 'GET' else f'-X {delivery.method} '}{words}"
    method = "" if delivery.method == "POST" else f"-X {delivery.method} "
    return f"{tail} |\n  curl -i {method}{words} --data-binary @-"


def _signed(source: Source, tail: str, url: str, headers: list[str]) -> tuple[str, ...]:
    """A signature over the parts that the preset names, at the time of the shell's clock."""
    auth = source.auth
    parts = ['cat "$BODY"' if part == "body" else f"printf '%s' {_literal(part)}" for part in auth.signed]
    text = f"{{ {'; '.join(parts)}; }}" if len(parts) > 1 else parts[0]
    made = "-binary | base64" if auth.encoding == "base64" else "-r | cut -d' ' -f1"
    lines = [f'BODY=$(mktemp); {tail} > "$BODY"']
    if "timestamp" in auth.signed:
        lines.append("NOW=$(date +%s)" + ("000" if auth.timestamp_unit == "ms" else ""))
    lines.append(f'SIGN=$({text} | openssl dgst -{auth.digest} -hmac "$SECRET" {made})')
    inside = auth.options.get("parts")
    if isinstance(inside, dict):
        value = f"{inside['timestamp']}=$NOW,{inside['signature']}=$SIGN"
    else:
        value = f"{auth.prefix}$SIGN"
    headers = [*headers, f'-H "{auth.header}: {value}"']
    if auth.timestamp_header:
        headers.append(f'-H "{auth.timestamp_header}: $NOW"')
    return (*lines, " ".join(["curl -i", url, *headers, '--data-binary @"$BODY"']))


def _literal(part: str) -> str:
    return '"$NOW"' if part == "timestamp" else f"'{part}'"


def _stands_alone(source: Source, example: Example, delivery: Delivery) -> str | None:
    """The secret with which the example's own signature is right at any time and address, if there is one."""
    secret = example.secret or SECRET
    elsewhere = replace(delivery, url="http://127.0.0.1/hooks/elsewhere")
    told = authentic.check(elsewhere, source, lambda reference: secret, LATER_MS)
    return secret if told.ok and not told.late else None
