"""A number as a person writes it: read as the sources in force read their leads' numbers."""

from core.numbers import phone
from core.reason import Reason
from core.source import Policy
from flow.gateway import Gateway


def regions(gateway: Gateway) -> list[str]:
    """The countries that the sources in force read numbers in, or what is built in where there is none; never empty."""
    known = [gateway.sources.get(name) for name in gateway.sources.names()]
    sources = [one.source for one in known if one is not None]
    found = [source.mapping.number.region or source.policy.countries[0] for source in sources]
    return list(dict.fromkeys(found)) or [Policy().countries[0]]


def readings(text: object, among: list[str]) -> tuple[str, ...] | Reason:
    """Every number (digits) that the text can mean when read in these countries, or why it is none."""
    found = [phone.read(text, region) for region in among]
    numbers = tuple(dict.fromkeys(one.number for one in found if one.number))
    return numbers or Reason(found[0].problem or "number_missing")


def one(text: object, among: list[str]) -> str | Reason:
    """The one number that the text means, or why it is none: what is done to a number must not hit another."""
    if phone.read(text, among[0]).rest:
        return Reason("number_not_alone")
    found = readings(text, among)
    if isinstance(found, Reason):
        return found
    return found[0] if len(found) == 1 else Reason("number_of_several_countries", {"count": len(found)})
