"""An account's file in `config/accounts/`: a set of keys at a provider, and how fast it may ring."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, validates_schema

from core.account.wanted import WantedAccount
from schemas.fields import Count, Duration, Free, Secret, Text
from schemas.section import Keys, Section, Value, Wrong, each, nearest, read, refusal

RATE = re.compile(r"[0-9]{1,5}(\.[0-9]{1,3})?")
WaysIn = Mapping[str, tuple[tuple[str, ...], ...]]  # provider -> the names of what its accounts say about themselves


class HttpAddress(Value):
    """Where the provider is asked. It may hold a secret, so it is never repeated."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        try:
            parts = urlsplit(value)
            fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        except (ValueError, TypeError, AttributeError):
            fits = False
        if not fits or parts.username is not None or parts.fragment:
            raise refusal("an address like https://voice.example/api/send/ without user or fragment")
        return str(value)


class Rate(Value):
    """Calls begun per second by all workers together; 0 is without a limit."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> float:
        if isinstance(value, str) and RATE.fullmatch(value) and float(value) <= 10_000:
            return float(value)
        raise refusal("calls per second from 0 (no limit) to 10000, like 5 or 0.5", value)


class AccountFile(Section):
    """The whole file. What stands under `auth` is its provider's to say; each is a reference to a secret."""

    provider = Text(required=True)
    url = HttpAddress(required=True)
    auth = Free(required=True)
    rate = Rate(load_default=5.0)
    concurrency = Count(least=1, most=512, load_default=8)
    connect_timeout_ms = Duration(least_ms=1_000, most_ms=60_000, load_default=3_000, data_key="connect_timeout")
    total_timeout_ms = Duration(least_ms=1_000, most_ms=300_000, load_default=20_000, data_key="total_timeout")
    ca_file = Text(load_default="")
    proxy = Secret(load_default="")

    def __init__(self, ways_in: WaysIn) -> None:
        super().__init__()
        self.ways_in = ways_in

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def refuse_other_ways(self, data: Any, original: Any, **_: Any) -> None:
        provider = data.get("provider")
        if provider is None:
            return
        if provider not in self.ways_in:
            known = sorted(self.ways_in)
            raise ValidationError(
                {"provider": [Wrong("one of " + ", ".join(known), provider, nearest(provider, known))]}
            )
        if isinstance(auth := data.get("auth"), dict):
            refuse_auth(auth, self.ways_in[provider])


def refuse_auth(auth: Mapping[str, Any], ways: tuple[tuple[str, ...], ...]) -> None:
    """Raises ValidationError unless `auth` is one of the `ways`, each of its values a reference to a secret."""
    told = " or ".join("{" + ", ".join(f"{name}: env:NAME" for name in way) + "}" for way in ways)
    if not any(set(auth) == set(way) for way in ways):
        raise ValidationError({"auth": [Wrong(told, ", ".join(auth) or "nothing")]})
    try:
        each(auth.items(), lambda _name, value: Secret().deserialize(value))
    except ValidationError as error:
        raise ValidationError({"auth": error.messages}) from None


def read_account(
    name: str, text: dict[str, Any], ways_in: WaysIn
) -> tuple[WantedAccount | None, list[tuple[Keys, Wrong]]]:
    """The account, its secrets still as references; or None with every problem and its way down. Never raises."""
    data, wrong = read(AccountFile(ways_in), text)
    if wrong:
        return None, wrong
    wanted = WantedAccount(
        name,
        data["provider"],
        data["url"],
        data["auth"],
        calls_per_s=data["rate"],
        slots=data["concurrency"],
        connect_timeout_ms=data["connect_timeout_ms"],
        total_timeout_ms=data["total_timeout_ms"],
        ca_file=data["ca_file"],
        proxy=data["proxy"],
    )
    return wanted, []
