"""What a program may ask to be done with a lead, or with many at once."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from core.policy import DESPITE
from core.states import FOR_MANY, STATES
from schemas.api_fields import Cursor, JsonCount, Line, Moment, Shape, Yes, source_name
from schemas.leads import ALWAYS, NULL

NOT_SEEN = "with `again`, the number of the newest history row that you know: what is repeated then rings nobody"
WHY = {"description": "kept in the lead's history"}


class Change(Shape):
    """`seen` is the number of the newest history row that the asker knew: a lead that has changed since
    is left alone (409)."""

    why = Line(longest=500, metadata=WHY, **ALWAYS)
    seen = JsonCount(validate=validate.Range(1, 2**31 - 1))


def despite() -> fields.List:
    """The rules that a rearm sets aside."""
    one = fields.String(validate=validate.OneOf(sorted(DESPITE)))
    return fields.List(one, load_default=list, validate=validate.Length(max=10))


class Rearm(Change):
    """`again`: a lead that was accepted has rung; it is rung once more only where that is said, and with `seen`: or a
    program that repeats its request, because no answer came, would ring it another time."""

    despite = despite()
    again = Yes(load_default=False)

    @validates_schema
    def _looked(self, data: dict[str, Any], **_: Any) -> None:
        if data["again"] and "seen" not in data:
            raise ValidationError(NOT_SEEN, "seen")


class Resolve(Change):
    provider_id = Line(
        longest=100, blank=True, load_default="", metadata={"description": "as the provider's panel says"}
    )


class BulkFilter(Shape):
    """Which leads. `how` is the kind of an unknown (`no_answer`, `owner_gone`, ...): the lead's `reason`."""

    state = fields.String(validate=validate.OneOf(STATES), **ALWAYS)
    source = source_name()
    since = Moment(metadata={"description": "received at or after"})
    until = Moment(metadata={"description": "received before"})
    how = fields.String(validate=validate.Regexp(r"^[a-z0-9_]{1,60}\Z"), metadata={"pattern": "^[a-z0-9_]{1,60}$"})
    cursor = Cursor()


class Bulk(Shape):
    """Many leads at once, at most 500 a go. `dry_run` (the default) only says what would be done."""

    filter = fields.Nested(BulkFilter, **ALWAYS)
    do = fields.String(validate=validate.OneOf(FOR_MANY), **ALWAYS)
    why = Line(longest=500, metadata=WHY, **ALWAYS)
    despite = despite()
    dry_run = Yes(load_default=True)


class LeftAlone(Shape):
    id = fields.String(**ALWAYS)
    no = fields.Integer(**ALWAYS)
    text = fields.String(metadata={"description": "why it was refused"}, **ALWAYS)


def _counts(description: str) -> dict[str, Any]:
    return {"keys": fields.String(), "values": fields.Integer(), "metadata": {"description": description}, **ALWAYS}


class BulkAnswer(Shape):
    """What this go takes (`count`, by source and by kind), what of it was done, and how to go on."""

    dry_run = fields.Boolean(**ALWAYS)
    count = fields.Integer(metadata={"description": "the leads of this go, at most 500"}, **ALWAYS)
    sources = fields.Dict(**_counts("leads by source"))
    kinds = fields.Dict(**_counts("leads by `reason`: of an unknown, how it was lost"))
    done = fields.Integer(**ALWAYS)
    refused = fields.List(fields.Nested(LeftAlone), **ALWAYS)
    next = Cursor(said="`filter.cursor` of the next go", **NULL)
