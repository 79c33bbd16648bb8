"""The API's view of the whole: sources, figures of the last hours, alarms."""

from typing import Any

from marshmallow import fields, validate

from schemas.api_fields import Count, Moment, Shape
from schemas.leads import ALWAYS, NULL


def counts(**metadata: Any) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=metadata, **ALWAYS)


class RefusedProofs(Shape):
    cause = fields.String(**ALWAYS)
    count = fields.Integer(**ALWAYS)


class Source(Shape):
    """A source: `version` and `preset` are null where this process can read none of its versions."""

    name = fields.String(**ALWAYS)
    title = fields.String(**ALWAYS)
    version = fields.Integer(**NULL)
    preset = fields.String(**NULL)
    enabled = fields.Boolean(**ALWAYS)
    dry_run = fields.Boolean(**ALWAYS)
    removed = fields.Boolean(**ALWAYS)
    url = fields.String(metadata={"description": "where its sender posts to, without the token"}, **ALWAYS)
    last_lead_at = Moment(**NULL)
    counts = counts(description="leads by state")
    refused_proofs = fields.List(
        fields.Nested(RefusedProofs), metadata={"description": "of the last 24 hours, by cause"}, **ALWAYS
    )
    broken = fields.String(metadata={"description": "why its version in force cannot be read here"}, **NULL)


class Sources(Shape):
    sources = fields.List(fields.Nested(Source), **ALWAYS)


class StatsQuery(Shape):
    hours = Count(load_default=24, validate=validate.Range(1, 168))


class Hour(Shape):
    """`calls` may have rung: every attempt but those provably not sent, by its start. `spend` is the sum of
    the provider's maximum prices."""

    hour = Moment(metadata={"description": "its start"}, **ALWAYS)
    leads = fields.Integer(**ALWAYS)
    calls = fields.Integer(**ALWAYS)
    spend = fields.String(**ALWAYS)


class SpeedToCall(Shape):
    """Seconds from a lead's arrival to the start of its first attempt, for leads that arrived in the time.
    Waiting for the calling hours counts too. Null while no lead has been called."""

    leads = fields.Integer(**ALWAYS)
    p50 = fields.Float(**NULL)
    p95 = fields.Float(**NULL)


class Stats(Shape):
    since = Moment(**ALWAYS)
    until = Moment(**ALWAYS)
    hours = fields.List(fields.Nested(Hour), metadata={"description": "oldest first"}, **ALWAYS)
    leads = fields.Integer(**ALWAYS)
    calls = fields.Integer(**ALWAYS)
    outcomes = counts(description="attempts by outcome; `open` are on their way")
    spend = fields.String(**ALWAYS)
    speed_to_call = fields.Nested(SpeedToCall, **ALWAYS)


class Alarm(Shape):
    """`name` is its kind, `subject` what of that kind it is about (empty: there is one at most). `severity` is `page`,
    `warn` or `info`. `since` is when the trouble began, null where it cannot be known; `raised_at` when it was noted,
    null for a few seconds before; `cleared` is null while it rings. Those of the last day stay."""

    name = fields.String(attribute="kind", **ALWAYS)
    subject = fields.String(**ALWAYS)
    severity = fields.String(**ALWAYS)
    text = fields.String(**ALWAYS)
    since = Moment(**NULL)
    raised_at = Moment(**NULL)
    count = fields.Integer(attribute="value", metadata={"description": "of what the text speaks of"}, **ALWAYS)
    cleared = Moment(attribute="cleared_at", **NULL)


class Alarms(Shape):
    alarms = fields.List(fields.Nested(Alarm), **ALWAYS)


class Problem(Shape):
    """RFC 9457. `errors` names each refused field of the request."""

    status = fields.Integer(**ALWAYS)
    title = fields.String(**ALWAYS)
    errors = fields.Dict(keys=fields.String())
