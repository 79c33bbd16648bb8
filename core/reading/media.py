"""Content types and charsets as senders really write them."""

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"([^"]*)"|([^\s;"]*))')
_MAX_TYPE = 500

# What a body may be declared in. Codecs that compress, escape or guess are no charsets.
_CHARSETS = frozenset({"utf-8", "cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "cp1252", "mac-cyrillic"})
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True)
class Media:
    """`kind` is json, form, multipart, xml or "" (says nothing); `charset` is empty when none that
    we read was declared. ASCII and Latin-1 count as none: they are what libraries write unasked."""

    kind: str = ""
    charset: str = ""
    boundary: bytes = b""


@lru_cache(256)
def media(content_type: str) -> Media:
    """Reads a Content-Type leniently: any case, and names like `x-www-from-urlencoded` (Carrot quest)."""
    content_type = content_type[:_MAX_TYPE]
    name = content_type.partition(";")[0].lower()
    parameters = {key.lower(): quoted or bare for key, quoted, bare in _PARAMETER.findall(content_type)}
    boundary = parameters.get("boundary", "").encode("latin-1", "replace")
    return Media(_kind(name), _known(parameters.get("charset", "")), boundary)


def decode(raw: bytes, *charsets: str) -> str:
    """The bytes as text: in the first of `charsets` that fits, else UTF-8, else Windows-1251. Never raises."""
    for mark, charset in _MARKS:
        if raw.startswith(mark):
            return raw[len(mark) :].decode(charset, "replace")
    for charset in (*map(_known, charsets), "utf-8"):
        try:
            if charset:
                return raw.decode(charset)
        except UnicodeDecodeError:
            continue
    return raw.decode("cp1251", "replace")


def _kind(name: str) -> str:
    if "multipart" in name:
        return "multipart"
    for mark, kind in (("urlencoded", "form"), ("json", "json"), ("xml", "xml")):
        if mark in name:
            return kind
    return ""


@lru_cache(256)
def _known(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip()).name if charset.isascii() else ""
    except (LookupError, ValueError):
        return ""
    return name if name in _CHARSETS else ""
