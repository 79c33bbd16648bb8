"""The do-not-call list as the API takes and tells it."""

from marshmallow import fields

from schemas.api_fields import Cursor, Line, Moment, Shape
from schemas.leads import ALWAYS, NULL, Page

NUMBER = {"description": "in any spelling; with `+` where several countries could be meant"}


class Entry(Shape):
    """A number that nobody rings: since when, who said so, and why."""

    number = fields.String(
        metadata={"description": "11 to 15 digits without `+`; `#` and a digest where an older database was put back"},
        **ALWAYS,
    )
    since = Moment(**ALWAYS)
    who = fields.String(**ALWAYS)
    why = fields.String(**ALWAYS)


class DoNotCall(Shape):
    do_not_call = fields.List(fields.Nested(Entry), **ALWAYS)
    next = Cursor(said="`cursor` of the next page", **NULL)


class DoNotCallQuery(Page):
    """A page of the list."""


class DoNotCallChange(Shape):
    """The number stands in the body, because addresses are written into logs on their way."""

    number = Line(longest=100, metadata=NUMBER, **ALWAYS)
    why = Line(longest=500, metadata={"description": "kept with the number"}, **ALWAYS)


class DoNotCallAdded(Entry):
    """`new` false: it was on the list before, and keeps its time and its why. `suppressed`: how many
    leads waited to be called and will not be."""

    new = fields.Boolean(**ALWAYS)
    suppressed = fields.Integer(**ALWAYS)
