"""A number is looked up once; here each part of phonenumbers is asked by itself, about numbers of every country."""

import random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType, timezone

from core.numbers import phone
from core.numbers.phone import TYPES, Reading

SATELLITE = ("870", "881", "88216")


# Two that share a code, two whose national prefix can stand twice, one of many, and one that keeps its zero.
@pytest.mark.parametrize("region", ["RU", "KZ", "BY", "TZ", "US", "IT"])
def test_a_number_is_what_the_numbering_plan_says_however_it_is_written(region):
    """Examples of each kind, and what slips make of them: within the country, and behind a plus."""
    slips = random.Random(region)
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in PhoneNumberType.values()]
    written = [
        "".join(sign for sign in phonenumbers.format_number(one, form) if sign in "+0123456789")
        for one in examples
        if one is not None
        for form in (PhoneNumberFormat.E164, PhoneNumberFormat.NATIONAL)
    ]
    assert written
    for text in written + [slipped(text, slips) for text in written for _ in range(20)]:
        if len(set(text)) > 2 and not text.startswith("00"):  # others are read by rules of our own
            reading = phone.read(text, region)
            assert reading == by_the_plan(text, region), text
            if reading.number:
                assert phone.zone(reading.number) == zone_by_the_plan(reading.number), text
                assert phone.of(reading.number) == reading, text


def slipped(text, slips):
    at = slips.randrange(1, len(text))
    return text[:at] + slips.choice("0123456789") + text[at + 1 :]


def by_the_plan(text, region):
    is_abroad = text.startswith("+")
    try:
        parsed = phonenumbers.parse(text, None if is_abroad else region)
    except phonenumbers.NumberParseException:
        return phone.NOT_VALID
    leads_abroad = not is_abroad and parsed.country_code != phonenumbers.country_code_for_region(region)
    if leads_abroad or not phonenumbers.is_valid_number(parsed):
        return phone.NOT_VALID
    number = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)[1:]
    types = {"satellite"} if number.startswith(SATELLITE) else TYPES[phonenumbers.number_type(parsed)]
    return Reading(number, phonenumbers.region_code_for_number(parsed), frozenset(types))


def zone_by_the_plan(number):
    zones = timezone.time_zones_for_number(phonenumbers.parse(f"+{number}", None))
    return zones[0] if len(zones) == 1 and zones[0] != timezone.UNKNOWN_TIMEZONE else None
