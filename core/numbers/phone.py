"""A phone number out of what a form or a CRM holds, or the reason why it is none.

phonenumbers alone would ring strangers: it reads letters as keypad digits ("+7 999 000 Ivan" is
the VALID +79990004826), drops an extension in silence and takes the first of two numbers written
together. So the rules here come first, and phonenumbers sees digits only.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, timezone

from core.numbers.phone_text import PROBLEMS_OF_TEXT, Written, candidates, written

MOBILE, FIXED, UNKNOWN = "mobile", "fixed", "unknown"
TYPES: dict[int, frozenset[str]] = {
    PhoneNumberType.MOBILE: frozenset({MOBILE}),
    PhoneNumberType.FIXED_LINE: frozenset({FIXED}),
    PhoneNumberType.FIXED_LINE_OR_MOBILE: frozenset({MOBILE, FIXED}),  # every number of +1
    PhoneNumberType.TOLL_FREE: frozenset({"toll_free"}),
    PhoneNumberType.PREMIUM_RATE: frozenset({"premium"}),
    PhoneNumberType.SHARED_COST: frozenset({"shared_cost"}),
    PhoneNumberType.VOIP: frozenset({"voip"}),
    PhoneNumberType.PERSONAL_NUMBER: frozenset({"personal"}),
    PhoneNumberType.PAGER: frozenset({"pager"}),
    PhoneNumberType.UAN: frozenset({"uan"}),
    PhoneNumberType.VOICEMAIL: frozenset({"voicemail"}),
    PhoneNumberType.UNKNOWN: frozenset({UNKNOWN}),
}
# Inmarsat, the global satellite networks, Thuraya: phonenumbers calls them mobile or VoIP.
_SATELLITE = ("870", "881", "88216")

# A number is read when its lead is mapped, again by the rules, and once more at its claim.
SHORT = 100  # letters of a text that is remembered
REMEMBERED = 1024

PROBLEMS = (*PROBLEMS_OF_TEXT, "number_without_country", "number_not_valid")


@dataclass(frozen=True)
class Reading:
    """`number` is E.164 digits without `+`, None when there is none; then `problem` is a code of
    `core.reason.WORDS`. `country` is ISO 3166 (`001`: no country's), `types` the words that a policy's
    `number_types` uses (one that may be either holds both), `rest` what else stood in the field, as
    written: other numbers, and text that was cut off."""

    number: str | None = None
    country: str = ""
    types: frozenset[str] = frozenset()
    problem: str | None = None
    rest: tuple[str, ...] = ()


class _Known(NamedTuple):
    reading: Reading
    zone: str | None


NOT_VALID = Reading(problem="number_not_valid")


def read(value: object, region: str, callable: Callable[[Reading], bool] | None = None) -> Reading:
    """The number in a field's value: text, a number, or a list of those.

    Several numbers are each tried alone: the first that `callable` holds for wins, else the first
    valid one, else the first problem is told. Digits without `+` are read in `region` (ISO 3166)
    only. Never raises, whatever the value.
    """
    is_short = isinstance(value, str) and len(value) <= SHORT
    texts = _of_short(value) if is_short else candidates(value)
    if isinstance(texts, str):
        return Reading(problem=texts)
    readings = [_read(text, region) for text in texts]
    valid = [n for n, reading in enumerate(readings) if reading.number]
    chosen = valid[0] if valid else 0
    if callable is not None and len(valid) > 1:
        chosen = next((n for n in valid if callable(readings[n])), chosen)
    others = tuple(text.strip() for n, text in enumerate(texts) if n != chosen)
    return replace(readings[chosen], rest=readings[chosen].rest + others) if others else readings[chosen]


def of(number: str) -> Reading:
    """What an E.164 number (digits) is: the same as if it had been written with its `+`."""
    return _known(number).reading


def zone(number: str) -> str | None:
    """The IANA zone of an E.164 number (digits), where the number tells it: a fixed line's is exact, a
    Russian or Kazakh mobile's unknowable. None when there are several or none."""
    return _known(number).zone


def looks_like_sample(number: str) -> bool:
    """Whether this valid number is one that test leads carry: Marquiz's and Creatium's panels send
    +7 (999) 123-45-67 with no other mark, others a single digit repeated."""
    return len(set(number)) == 1 or (len(number) == 11 and number.startswith("79") and number.endswith("1234567"))


_of_short = lru_cache(REMEMBERED)(candidates)  # nobody changes the list


@lru_cache(REMEMBERED)
def _read(text: str, region: str) -> Reading:
    found = written(text)
    if isinstance(found, str):
        return Reading(problem=found)
    reading = _judged(found, region)
    if found.tail and not reading.number:
        return Reading(problem="number_with_letters")  # only behind a number valid by itself may text be cut off
    return replace(reading, rest=(found.tail,)) if found.tail else reading


def _judged(found: Written, region: str) -> Reading:
    if found.international:
        return _known(found.digits).reading
    country_code = phonenumbers.country_code_for_region(region.strip().upper())
    if not country_code:
        return Reading(problem="number_without_country")
    parsed = _parsed(found.digits, region.strip().upper())
    # In Russia "810.." or in the USA "011.." leads abroad: that is not a number of the region.
    if parsed is None or parsed.country_code != country_code:
        return NOT_VALID
    number = _digits(parsed)
    reading = _known(number).reading
    # "00601.." of Tanzania is none, though behind the country's code its zeros would be passed over.
    return reading if reading.number == number else NOT_VALID


@lru_cache(REMEMBERED)
def _known(digits: str) -> _Known:
    """All that the numbering plan says of `+` and these digits, in one go: the parts of phonenumbers each look the
    same up again."""
    parsed = _parsed("+" + digits, None)
    kind = PhoneNumberType.UNKNOWN if parsed is None else phonenumbers.number_type(parsed)
    if parsed is None or kind == PhoneNumberType.UNKNOWN:  # it fits no kind of its country's numbers
        return _Known(NOT_VALID, None)
    number = _digits(parsed)
    types = frozenset({"satellite"}) if number.startswith(_SATELLITE) else TYPES[kind]
    zones = timezone.time_zones_for_number(parsed)
    zone = zones[0] if len(zones) == 1 and zones[0] != "Etc/Unknown" else None
    return _Known(Reading(number, phonenumbers.region_code_for_number(parsed) or "", types), zone)


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    """None for what is no number; one that is may still not be valid."""
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _digits(parsed: PhoneNumber) -> str:
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)[1:]
