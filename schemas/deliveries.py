"""The API's delivery: one request of a sender, as it was kept."""

import json
from typing import Any

from marshmallow import fields, pre_dump

from core.reason import Reason as Why
from schemas.api_fields import Cursor, Moment, Shape, source_name
from schemas.leads import ALWAYS, NULL, Page, Reason, told

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class LeadOfDelivery(Shape):
    """`kind`: first, repeat, correction or changed_after_call."""

    id = fields.String(**ALWAYS)
    no = fields.Integer(**ALWAYS)
    position = fields.Integer(**ALWAYS)
    kind = fields.String(**ALWAYS)


class Delivery(Shape):
    """One request. Its proof is in none of its parts but, where the sender puts it there, in the raw body."""

    id = fields.String(**ALWAYS)
    source = fields.String(**ALWAYS)
    received_at = Moment(**ALWAYS)
    method = fields.String(**ALWAYS)
    query = fields.Dict(keys=fields.String(), **ALWAYS)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), **ALWAYS)
    size = fields.Integer(metadata={"description": "bytes of the body; see `/api/deliveries/<id>/body`"}, **ALWAYS)
    digest = fields.String(metadata={"description": "SHA-256 of the body, hex"}, **ALWAYS)
    erased_at = Moment(metadata={"description": "since when no person's data is in it; then it has no body"}, **NULL)
    problem = fields.Nested(Reason, metadata={"description": "why the body could not be read"}, **NULL)
    leads = fields.List(fields.Nested(LeadOfDelivery), **ALWAYS)

    @pre_dump
    def lay_out(self, row: dict[str, Any], **_: Any) -> dict[str, Any]:
        problem = told(Why(row["problem"])) if row["problem"] else None
        return {**row, "query": json.loads(row["query"]), "headers": json.loads(row["headers"]), "problem": problem}


class Deliveries(Shape):
    deliveries = fields.List(fields.Nested(Delivery), **ALWAYS)
    next = Cursor(UUID, said="`cursor` of the next page", **NULL)


class DeliveryQuery(Page):
    source = source_name()
    since = Moment(metadata={"description": "received at or after"})
    until = Moment(metadata={"description": "received before"})
    cursor = Cursor(UUID)
