"""What people and CRMs write into a phone field, taken apart before any numbering plan is asked."""

import re
import unicodedata
from dataclasses import dataclass

PROBLEMS_OF_TEXT = (
    "number_missing",
    "number_not_text",
    "number_too_long",
    "number_not_filled_in",
    "number_is_text",
    "number_is_decimal",
    "number_is_one_digit",
    "number_with_letters",
    "number_with_extension",
    "number_malformed",
)

_MAX_TEXT = 200
_MAX_NUMBERS = 10

_PLACEHOLDER = re.compile(r"[{}]|^\s*(\[.*\]|%.*%|<.*>|\$\w+)\s*$", re.DOTALL)
_ADDRESS = re.compile(r"@|://|\bt\.me\b|\bwa\.me\b", re.IGNORECASE)
_EXTENSION = re.compile(
    r"[\W_]*(?:(?:до[бп]|добавочный|вн|внутр|внутренний|ext|extn|extension|[xх])(?![^\W\d_])|[#*])", re.IGNORECASE
)
_SHAPE = re.compile(r"\(? ?\+?[0-9 ().\-/]+")
_ALLOWED = re.compile(r"[0-9 +().\-/]*")
_DECIMAL = re.compile(r"\+?[0-9]{7,}\.[0-9]{1,2}")
_SHORT = re.compile(r"[0-9 ]{1,6}")  # behind a comma: an extension, or a second number cut short
# Letters that stand for a digit when somebody mistypes: "000 00 0O" is not a number with a word behind it.
_MISTYPED = re.compile(r"[OoОоIlіЗзBВЬSsбbD]+(?![^\W\d_])")


@dataclass(frozen=True)
class Written:
    """A text that has the shape of a number: its digits, whether it says its country, what stood behind it."""

    digits: str
    international: bool
    tail: str = ""


def candidates(value: object) -> list[str] | str:
    """The texts in a field's value that may each be a number, in their order; else the problem's code."""
    if value is None:
        return "number_missing"
    if isinstance(value, list | tuple):
        parts = [part for item in value[:_MAX_NUMBERS] for part in _parts(item)]
        blank = all(item is None or (isinstance(item, str) and not item.strip()) for item in value)
    else:
        parts = _parts(value)
        blank = isinstance(value, str) and not value.strip()
    if blank:
        return "number_missing"
    return parts[:_MAX_NUMBERS] or "number_not_text"


def written(text: str) -> Written | str:
    """The number's shape in one text, or the problem's code."""
    if len(text) > _MAX_TEXT:
        return "number_too_long"
    if _PLACEHOLDER.search(text):
        return "number_not_filled_in"
    lost_plus = text[:1].isspace()
    text = text.strip()
    if text[:4].lower() == "tel:":
        text = text[4:].strip()
    allowed = _ALLOWED.match(text)
    head = allowed[0] if allowed else ""
    tail = text[len(head) :]
    if problem := _problem(text, head, tail):
        return problem
    digits = re.sub("[^0-9]", "", head)
    if "+" in head:
        return Written(digits, True, tail)
    if head.startswith("00"):
        return Written(digits[2:], True, tail)
    # A `+` that the sender did not percent-encode arrives as a blank (Creatium: " 7 (904) 421-45-85").
    return Written(digits, lost_plus and len(digits) == 11 and digits.startswith("7"), tail)


def _problem(text: str, head: str, tail: str) -> str | None:
    digits = re.sub("[^0-9]", "", head)
    if not digits:
        names_nobody = _ADDRESS.search(text) or not any(c.isdigit() for c in text)
        return "number_is_text" if names_nobody else "number_with_letters"
    if _EXTENSION.match(tail):
        return "number_with_extension"
    if any(c.isdigit() for c in tail) or (head[-1].isdigit() and _MISTYPED.match(tail)):
        return "number_with_letters"
    if len(digits) > 4 and len(set(digits)) == 1:
        return "number_is_one_digit"
    if _DECIMAL.fullmatch(text):
        return "number_is_decimal"
    return None if _SHAPE.fullmatch(head) else "number_malformed"


def _parts(value: object) -> list[str]:
    """One value as plain texts, parted at the characters that part numbers; none for what is no text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return []
    if isinstance(value, int) and abs(value) >= 10**_MAX_TEXT:
        return []
    text = str(value)
    if len(text) > _MAX_TEXT:
        return [text[: _MAX_TEXT + 1]]
    if _PLACEHOLDER.search(text):
        return [text]
    parts: list[str] = []
    for part in re.split(r"[,;\n]", plain(text)):
        # What follows a comma may belong to the number before it: "+7 495 123-45-67, доб. 12".
        if parts and (_EXTENSION.match(part) or _SHORT.fullmatch(part.strip())):
            parts[-1] += " #" + part.strip()
        elif part.strip():
            parts.append(part)
    return [piece for part in parts for piece in _at_slashes(part)]


def _at_slashes(part: str) -> list[str]:
    """A slash parts numbers only where each side is as long as one: in "030/1234567" it is a sign within."""
    if "/" not in part:
        return [part]
    pieces = part.split("/")
    whole = all(sum(c.isdigit() for c in piece) >= 7 for piece in pieces)
    return pieces if whole else [part]


def plain(text: str) -> str:
    """NFKC, every kind of digit, blank and dash as the ASCII one, invisible characters dropped."""
    if text.isascii():
        return text.replace("\t", " ").replace("\r", "\n")
    return "".join(map(_plain_sign, unicodedata.normalize("NFKC", text)))


def _plain_sign(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(sign)
    if sign in "\r\n\u2028\u2029":
        return "\n"
    if sign == "\t" or category == "Zs":
        return " "
    if category == "Pd" or sign == "\u2212":
        return "-"
    return "" if category == "Cf" else sign
