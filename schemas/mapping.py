"""`mapping`: from a lead's payload to a call."""

from typing import Any

from marshmallow import ValidationError, post_load

from core.source import Mapping, NumberRule, ScriptChoice, ScriptRule
from schemas.fields import Country, Texts
from schemas.references import Reference, ScriptName, SmsText, When
from schemas.section import Part, Parts, Section, Value, Wrong, as_field, in_flow, refusal


class NumberSection(Section):
    fields_ = Texts(Reference(), least=1, data_key="field")
    in_text = Texts(Reference(), least=1)
    region = Country()

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> NumberRule:
        return NumberRule(fields=data.pop("fields_", ()), **data)


class FieldSection(Section):
    fields_ = Texts(Reference(), least=1, data_key="field", required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> tuple[Any, ...]:
        return tuple(data["fields_"])


class RuleSection(Section):
    makes = ScriptRule
    when = When(required=True)
    value = ScriptName(required=True)


class ScriptSection(Section):
    default = ScriptName()
    rules = Parts(RuleSection)
    fields_ = Texts(Reference(), least=1, data_key="field")
    allow = Texts(ScriptName(), least=1)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> ScriptChoice:
        chosen = data.pop("fields_", ())
        if chosen and "rules" in data:
            raise ValidationError({"rules": [Wrong("either rules or field, not both")]})
        if chosen and "allow" not in data:  # a stranger would choose what is played to whom
            wrong = Wrong("the scripts that the form may choose", "", "[Заявка, Перезвон]")
            raise ValidationError({"allow": [wrong]})
        if not chosen and not data.get("rules") and "default" not in data:
            wrong = Wrong("a script's name, rules, or field with allow", "", "default: Заявка с сайта")
            raise ValidationError([wrong])
        return ScriptChoice(fields=chosen, **data)


class Script(Value):
    """A plain name, or an object of rules or of a field with its allowed names."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **_: Any) -> ScriptChoice:
        if isinstance(value, dict):
            if meant := as_field(value):
                whole = {**meant, "allow": value.get("allow", ["Заявка", "Перезвон"])}
                raise refusal("the way to the value under `field`", value, in_flow(whole))
            choice: ScriptChoice = ScriptSection().load(value)
            return choice
        return ScriptChoice(default=ScriptName().deserialize(value))


class SmsSection(Section):
    template = SmsText(required=True)

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        return data["template"]


class MappingSection(Section):
    makes = Mapping
    number = Part(NumberSection, short="field")
    script = Script()
    sms = Part(SmsSection, short="template")
    person = Part(FieldSection, short="field")
    asked_at = Part(FieldSection, short="field")
