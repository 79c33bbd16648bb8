"""`fetch`: where the owner's CRM answers, and the questions that a preset knows to ask there."""

import re
from typing import Any

from marshmallow import ValidationError, post_load

from core.expressions.expression import BadExpression
from core.expressions.slots import SLOT, Slot, Slotted
from core.source import Fetch, Join, Step
from schemas.fields import Count, Secret, Text, YesNo
from schemas.references import Reference, When
from schemas.section import Part, Parts, Section, Value, each, refusal

# The start of a CRM's address: no user, query or fragment, so that nothing appended can change its meaning.
BASE = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
NAME = r"[a-z][a-z0-9_]{0,30}"
HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
# The connection's own: two of one kind would make a reader and a writer disagree on where a request ends.
OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding", "content-type"})
PRINTABLE = re.compile(r"[\x20-\x7e]{1,300}")


class Address(Value):
    """Where the owner's CRM answers. http, loopback and private hosts are his to choose."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        if not isinstance(value, str) or not BASE.fullmatch(value.strip()):
            raise refusal(
                "the start of the CRM's address like https://portal.example, without ? # and @"
            )  # may hold a secret
        return value.strip().rstrip("/")


class WithSlots(Value):
    """A text with `{slots}`; its literal parts fit `literals`."""

    def __init__(self, literals: str = r"[\x20-\x7e]{0,300}", called: str = "a text", **kw: Any) -> None:
        super().__init__(**kw)
        self.literals = re.compile(literals)
        self.called = called

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Slotted:
        expected = f"{self.called} with slots like {{id}}"
        if not isinstance(value, str) or len(value) > 1000:
            raise refusal(expected, value)
        try:
            text = Slotted.compile(value.strip())
        except BadExpression as error:
            raise refusal(error.expected, value, error.write) from None
        if not all(self.literals.fullmatch(part) for part in text.parts if isinstance(part, str)):
            raise refusal(expected, value)
        return text


class FetchPath(WithSlots):
    """What is appended to the base: it begins with a slash, so it cannot lengthen the host's name."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(r"[A-Za-z0-9._~:,()=/-]{0,300}", "a path like /api/v4/leads/{id}", **kw)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kw: Any) -> Slotted:
        text = super()._deserialize(value, attr, data, **kw)
        if (
            not text.text.startswith("/")
            or "//" in text.text
            or any(part in (".", "..") for part in text.text.split("/"))
        ):
            raise refusal(self.called, value, f"/{value}" if value[:1].isalnum() else "")
        return text


class Named(Value):
    """An object of texts with slots: (name, text) pairs in their order."""

    def __init__(self, names: re.Pattern[str], called: str, **kw: Any) -> None:
        super().__init__(**kw)
        self.names, self.called = names, called

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> tuple[tuple[str, Slotted], ...]:
        if not isinstance(value, dict):
            raise refusal("keys and values", value)
        return tuple(each(value.items(), self._pair))

    def _pair(self, name: str, text: Any) -> tuple[str, Slotted]:
        if not self.names.fullmatch(name) or name.lower() in OURS:
            raise refusal(self.called, name)
        return name, WithSlots(required=True).deserialize(text)


class JsonBody(Value):
    """A JSON body. A text in it that is wholly one `{slot}` is filled; any other stays as it stands."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Any:
        if not isinstance(value, dict):
            raise refusal("the JSON body as keys and values", value)
        try:
            return _with_slots(value)
        except BadExpression as error:
            raise refusal(error.expected, "", error.write) from None


def _with_slots(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_slots(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_with_slots(below) for below in value]
    whole = SLOT.fullmatch(value) if isinstance(value, str) else None
    return Slot.compile(whole[1]) if whole else value


class StepSection(Section):
    name = Text(required=True, like=NAME, called="a name like contact")
    method = Text(among=("GET", "POST"))
    path = FetchPath(required=True)
    query = Named(PRINTABLE, "a parameter's name in plain characters")
    body = JsonBody()
    when = When()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Step:
        if ("body" in data) != (data.get("method") == "POST"):
            raise refusal("method: POST and a body together, or neither")
        return Step(**data)


class JoinSection(Section):
    makes = Join
    name = Text(required=True, like=NAME, called="a name like answers")
    each = Reference(required=True)
    beside = Reference(required=True)
    by = Text(required=True, longest=100)


class FetchSection(Section):
    base = Address()
    token = Secret()
    headers = Named(HEADER, "a header's name, none of the connection's own")
    steps = Parts(StepSection)
    join = Part(JoinSection)
    ready_when = When()
    rate = Count(least=1, most=50)
    required = YesNo()
    without = Text(longest=500)  # for people: what cannot ring while nobody is asked

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Fetch | None:
        """None while the base or a token that the questions need is missing: nobody can be asked."""
        data.pop("required", None)
        data.pop("without", None)
        names = [step.name for step in data.get("steps", ())] + ([data["join"].name] if "join" in data else [])
        if len(set(names)) < len(names):
            raise ValidationError({"steps": refusal("steps of different names").messages})
        if "base" not in data or "steps" not in data or ("token" not in data and needs_token(data)):
            return None
        return Fetch(**data)


def needs_token(data: dict[str, Any]) -> bool:
    """Whether a question of these steps and headers carries the token."""
    texts = [text for _, text in data.get("headers", ())]
    for step in data.get("steps", ()):
        texts += [step.path, *(text for _, text in step.query)]
    return any(text.needs_token for text in texts)
