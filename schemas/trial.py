"""A request tried against a source: what would become of it. Nothing is stored and nobody is rung."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from core.states import DECIDED
from schemas.api_fields import LEAD_NAME, Moment, Shape
from schemas.leads import ALWAYS, NULL, Call, Reason

REQUEST_LINE = r"^[A-Z]{3,7} [!-~]{1,8000} HTTP/[0-9]\.[0-9]\r?\n"


class Try(Shape):
    """Exactly one of the two."""

    request = fields.String(
        validate=[validate.Length(max=4_000_000), validate.Regexp(REQUEST_LINE)],
        metadata={"description": "a raw HTTP request: request line, headers, blank line, body"},
    )
    lead = fields.String(
        validate=validate.Regexp(rf"^({LEAD_NAME})\Z"),
        metadata={"description": "id or number of a lead that is here", "pattern": f"^({LEAD_NAME})$"},
    )

    @validates_schema
    def one_of_two(self, data: dict[str, Any], **_: Any) -> None:
        if len(data) != 1:
            raise ValidationError("Give one of `request` and `lead`.")


class Proof(Shape):
    """Whether the request proves that it comes from the source; `cause` says why it does not."""

    ok = fields.Boolean(**ALWAYS)
    cause = fields.String(**NULL)
    late = fields.Boolean(**ALWAYS)


class Handshake(Shape):
    status = fields.Integer(**ALWAYS)
    content_type = fields.String(**ALWAYS)
    body = fields.String(**ALWAYS)


class Field(Shape):
    """A value of the payload and its way there: `path` always fits as `{path: [...]}`; `field` is the short
    way to write it, null where there is none."""

    path = fields.List(fields.String(), **ALWAYS)
    field = fields.String(**NULL)
    value = fields.Raw(**NULL)


class TriedLead(Shape):
    """`state` is what the lead would be now: ready (it has a `call`), held or suppressed (for `reasons`).
    `verdicts` is the answer of every rule of the policy; none were asked where there is no call."""

    state = fields.String(metadata={"enum": list(DECIDED)}, **ALWAYS)
    call = fields.Nested(Call, **NULL)
    reasons = fields.List(fields.Nested(Reason), **ALWAYS)
    person = fields.String(**NULL)
    asked_at = Moment(**NULL)
    due_at = Moment(metadata={"description": "when it would be called"}, **NULL)
    event_key = fields.String(**NULL)
    payload = fields.Dict(keys=fields.String(), **ALWAYS)
    fields_ = fields.List(fields.Nested(Field), data_key="fields", **ALWAYS)
    trace = fields.Dict(keys=fields.String(), metadata={"description": "what each expression saw"}, **ALWAYS)
    verdicts = fields.List(fields.Dict(keys=fields.String()), **ALWAYS)


class Trial(Shape):
    """`proof`, `handshake` and `tree` are null for a lead that is already here. No leads at all: the
    request holds no data, or is a handshake."""

    source = fields.String(**ALWAYS)
    version = fields.Integer(**ALWAYS)
    proof = fields.Nested(Proof, **NULL)
    handshake = fields.Nested(Handshake, **NULL)
    tree = fields.Raw(metadata={"description": "what the body says, as it was read"}, **NULL)
    problem = fields.Nested(Reason, metadata={"description": "why the body could not be read"}, **NULL)
    leads = fields.List(fields.Nested(TriedLead), **ALWAYS)
