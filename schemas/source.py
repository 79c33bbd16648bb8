"""A whole source as merged (source over preset over defaults), from texts to `core.source.Source`."""

import re
from typing import Any

from marshmallow import ValidationError, post_load

from core.durations import DAY_MS
from core.policy import never_rings
from core.proofs.authentic import NONE
from core.proofs.handshake import NEED_HANDSHAKE
from core.source import Example, Source
from core.states import NOT_CALLED
from schemas.fetch import FetchSection
from schemas.fields import Duration, Text, Texts, YesNo
from schemas.mapping import MappingSection
from schemas.policy import PolicySection
from schemas.preset import AuthSection, BodySection, HandshakeSection, ReplySection, SplitSection
from schemas.references import PlainReference, Reference, When
from schemas.section import Keys, Part, Parts, Section, Value, Wrong, read, refusal

NAME = r"[a-z0-9][a-z0-9-]{0,62}"
DIGEST_WINDOW_MS = 600_000
EVENT_WINDOW_MS = 30 * DAY_MS


class EventKey(Value):
    """One field, or `{all: [...]}`: every part has to be there."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> tuple[Any, ...]:
        if isinstance(value, dict) and list(value) == ["all"]:
            try:
                return tuple(Texts(Reference(), least=1).deserialize(value["all"]) or ())
            except ValidationError as error:
                raise ValidationError({"all": error.messages}) from None
        if isinstance(value, list):
            raise refusal("one field, or {all: [...]}", value, "{all: [id, event]}")
        return (Reference().deserialize(value),)


class CallSection(Section):
    number = Text(like="[0-9]{11,15}", called="11 to 15 digits")
    script = Text()
    sms = Text(longest=2000)


class AnswerFiles(Value):
    """Which file holds what the CRM says to each step of `fetch`."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> dict[str, str]:
        names = value.values() if isinstance(value, dict) else [None]
        if not all(isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9_.-]{1,100}\.json", name) for name in names):
            raise refusal("the steps' names and files like {contact: amocrm_contact.json}", value)
        return dict(value)


class ExampleSection(Section):
    request = Text(required=True, like=r"[A-Za-z0-9_.-]{1,100}\.http", called="a file's name like tilda.http")
    call = Part(CallSection)
    calls = Parts(CallSection)
    event_key = Texts(Text(), least=1)
    state = Text(among=(*NOT_CALLED, "handshake", "nothing"))
    reason = Text(longest=60)
    at = Text(like=r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", called="a time like 2026-08-01T13:20:00Z")
    secret = Text(longest=200)  # what stands in the request: invented, never a real one
    answers = AnswerFiles()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Example:
        if sum(key in data for key in ("call", "calls", "state")) != 1:
            raise refusal("one of call, calls and state")
        return Example(**data)


class SourceSection(Section):
    preset = Text(like=NAME, called="a preset's name")
    title = Text()
    confidence = Text(among=("documented", "seen", "guessed"))
    needs = Texts(Text(longest=500))
    notes = Text(longest=4000)
    enabled = YesNo()
    dry_run = YesNo()
    account = Text(like=NAME, called="an account's name like main")
    auth = Part(AuthSection)
    body = Part(BodySection)
    handshakes = Parts(HandshakeSection, data_key="handshake")
    reply = Part(ReplySection, short="body")
    splits = Parts(SplitSection, data_key="split")
    lead_when = When()
    mapping = Part(MappingSection)
    event_key = EventKey()
    repeat_window_ms = Duration(least_ms=1_000, most_ms=366 * DAY_MS, data_key="repeat_window")
    volatile = Texts(PlainReference())
    secret = Texts(PlainReference())
    paths = Texts(Text(like=r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*", called="a path like events/summary"))
    fetch = Part(FetchSection)
    policy = Part(PolicySection)
    examples = Parts(ExampleSection)


def read_source(name: str, text: dict[str, Any], whole: bool = True) -> tuple[Source | None, list[tuple[Keys, Wrong]]]:
    """The source that the merged text describes, or None with every problem and its way down.

    `whole` is False for a preset: it need not name a script or a secret. Never raises."""
    data, wrong = read(SourceSection(), text)
    if wrong:
        return None, wrong
    data.setdefault("repeat_window_ms", EVENT_WINDOW_MS if data.get("event_key") else DIGEST_WINDOW_MS)
    source = Source(name=name, **data)
    wrong = _missing(source, text) if whole else []
    return (None, wrong) if wrong else (source, [])


def _missing(source: Source, text: dict[str, Any]) -> list[tuple[Keys, Wrong]]:
    """What a source that is to be served cannot do without."""
    wrong: list[tuple[Keys, Wrong]] = []
    auth, env = source.auth, "env:" + source.name.upper().replace("-", "_")
    found_at = "".join(f" ({need})" for need in source.needs)
    if auth.scheme != NONE and not auth.secrets:
        wrong.append(
            (("auth", "secret"), Wrong(f"where the secret stands{found_at}", "", f"auth: {{secret: {env}_TOKEN}}"))
        )
    if any(one.scheme in NEED_HANDSHAKE for one in source.handshakes) and not auth.handshake_secret:
        expected = f"where the text that the sender wants to hear stands{found_at}"
        wrong.append((("auth", "handshake"), Wrong(expected, "", f"auth: {{handshake: {env}_HANDSHAKE}}")))
    if auth.scheme == "hmac" and not auth.header:
        wrong.append(
            (("auth", "header"), Wrong("the header that holds the signature", "", "auth: {header: X-Signature}"))
        )
    if auth.scheme == "basic" and not auth.user:
        wrong.append((("auth", "user"), Wrong("the name that the sender gives", "", "auth: {user: leads}")))
    script = source.mapping.script
    if script.default is None and not script.rules and not script.fields:
        expected = "the name of the voice script to play"
        wrong.append((("mapping", "script"), Wrong(expected, "", "mapping: {script: Заявка с сайта}")))
    if not source.mapping.number.fields and not source.mapping.number.in_text:
        wrong.append((("mapping", "number"), Wrong("where the phone stands", "", "mapping: {number: {field: Phone}}")))
    fetch = text.get("fetch", {})
    if source.fetch is None and (fetch.get("required") == "true" or "base" in fetch or "token" in fetch):
        wrong += _missing_of_fetch(fetch, f"{env}_CRM", found_at)
    if never_rings(source.policy):
        wrong.append((("policy", "max_wait"), Wrong("a wait longer than the hours are closed in a row")))
    return wrong


def _missing_of_fetch(fetch: dict[str, Any], env: str, found_at: str) -> list[tuple[Keys, Wrong]]:
    """What keeps the CRM from being asked. A sender with `required` posts only an id."""
    base = Wrong(f"the start of the CRM's address{found_at}", "", '"https://portal.example"')
    token = Wrong(f"where the CRM's own token stands{found_at}", "", env)
    steps = Wrong("the questions to ask there, or a preset that knows them")
    wrong = {"base": base}
    if "{token}" in str(fetch):
        wrong["token"] = token
    if "base" in fetch or "token" in fetch:
        wrong["steps"] = steps
    return [(("fetch", key), said) for key, said in wrong.items() if key not in fetch]
