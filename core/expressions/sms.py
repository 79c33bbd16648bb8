"""Texts of SMS: taming what a stranger typed, and counting what it costs."""

import re
import unicodedata

MAX_VALUE = 40  # characters of one value
_LOOKED_AT = 1_000  # of a value; what lies behind is cut off unseen by anyone
_MAX_DIGITS = 4

# A phone turns all of these into something to tap on. One letter may be a whole label: t.me, x.com.
_LINK = re.compile(r"@|://|\bwww\b|[^\W_]\.[^\W\d_]{2,}|\bxn--|\d+\.\d+\.\d+\.\d+", re.IGNORECASE)
_FULL_STOPS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024", "."))

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")  # each is an escape and a sign: two septets


def tame(value: object, default: str) -> str:
    """A stranger's value as it may stand under the owner's name: one line, at most 40 characters, NFC.

    `default` where the value is missing, no text or number, or could be used to lure: it holds a
    link, a domain-like word, an `@` or more than four digits (of any script). Never raises.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return default
    if isinstance(value, int):
        if abs(value) >= 10**_MAX_DIGITS:
            return default
        value = str(value)
    text = unicodedata.normalize("NFC", "".join(map(_visible, value[:_LOOKED_AT])))
    text = " ".join(text.split())
    plain = unicodedata.normalize("NFKC", text).translate(_FULL_STOPS)
    if not text or _LINK.search(plain) or sum(c.isdigit() for c in plain) > _MAX_DIGITS:
        return default
    return text[:MAX_VALUE].rstrip()


def segments(text: str) -> int:
    """How many SMS the text is billed as: 160 characters in GSM-7 (153 in each of several; the extension
    table's characters count twice), else 70 in UCS-2 (67; characters outside the BMP count twice). 0 when empty.
    Source: 3GPP TS 23.038 and 23.040. A sign of two units is never split over two segments."""
    if all(sign in _GSM_7 or sign in _GSM_7_EXTENSION for sign in text):
        return _count([2 if sign in _GSM_7_EXTENSION else 1 for sign in text], 160, 153)
    return _count([2 if ord(sign) > 0xFFFF else 1 for sign in text], 70, 67)


def _count(widths: list[int], alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1 if widths else 0
    count, room = 0, 0
    for width in widths:
        if width > room:
            count, room = count + 1, joined
        room -= width
    return count


def _visible(sign: str) -> str:
    """Line ends and controls as a blank; what cannot be seen (joiners, bidi marks, half surrogates) dropped."""
    category = unicodedata.category(sign)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category in ("Cf", "Cs") else sign
