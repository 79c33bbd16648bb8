"""`policy` of a source, and the policy file."""

import re
from typing import Any

from marshmallow import ValidationError, post_load

from core.numbers.never import SHIPPED
from core.numbers.phone import TYPES, UNKNOWN
from core.overall import Overall, Totals
from core.source import Policy
from schemas.fields import Count, Country, DayHours, Duration, Money, Text, Texts, Zone
from schemas.references import When
from schemas.section import Keys, Part, Section, Value, Wrong, read, refusal

NUMBER_TYPES = tuple(sorted(frozenset[str]().union(*TYPES.values(), {"satellite"}) - {UNKNOWN}))


class OncePerNumber(Value):
    """`24h`, or `{window: 24h, per: script}`: (milliseconds, whether another script may ring)."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> tuple[int, bool]:
        if isinstance(value, dict):
            loaded: tuple[int, bool] = Window().load(value)
            return loaded
        return Duration().deserialize(value), False


class Window(Section):
    window = Duration(required=True)
    per = Text(among=("number", "script"), load_default="number")

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[int, bool]:
        return data["window"], data["per"] == "script"


class Prefix(Value):
    """The first digits of numbers with their country's code, `+` or not."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        digits = re.sub(r"[ +()-]", "", value) if isinstance(value, str) else ""
        if not re.fullmatch(r"[1-9][0-9]{1,14}", digits):
            raise refusal("the first digits of numbers, country code first, like 7940", value)
        return digits


class NeverPrefixesSection(Section):
    """What an owner changes in the shipped list."""

    add = Texts(Prefix(), load_default=())
    remove = Texts(Prefix(), load_default=())

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[str, ...]:
        if unknown := [prefix for prefix in data["remove"] if prefix not in SHIPPED]:
            nearer = next((known for known in SHIPPED if known.startswith(unknown[0])), "")
            raise ValidationError({"remove": [Wrong("of the shipped " + ", ".join(SHIPPED), unknown[0], nearer)]})
        kept = (prefix for prefix in SHIPPED if prefix not in data["remove"])
        return tuple(dict.fromkeys((*kept, *data["add"])))


class PolicySection(Section):
    countries = Texts(Country(), least=1)
    number_types = Texts(Text(among=NUMBER_TYPES), least=1)
    never_prefixes = Part(NeverPrefixesSection)
    hours = DayHours()
    timezone = Zone()
    once_per_number = OncePerNumber()
    max_age_ms = Duration(data_key="max_age")
    max_wait_ms = Duration(data_key="max_wait")
    calls_per_hour = Count()
    calls_per_day = Count()
    spend_per_day = Money()
    sms_segments = Count(least=1, most=10)
    test_when = When()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Policy:
        if "once_per_number" in data:
            data["once_per_number_ms"], data["once_per_script"] = data.pop("once_per_number")
        return Policy(**data)


class HouseSection(Section):
    """Totals over all sources; 0 is off."""

    makes = Totals
    calls_per_hour = Count()
    calls_per_day = Count()
    spend_per_day = Money()
    calls_per_number_per_day = Count()


class PolicyFile(Section):
    """The whole file. `defaults` stays text: it is merged below each source's own policy."""

    defaults = Part(PolicySection, load_default=Policy())
    house = Part(HouseSection, load_default=Totals())
    # Phrases of a refusal that means the voice account, each word of them the beginning of one, in any case.
    account_trouble = Texts(
        Text(like=r".{3,}", called="a word's beginning, of at least 3 letters, or several"), load_default=None
    )


def read_policy(text: dict[str, Any]) -> tuple[tuple[Policy, Overall] | None, list[tuple[Keys, Wrong]]]:
    """The policy file's defaults and what it says over all sources, or None with every problem and its way down.
    Never raises."""
    data, wrong = read(PolicyFile(), text)
    if wrong:
        return None, wrong
    return (data["defaults"], Overall(data["house"], data["account_trouble"], data["defaults"].timezone)), []
