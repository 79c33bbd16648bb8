"""Which numbers a source may ring at all, whoever's they are and whatever the hour: the one predicate that chooses
among several numbers of a lead, and the first rules of `core.policy.RULES`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from core.numbers import never, phone
from core.reason import Reason
from core.source import Policy


@dataclass(frozen=True)
class Finding:
    """What a rule found in the number, and why that stands against a call; None: nothing does."""

    found: str
    against: Reason | None = None


def may_ring(reading: phone.Reading, policy: Policy) -> bool:
    """Whether every rule about the number alone lets it be called: what makes one of several win."""
    return reading.number is not None and not any(rule(reading, policy).against for rule in NUMBER_RULES.values())


def _countries(reading: phone.Reading, policy: Policy) -> Finding:
    found = reading.country or "?"
    return Finding(found, None if reading.country in policy.countries else _rule("countries", found, policy.countries))


def _number_types(reading: phone.Reading, policy: Policy) -> Finding:
    found, wanted = ", ".join(sorted(reading.types)) or "?", policy.number_types
    return Finding(found, None if reading.types & set(wanted) else _rule("number_types", found, wanted))


def _never_prefixes(reading: phone.Reading, policy: Policy) -> Finding:
    prefix = never.fitting(reading.number or "", policy.never_prefixes)
    if prefix is None:
        return Finding("")
    return Finding(
        never.named(prefix), Reason("never_prefix", {"rule": "never_prefixes", "found": never.named(prefix)})
    )


def _rule(rule: str, found: str, allowed: tuple[str, ...]) -> Reason:
    return Reason("rule", {"rule": rule, "found": found, "allowed": ", ".join(allowed)})


NUMBER_RULES: dict[str, Callable[[phone.Reading, Policy], Finding]] = {
    "countries": _countries,
    "number_types": _number_types,
    "never_prefixes": _never_prefixes,
}
