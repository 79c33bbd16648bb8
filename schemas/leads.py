"""The API's lead, with its call, attempts and history; what `store.queries` found, as programs see it."""

import json
from contextvars import ContextVar
from typing import Any

from marshmallow import fields, pre_dump, validate

from core import reason
from core.states import STATES
from schemas.api_fields import Count, Cursor, JsonCount, Line, Moment, Shape, source_name

LANGUAGE: ContextVar[str] = ContextVar("language", default="en")  # of the present request: en or ru
NULL: dict[str, Any] = {"allow_none": True, "required": True}
ALWAYS: dict[str, Any] = {"required": True}


class Reason(Shape):
    """Why a lead is where it is: a code with its facts, and the sentence made from them."""

    code = fields.String(**ALWAYS)
    params = fields.Dict(keys=fields.String(), **ALWAYS)
    text = fields.String(**ALWAYS)


class Call(Shape):
    """What is asked of the provider. `sms` null: the SMS that is set with the script."""

    number = fields.String(metadata={"description": "11 to 15 digits without `+`"}, **ALWAYS)
    script = fields.String(**ALWAYS)
    sms = fields.String(**NULL)


class Attempt(Shape):
    """One POST of a call. `outcome` null: it is on its way. `reply` is the raw answer, at most 4 kB."""

    n = fields.Integer(**ALWAYS)
    round = fields.Integer(**ALWAYS)
    started_at = Moment(**ALWAYS)
    ended_at = Moment(**NULL)
    outcome = fields.String(**NULL)
    how = fields.String(**NULL)
    irregular = fields.Boolean(**ALWAYS)
    http_status = fields.Integer(**NULL)
    provider_id = fields.String(**NULL)
    price = fields.String(metadata={"description": "decimal, the provider's maximum price"}, **NULL)
    error = fields.String(**NULL)
    reply = fields.String(**NULL)

    @pre_dump
    def lay_out(self, row: dict[str, Any], **_: Any) -> dict[str, Any]:
        reply = None if row["reply"] is None else bytes(row["reply"]).decode("utf-8", "replace")
        return {**row, "how": row["how"] or None, "reply": reply}


class HistoryRow(Shape):
    """One change of state. `from` is null where the lead was not there before."""

    n = fields.Integer(**ALWAYS)
    at = Moment(**ALWAYS)
    transition = fields.String(**ALWAYS)
    origin = fields.String(data_key="from", **NULL)
    target = fields.String(data_key="to", **ALWAYS)
    who = fields.String(**ALWAYS)
    why = fields.String(**NULL)
    trace = fields.Dict(keys=fields.String(), **ALWAYS)

    @pre_dump
    def lay_out(self, row: dict[str, Any], **_: Any) -> dict[str, Any]:
        trace = json.loads(row["trace"])
        return {**row, "origin": row["origin"] or None, "why": row["why"] or None, "trace": trace}


class ListedLead(Shape):
    """A lead of a list: without payload, attempts and history."""

    id = fields.String(**ALWAYS)
    no = fields.Integer(metadata={"description": "the short number that people say over the phone"}, **ALWAYS)
    source = fields.String(**ALWAYS)
    account = fields.String(**ALWAYS)
    state = fields.String(metadata={"enum": list(STATES)}, **ALWAYS)
    reason = fields.String(metadata={"description": "the first reason's code"}, **NULL)
    reasons = fields.List(fields.Nested(Reason), **ALWAYS)
    person = fields.String(**NULL)
    asked_at = Moment(metadata={"description": "when the person asked, as the sender says"}, **NULL)
    received_at = Moment(**ALWAYS)
    due_at = Moment(**ALWAYS)
    event_key = fields.String(metadata={"description": "a JSON array: the sender's own key of the event"}, **NULL)
    mapping_version = fields.Integer(attribute="version", **NULL)
    changed_after_call = fields.Boolean(**ALWAYS)
    call = fields.Nested(Call, **NULL)
    deliveries = fields.List(fields.String(), metadata={"description": "ids, oldest first"}, **ALWAYS)

    @pre_dump
    def lay_out(self, row: dict[str, Any], **_: Any) -> dict[str, Any]:
        whole = row["number"] and row["script"]
        call = {"number": row["number"], "script": row["script"], "sms": row["sms"]} if whole else None
        return {
            **row,
            "reason": row["reason"] or None,
            "reasons": _reasons(row),
            "person": row["person"] or None,
            "call": call,
        }


class Lead(ListedLead):
    """A lead with everything that is known of it."""

    payload = fields.Dict(keys=fields.String(), **ALWAYS)
    attempts = fields.List(fields.Nested(Attempt), **ALWAYS)
    history = fields.List(fields.Nested(HistoryRow), **ALWAYS)

    @pre_dump
    def open_payload(self, row: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**row, "payload": json.loads(row["payload"])}


def told(found: reason.Reason) -> dict[str, Any]:
    """A reason with its words, in the language of who asks."""
    return {"code": found.code, "params": found.params, "text": reason.words(found.code, found.params, LANGUAGE.get())}


def _reasons(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The stored ones; where only a code is stored (what became of a call), that."""
    stored = [reason.Reason(r["code"], r["params"]) for r in json.loads(row["reasons"])]
    if not stored and row["reason"]:
        stored = [reason.Reason(row["reason"])]
    return [told(one) for one in stored]


class Leads(Shape):
    leads = fields.List(fields.Nested(ListedLead), **ALWAYS)
    next = Cursor(said="`cursor` of the next page", **NULL)


class Found(Leads):
    """`numbers`: how the number that was asked for can be read; none: `problem` says why."""

    numbers = fields.List(fields.String(), **ALWAYS)
    problem = fields.Nested(Reason, **NULL)


class Page(Shape):
    """Which page of a list."""

    limit = Count(load_default=50, validate=validate.Range(1, 200))
    cursor = Cursor()


class LeadFilter(Shape):
    """Which leads; what is left out is any."""

    state = fields.String(validate=validate.OneOf(STATES))
    source = source_name()
    since = Moment(metadata={"description": "received at or after"})
    until = Moment(metadata={"description": "received before"})


class LeadQuery(Page, LeadFilter):
    """A page of a filtered list of leads."""


class Search(Shape):
    number = Line(longest=100, metadata={"description": "in any spelling"}, **ALWAYS)
    limit = JsonCount(load_default=50, validate=validate.Range(1, 200))
    cursor = Cursor()
