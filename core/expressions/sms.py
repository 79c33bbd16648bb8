"""Texts of SMS: taming what a stranger typed, and counting what it costs."""

import re
import unicodedata

from core.expressions.expression import Template

MAX_VALUE = 40  # characters of one value
_LOOKED_AT = 1_000  # of a value: longer ones are no names

# Letters with what stands between them; a full stop only where a blank follows, so that no two words are a host.
_WORDS = re.compile(r"[^\W\d_](?:[^\W\d_]|[-'’ʼ](?=[^\W\d_])| (?=[^\W\d_])|\.(?= ))*")
_NUMBER = re.compile(r"(?=(?:[^0-9]*[0-9]){1,6}[^0-9]*$)(?:№ ?)?[0-9]+(?:[-/][0-9]+)*")
_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters that nobody sees

# A phone turns all of these into something to tap on; of a joined text as IDNA reads it. One letter may be a whole
# label (t.me), and behind `://` every word is a host.
_TO_TAP_ON = re.compile(
    r"(?<![\w.-])(?:[\w-]+\.)+(?:[^\W\d_][\w-]+|\d+)|\w*://[^\s/?#]*|(?<!\w)www\w*|(?<!\w)xn--\S*|[\w.-]*@[\w.-]*"
    r"|(?<!\w)\+?\d(?:[\s().-]*\d){6,}"
)
_FULL_STOPS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024", "."))

_GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_7_EXTENSION = frozenset("\f^{}\\[~]|€")  # each is an escape and a character: two septets


def tame(value: object, default: str) -> str:
    """A stranger's value as it may stand under the owner's name: one line of at most 40 characters, either

    - words: letters (in NFC, each as one character), blanks, hyphens and apostrophes between them, a full stop
      before a blank; one at the end is left out; or
    - a number: at most six digits, with hyphens and slashes between them and `№` before them.

    `default` in the place of anything else, so that nobody writes a link, a phone number or a word of his own
    into the owner's text. Never raises."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return default
    if isinstance(value, int):
        if abs(value) >= 10**6:
            return default
        value = str(value)
    if len(value) > _LOOKED_AT:
        return default
    text = unicodedata.normalize("NFC", "".join(map(_visible, value)))
    text = " ".join(text.split()).removesuffix(".").rstrip()
    if len(text) > MAX_VALUE:
        return default
    if _NUMBER.fullmatch(text):
        return text
    # What compatibility writes otherwise (fullwidth, mathematical, ligatures) is a disguise of other letters.
    plain = unicodedata.normalize("NFKC", text) == text and not any(filler in text for filler in _FILLERS)
    return text if plain and _WORDS.fullmatch(text) else default


def write(template: Template, payload: object) -> str:
    """The text for this payload, "" where nothing comes of it. The joined text is looked at once more: where a value
    has become part of something to tap on that the owner did not write, every value is its default."""
    text = template.render(payload, tame)
    there = _to_tap_on(text)
    if not there:
        return text
    owners = template.render({}, tame)
    return owners if there - _to_tap_on(owners) - _to_tap_on(template.without_values()) else text


def _to_tap_on(text: str) -> frozenset[str]:
    """What of the text a phone would make a link or a number to ring, as IDNA (UTS 46) reads it."""
    text = "".join(char for char in unicodedata.normalize("NFKC", text) if _counts(char))
    folded = unicodedata.normalize("NFKC", text.translate(_FULL_STOPS).casefold())
    # A mark that folding leaves (of the Turkish İ) is a character of its label, too.
    return frozenset(_TO_TAP_ON.findall("".join("i" if unicodedata.category(c) == "Mn" else c for c in folded)))


def _counts(char: str) -> bool:
    """Variation selectors, joiners and fillers are left out by IDNA, and marks hide nothing from a reader."""
    return unicodedata.category(char) not in ("Mn", "Me", "Cf", "Cs") and char not in _FILLERS


def segments(text: str) -> int:
    """How many SMS the text is billed as: 160 characters in GSM-7 (153 in each of several; the extension
    table's characters count twice), else 70 in UCS-2 (67; characters outside the BMP count twice). 0 when empty.
    Source: 3GPP TS 23.038 and 23.040. A character of two units is never split over two segments."""
    if all(char in _GSM_7 or char in _GSM_7_EXTENSION for char in text):
        return _count([2 if char in _GSM_7_EXTENSION else 1 for char in text], 160, 153)
    return _count([2 if ord(char) > 0xFFFF else 1 for char in text], 70, 67)


def _count(widths: list[int], alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1 if widths else 0
    count, room = 0, 0
    for width in widths:
        if width > room:
            count, room = count + 1, joined
        room -= width
    return count


def _visible(char: str) -> str:
    """Line ends and controls as a blank; what cannot be seen (joiners, bidi marks, half surrogates) dropped."""
    category = unicodedata.category(char)
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "" if category in ("Cf", "Cs") else char
