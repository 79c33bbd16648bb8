"""The kinds of values that stand in our YAML files, each from the text that stands there."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from core.durations import DAY_MS
from core.source import COUNTRIES, Hours
from schemas.section import Value, Wrong, each, nearest, numbered, refusal

DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
SIZE = re.compile(r"([1-9][0-9]{0,6})(B|kB|MB)")
CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-–—]\s*([0-9]{1,2}):([0-9]{2})")
MONEY = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")
SECRET = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*")
MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY_MS}
BYTES = {"B": 1, "kB": 1000, "MB": 1_000_000}


class Text(Value):
    """A text, stripped unless `exact`; one of `among` where given, or one that fits `like` (said as `called`)."""

    def __init__(
        self,
        among: Iterable[str] = (),
        like: str = "",
        called: str = "a text",
        longest: int = 300,
        exact: bool = False,
        **kw: Any,
    ) -> None:
        super().__init__(**kw)
        self.among = tuple(among)
        self.like = re.compile(like) if like else None
        self.called = called
        self.longest = longest
        self.exact = exact

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        if not isinstance(value, str):
            raise refusal(self.called if not self.among else "one of " + ", ".join(self.among), value)
        text = value if self.exact else value.strip()
        if self.among and text not in self.among:
            raise refusal("one of " + ", ".join(self.among), value, nearest(text, self.among))
        if len(text) > self.longest or (self.like and not self.like.fullmatch(text)):
            raise refusal(self.called, value)
        return text


class Texts(Value):
    """A list of texts, or a single one, each checked by `each`."""

    def __init__(self, each: Value, least: int = 0, **kw: Any) -> None:
        super().__init__(**kw)
        self.each = each
        self.least = least

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            return (self.each.deserialize(value),)
        out = each(numbered(value), lambda _n, item: self.each.deserialize(item))
        if len(out) < self.least:
            raise refusal("at least one value")
        return tuple(out)


class Country(Value):
    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        if isinstance(value, str) and value in COUNTRIES:
            return str(value)
        meant = {"UK": "GB"}.get(str(value).upper(), str(value).upper())
        raise refusal("a country in two capital letters like RU", value, meant if meant in COUNTRIES else "")


class YesNo(Value):
    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> bool:
        if value not in ("true", "false"):
            meant = {
                "true": "true",
                "false": "false",
                "yes": "true",
                "on": "true",
                "1": "true",
                "no": "false",
                "off": "false",
                "0": "false",
            }
            raise refusal("true or false", value, meant.get(str(value).lower(), ""))
        return bool(value == "true")


class Count(Value):
    """A whole number, 0 included, in plain digits."""

    def __init__(self, least: int = 0, most: int = 1_000_000, **kw: Any) -> None:
        super().__init__(**kw)
        self.least = least
        self.most = most

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) and self.least <= int(value) <= self.most:
            return int(value)
        raise refusal(f"a whole number from {self.least} to {self.most}", value)


class Money(Value):
    """An amount in the account's currency; 0 is off."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Decimal:
        if isinstance(value, str) and MONEY.fullmatch(value):
            return Decimal(value)
        better = value.replace(",", ".") if isinstance(value, str) else ""
        raise refusal('an amount like "3000" or "99.50"', value, better if MONEY.fullmatch(better) else "")


class Duration(Value):
    """Milliseconds out of `90s`, `15m`, `12h`, `30d`, or 0 for off."""

    def __init__(self, least_ms: int = 0, most_ms: int = 400 * DAY_MS, **kw: Any) -> None:
        super().__init__(**kw)
        self.least_ms = least_ms
        self.most_ms = most_ms

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> int:
        expected = "a duration like 90s, 15m, 12h or 30d" + ("" if self.least_ms else ", or 0 for off")
        if value == "0" and not self.least_ms:
            return 0
        found = DURATION.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            bare = isinstance(value, str) and re.fullmatch(r"[1-9][0-9]{0,5}", value)
            raise refusal(expected, value, f"{value}s" if bare else "")
        ms = int(found[1]) * MILLISECONDS[found[2]]
        if not self.least_ms <= ms <= self.most_ms:
            most = f"{self.most_ms // DAY_MS}d" if self.most_ms >= DAY_MS else f"{self.most_ms // 1000}s"
            raise refusal(f"a duration from {self.least_ms // 1000}s to {most}", value)
        return ms


class Size(Value):
    """Bytes out of `900B`, `256kB`, `4MB`, at most 4 MB."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> int:
        found = SIZE.fullmatch(value) if isinstance(value, str) else None
        size = int(found[1]) * BYTES[found[2]] if found else 0
        if not 0 < size <= 4_000_000:
            raise refusal("a size like 256kB, at most 4MB", value)
        return size


class DayHours(Value):
    """Minutes of the day out of `09:00-20:00`; `20:00-02:00` runs over midnight."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Hours:
        found = CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            raise refusal('hours like "09:00-20:00"', value)
        h1, m1, h2, m2 = (int(part) for part in found.groups())
        start, end = h1 * 60 + m1, h2 * 60 + m2
        if m1 > 59 or m2 > 59 or start >= 1440 or end > 1440 or start == end:
            always = start == end or (start >= 1440 and end == 0)
            raise refusal("hours within 00:00-24:00 that differ", value, '"00:00-24:00"' if always else "")
        return Hours(start, end)


class Clock(Value):
    """A minute of the day out of `09:00`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> int:
        found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", value.strip()) if isinstance(value, str) else None
        if found is None or int(found[1]) > 23 or int(found[2]) > 59:
            raise refusal('a time of the day like "09:00"', value)
        return int(found[1]) * 60 + int(found[2])


class Zone(Value):
    """The name of a time zone that this machine knows."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        try:
            return str(ZoneInfo(value).key)
        except (KeyError, ValueError, OSError, TypeError):
            raise refusal("a time zone like Europe/Moscow", value) from None


class Secret(Value):
    """A reference `env:NAME`. What stands there instead may be the secret itself and is not repeated."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        if isinstance(value, str) and SECRET.fullmatch(value):
            return value
        wrong = Wrong(
            "env:NAME (the secret itself stands in the environment or SECRETS_FILE)", "something else", "env:NAME"
        )
        raise ValidationError([wrong])


class Free(Value):
    """Texts, lists and objects of them, as they stand."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise refusal("keys and values", value)
        return value
