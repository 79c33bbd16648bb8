"""The kinds of values that cross the API: moments, cleaned texts, cursors.

What the OpenAPI says of a field and what the field takes are the same, so that a program that
follows the description is never refused.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from core.reading.tree import storable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RFC_3339 = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:)(\d\d)(\.\d{1,6})?\d*([Zz]|[+ -]\d\d:\d\d)", re.ASCII)
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")  # all but those that are blanks


class Shape(Schema):
    """An object of known keys; unknown ones are refused."""

    class Meta:
        unknown = RAISE


class Moment(fields.Field[int]):
    """Milliseconds since 1970 inside, RFC 3339 outside: sent in UTC, taken with any offset."""

    default_error_messages = {"invalid": "Not a time like 2026-11-25T09:00:00Z."}  # noqa: RUF012

    def __init__(self, **kw: Any) -> None:
        metadata = {"type": "string", "format": "date-time", **kw.pop("metadata", {})}
        super().__init__(metadata=metadata, **kw)

    def _serialize(self, value: int | None, attr: str | None, obj: Any, **kw: Any) -> str | None:
        return None if value is None else moment(value)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> int:
        found = RFC_3339.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise self.make_error("invalid")
        day, minute, second, fraction, zone = found.groups()
        # A leap second is the second before it; a blank is the `+` of a query that was not escaped.
        text = f"{day}T{minute}{'59' if second == '60' else second}{fraction or ''}"
        try:
            at = datetime.fromisoformat(text + zone.upper().replace(" ", "+"))
            return (at - EPOCH) // timedelta(milliseconds=1)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None


def moment(at_ms: int) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    return (EPOCH + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Line(fields.String):
    """A person's text in one line: controls are blanks, what no database takes is replaced."""

    def __init__(self, *, longest: int, blank: bool = False, metadata: dict[str, Any] | None = None, **kw: Any) -> None:
        rules: list[Any] = [validate.Length(max=longest)]
        if not blank:
            rules.append(validate.Regexp(r".*\S", flags=re.DOTALL, error="Must not be empty."))
        super().__init__(validate=rules, metadata=metadata or {}, **kw)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> str:
        return one_line(super()._deserialize(value, attr, data, **kw) or "")


def one_line(text: str) -> str:
    """The text in one line, blanks at the ends gone, safe for every database and every screen."""
    return " ".join(CONTROLS.sub("\ufffd", storable(text)).replace("\ufeff", " ").split())


class Cursor(fields.Field[tuple[int, Any]]):
    """Where a list goes on: what `next` of the page before said. Opaque to its user."""

    default_error_messages = {"invalid": "Not a cursor; take it from `next` of the page before."}  # noqa: RUF012

    def __init__(self, last: str = r"[0-9]{1,15}", *, said: str = "`next` of the page before", **kw: Any) -> None:
        self._form = re.compile(f"([0-9]{{1,15}})-({last})")
        shape = {"type": "string", "pattern": f"^[0-9]{{1,15}}-{last}$"}
        super().__init__(metadata={**shape, "description": said}, **kw)

    def _serialize(self, value: tuple[int, Any] | None, attr: str | None, obj: Any, **kw: Any) -> str | None:
        return None if value is None else f"{value[0]}-{value[1]}"

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> tuple[int, Any]:
        found = self._form.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            raise self.make_error("invalid")
        last = found[2]
        return int(found[1]), int(last) if last.isdigit() else last


class Count(fields.Integer):
    """A whole number; in a query only its plain ASCII digits."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, float) or (isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,18}", value)):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kw)


class JsonCount(Count):
    """A whole number of a JSON body, where a text is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> Any:
        if isinstance(value, str):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **kw)


class Yes(fields.Boolean):
    """true or false, and nothing that merely looks so."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kw: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("Not true or false.")
        return value


LEAD_NAME = r"[0-9]{1,15}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # its short number, or its id
SOURCE_NAME = validate.Regexp(r"^[a-z0-9][a-z0-9-]{0,62}\Z", error="Not a source's name.")


def source_name(**kw: Any) -> fields.String:
    return fields.String(validate=SOURCE_NAME, metadata={"pattern": "^[a-z0-9][a-z0-9-]{0,62}$"}, **kw)
