"""The phone numbers that a person wrote into a free text: a chat message, a comment."""

import phonenumbers

from core.numbers.phone_text import plain

LONGEST = 2000  # characters that are looked at
MOST = 10
GLUED = "_=#"  # what stands before an id in an address or a text, never before a phone


def numbers_in(text: object, region: str) -> list[str]:
    """What in the text is surely meant as a phone number, as it was written and in its order; to be judged
    by `core.numbers.phone.read`. Digits in a row without `+` or the country's own prefix are no number here: an order
    or an advertisement has ten of them too. Empty for what is no text. Never raises."""
    if not isinstance(text, str):
        return []
    known = phonenumbers.country_code_for_region(region.upper())
    said = plain(text[:LONGEST])
    found: list[str] = []
    for match in phonenumbers.PhoneNumberMatcher(said, region.upper() if known else None):
        written, before = match.raw_string, said[: match.start][-1:]
        if (not before or before not in GLUED) and _is_meant(written, match.number) and written not in found:
            found.append(written)
        if len(found) == MOST:
            break
    return found


def _is_meant(written: str, number: phonenumbers.PhoneNumber) -> bool:
    digits = "".join(sign for sign in written if sign.isdigit())
    national = phonenumbers.national_significant_number(number)
    return "+" in written or len(digits) > len(national) or digits != written
