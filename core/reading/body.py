"""The body of a delivery to a tree, whatever its Content-Type claims."""

import re
from base64 import b64decode
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from functools import lru_cache
from typing import Any

from core.reading import form, jsonbody, multipart, xmlbody
from core.reading.media import Media, decode, media
from core.reading.tree import Tree, Unreadable, settle, storable
from core.source import Body

# A body that nobody calls a form passes for one when it begins with a field's name and `=`, and is urlencoded or has
# never been (`phone=+7 (999) 000-00-26&name=...`, the template of a plugin): prose with a `=` in it does not.
_URLENCODED = re.compile(rb"[^\s=&<>\"{}]+=[^\s<>\"{}]*")
_PLAIN = re.compile(rb"[^\s=&<>\"{}]{1,200}=(?!.*%[0-9A-Fa-f]{2})", re.DOTALL)

# The query of most senders is the same each time, a token: the last ones are not read again.
_SHORT = 200  # characters
_REMEMBERED = 64

_BASE64_OF_OBJECT = ("eyJ", "eyA", "ewo", "ew0")  # `{"`, `{ `, `{` and a line break


def parse(body: bytes, content_type: str, query: str, rules: Body, *, signed: bool = False) -> Tree:
    """What the body says; where it is empty, what the query says.

    Of a `signed` body nobody signed the Content-Type: its bytes and `rules` alone decide, JSON or form,
    never multipart.

    The bytes decide before the Content-Type does: JSON arrives as text/plain, forms without a type.
    XML only where `rules.format` is xml. Fields named in `rules.unwrap_json` that hold JSON text (or the
    base64 of an object) are replaced by what it says. NUL and lone surrogates come out as U+FFFD. Never
    raises, and takes no longer than 50 ms for 256 kB of anything; `problem` says what made the body unreadable.
    """
    said = Media() if signed else media(content_type)
    kind = _kind(body, said, rules, in_parts=not signed)
    try:
        if kind == "query":
            value: Any = form.nest(form.pairs(_query_bytes(query), rules.charset))
        else:
            value = _read(kind, body, said, rules)
        return Tree(settle(_unwrapped(value, rules.unwrap_json)), kind if value else "empty")
    except Unreadable as refusal:
        return Tree({}, kind, refusal.code)


def parse_field(text: bytes, name: str, rules: Body) -> Tree:
    """What one field of a form says, of which the very text was signed: nothing else of the form is read."""
    try:
        return Tree(settle(_unwrapped({name: decode(text, rules.charset)}, rules.unwrap_json)), "form")
    except Unreadable as refusal:
        return Tree({}, "form", refusal.code)


def query_tree(query: str, rules: Body | None = None) -> dict[str, Any]:
    """The query's own tree, to be merged in where the body has no such key; empty when it is unreadable."""
    rules = rules or Body()
    texts = _texts(query, rules) if len(query) <= _SHORT else None
    return dict(texts) if texts is not None else _query_tree(query, rules)


def query_pairs(query: str) -> tuple[tuple[str, str], ...]:
    """The query's pairs in their order, decoded; none when there are more than 1,000."""
    return _short_pairs(query) if len(query) <= _SHORT else _pairs(query)


def _query_tree(query: str, rules: Body) -> dict[str, Any]:
    tree = parse(b"", "", query, rules)
    return tree.value if isinstance(tree.value, dict) else {str(n): item for n, item in enumerate(tree.value)}


@lru_cache(_REMEMBERED)
def _texts(query: str, rules: Body) -> dict[str, str] | None:
    """The query's tree where it is nothing but texts, so that a copy of it is its reader's own."""
    tree = _query_tree(query, rules)
    return tree if all(isinstance(value, str) for value in tree.values()) else None


def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple((storable(key), storable(value)) for key, value in form.pairs(_query_bytes(query)))
    except Unreadable:
        return ()


_short_pairs = lru_cache(_REMEMBERED)(_pairs)


def _kind(body: bytes, said: Media, rules: Body, *, in_parts: bool) -> str:
    """How these bytes are to be read: the rules first, then what they look like, then what was declared."""
    text = _trimmed(body)
    if not text:
        return "query"
    if rules.format in ("json", "xml"):
        return rules.format
    if in_parts and _boundary(body, said):
        return "multipart"
    if rules.format == "auto" and (text[:1] in (b"{", b"[") or body.startswith((BOM_UTF16_LE, BOM_UTF16_BE))):
        return "json"
    if rules.format == "form" or said.kind == "form" or _URLENCODED.fullmatch(text) or _PLAIN.match(text):
        return "form"
    return said.kind or "text"


def _read(kind: str, body: bytes, said: Media, rules: Body) -> Any:
    charsets = (rules.charset, said.charset)
    if kind == "json":
        return jsonbody.read(decode(body.lstrip(), *charsets))
    if kind == "form":
        return form.nest(form.pairs(_trimmed(body), *charsets))
    if kind == "multipart":
        return form.nest(multipart.fields(body, _boundary(body, said), *charsets))
    if kind == "xml" and rules.format == "xml":
        return xmlbody.read(body)
    raise Unreadable("body_is_xml" if kind == "xml" else "body_not_data")


def _boundary(body: bytes, said: Media) -> bytes:
    """What parts this body: the declared boundary where the body holds it, else the one it begins with."""
    if said.kind == "multipart" and said.boundary and b"--" + said.boundary in body:
        return said.boundary
    return multipart.boundary_of(body)


def _trimmed(body: bytes) -> bytes:
    return body.removeprefix(BOM_UTF8).strip()


def _query_bytes(query: str) -> bytes:
    """WSGI gives the query as Latin-1 of its bytes; a test or a command line may give it as text."""
    try:
        return query.encode("latin-1")
    except UnicodeEncodeError:
        return query.encode("utf-8", "replace")


def _unwrapped(value: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        *way, last = form.steps(name)
        node = value
        for step in way:
            node = node.get(step) if isinstance(node, dict) else None
        text = node.get(last) if isinstance(node, dict) else None
        if isinstance(node, dict) and isinstance(text, str):
            node[last] = _inner(text)
    return value


def _inner(text: str) -> Any:
    """What the JSON in a field says. A field is not the body: what cannot be read stays the text it is."""
    bare = text.strip()
    try:
        if bare.startswith(_BASE64_OF_OBJECT):  # a `+` that was not percent-encoded came as a blank
            bare = b64decode(bare.replace(" ", "+"), validate=True).decode()
        return jsonbody.read(bare) if bare[:1] in ("{", "[") else text
    except (Unreadable, ValueError):
        return text
