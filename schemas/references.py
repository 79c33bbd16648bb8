"""The YAML values that refer into a payload: fields, conditions and SMS templates."""

import unicodedata
from typing import Any

from core.expressions.expression import BadExpression, Condition, Path, Template
from schemas.section import Value, in_yaml, refusal


class Reference(Value):
    """One field of the payload: JMESPath, a plain key, `{path: [keys, from, the, top]}`, or `{like: tel-*}`
    (one pattern or a list of them from the top), the first filled in of the keys that fit."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Path:
        if isinstance(value, dict) and list(value) == ["like"]:
            return self._like(value["like"])
        if isinstance(value, dict) and list(value) == ["path"] and isinstance(value["path"], list):
            value = value["path"]
        elif not isinstance(value, str):
            raise refusal("a field's name, JMESPath, {path: [keys from the top]}, or {like: tel-*}", value)
        try:
            return Path.compile(value)
        except BadExpression as error:
            raise refusal(error.expected, value, error.write) from None

    @staticmethod
    def _like(value: Any) -> Path:
        try:
            return Path.like(tuple(value) if isinstance(value, list) else (value,))
        except BadExpression as error:
            raise refusal(error.expected, value) from None


class PlainReference(Reference):
    """A plain way down (`a.b`): what is to be taken out of a payload has to be one place in it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kw: Any) -> Path:
        path = super()._deserialize(value, attr, data, **kw)
        if path.steps is None:
            raise refusal("a plain way down like auth.access_token", value)
        return path


class When(Value):
    """A condition over the payload; what to write instead is given ready for the YAML line."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Condition:
        if not isinstance(value, str):
            raise refusal("a condition like utm_source == 'vk'", value)
        try:
            return Condition.compile(value)
        except BadExpression as error:
            raise refusal(error.expected, value, in_yaml(error.write) if error.write else "") from None


class SmsText(Value):
    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> Template:
        if not isinstance(value, str):
            raise refusal("an SMS text", value)
        try:
            return Template.compile(value)
        except BadExpression as error:
            raise refusal(error.expected, value, in_yaml(error.write) if error.write else "") from None


class ScriptName(Value):
    """A script's name as the provider's panel has it: NFC, stripped, at most 200 characters."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> str:
        name = unicodedata.normalize("NFC", value).strip() if isinstance(value, str) else ""
        if not name or len(name) > 200 or not name.isprintable():
            raise refusal("the script's name as it stands in the provider's panel", "" if not name else value)
        return name
