"""`config/alarms.yaml`: how somebody wants to be told of alarms, and by which channels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError, fields

from core.source import Hours
from core.telling import NIGHT, NINE, TOLD_KINDS
from schemas.account import HttpAddress
from schemas.fields import Clock, Count, DayHours, Duration, Secret, Text, Texts
from schemas.section import Keys, Section, Value, Wrong, each, nearest, read, refusal

NAME = r"[a-z0-9][a-z0-9_-]{0,30}"


@dataclass(frozen=True)
class WantedChannel:
    """A channel as its file says; secrets are still references."""

    name: str
    kind: str
    said: Mapping[str, Any]
    secrets: tuple[str, ...]  # those keys of `said` that are references


@dataclass(frozen=True)
class AlarmsFile:
    language: str = "en"
    quiet: Hours | None = NIGHT
    digest: int | None = NINE
    off: tuple[str, ...] = ()
    silence: Mapping[str, int] = field(default_factory=dict)  # source -> milliseconds; 0: it may be silent
    channels: tuple[WantedChannel, ...] = ()


class EmailSection(Section):
    kind = Text(required=True)
    host = Text(required=True)
    port = Count(least=1, most=65535, load_default=587)
    tls = Text(among=("starttls", "tls", "no"), load_default="starttls")
    sender = Text(required=True, data_key="from")
    to = Texts(Text(), least=1, required=True)
    user = Secret()
    password = Secret()


class TelegramSection(Section):
    kind = Text(required=True)
    token = Secret(required=True)
    chat = Text(required=True)
    api = HttpAddress()
    proxy = Secret()


class ChatSection(Section):
    kind = Text(required=True)
    url = Secret(required=True)
    proxy = Secret()


class WebhookSection(Section):
    kind = Text(required=True)
    url = HttpAddress(required=True)
    secret = Secret(required=True)
    proxy = Secret()


KINDS: dict[str, type[Section]] = {
    "email": EmailSection,
    "telegram": TelegramSection,
    "chat": ChatSection,
    "webhook": WebhookSection,
}


class Channels(Value):
    """Channels by their names, each of one kind."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> tuple[WantedChannel, ...]:
        if not isinstance(value, dict):
            raise refusal("channels by their names", value)
        return tuple(each(value.items(), _channel))


def _channel(name: str, said: Any) -> WantedChannel:
    Text(like=NAME, called="a name of small letters, digits, - and _").deserialize(name)
    kind = said.get("kind") if isinstance(said, dict) else None
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise ValidationError({"kind": [Wrong(f"one of {known}", str(kind or "nothing"), nearest(str(kind), KINDS))]})
    section = KINDS[kind]()
    loaded = section.load(said)
    secrets = tuple(key for key in loaded if isinstance(section.fields[key], Secret))
    return WantedChannel(name, kind, {key: value for key, value in loaded.items() if key != "kind"}, secrets)


class OrNo(Value):
    """A value, or `no` for none."""

    def __init__(self, inner: fields.Field[Any], **kw: Any) -> None:
        super().__init__(**kw)
        self.inner = inner

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Any:
        return None if value == "no" else self.inner.deserialize(value)


class Silences(Value):
    """The longest silence of a source that its owner accepts, by its name; `no` where any is."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> dict[str, int]:
        if not isinstance(value, dict):
            raise refusal("sources by their names, like {shop: 24h}", value)
        longest = OrNo(Duration(least_ms=900_000))
        return dict(each(value.items(), lambda name, said: (name, longest.deserialize(said) or 0)))


class AlarmsSection(Section):
    makes = AlarmsFile
    language = Text(among=("en", "ru"), load_default="en")
    quiet = OrNo(DayHours(), load_default=NIGHT, data_key="quiet_hours")
    digest = OrNo(Clock(), load_default=NINE)
    off = Texts(Text(among=TOLD_KINDS), load_default=())
    silence = Silences(load_default=dict)
    channels = Channels(load_default=())


def read_alarms(text: dict[str, Any]) -> tuple[AlarmsFile | None, list[tuple[Keys, Wrong]]]:
    """The file, or None with every problem and its way down. Never raises."""
    return read(AlarmsSection(), text)
