"""The log: one JSON object a line on standard error; on a terminal the same in words.

Values are cut at 200 characters and control characters never reach the terminal raw. An exception is told by its
kind and its places: the text of one may show the value it stumbled over, a person's name or number.
"""

import json
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

Line = dict[str, Any]  # `timestamp`, `level`, `event`, and what is told of it
Sink = Callable[[Line], None]
LONGEST = 200
# Their texts are about code and types, never about a value.
TOLD = (AttributeError, ImportError, NameError, NotImplementedError, RecursionError, TypeError)


def info(event: str, /, **facts: Any) -> None:
    _tell("info", event, facts)


def warning(event: str, /, **facts: Any) -> None:
    _tell("warning", event, facts)


def error(event: str, /, **facts: Any) -> None:
    _tell("error", event, facts)


def exception(event: str, /, of: BaseException | None = None, **facts: Any) -> None:
    """An error with the places of the exception that is being handled, or of this one."""
    _tell("error", event, {**facts, "exception": _without_values(of or sys.exception())})


def say(text: str) -> None:
    """One line for the person who reads the log."""
    warning("said", text=text)


def set_up(*, quiet: bool = False) -> None:
    """Once per process, before anything is told. `quiet`: from warnings up, for a person's commands."""
    stream, render = sys.stderr, _words if sys.stderr.isatty() else _json

    def write(line: Line) -> None:
        if not quiet or line["level"] != "info":
            # One write a line: print() would make it two, and lines of several processes would run into each other.
            # What happened has happened, whether there is room to tell it or not: a full disk stops no call's record.
            with suppress(OSError):
                stream.write(render(line) + "\n")
                stream.flush()

    use(write)


def use(sink: Sink) -> Sink:
    """Give each line to `sink` from now on; the one before is answered."""
    global _sink
    before, _sink = _sink, sink
    return before


def _tell(level: str, event: str, facts: Line) -> None:
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    _sink({"timestamp": at, "level": level, "event": event, **facts})


def _without_values(why: BaseException | None) -> str:
    """The traceback of an exception and of what led to it, the outermost last, without their texts."""
    told: list[str] = []
    while why is not None and len(told) < 10:
        text = f": {why}" if type(why) in TOLD else ""
        places = "".join(traceback.format_tb(why.__traceback__))
        told.append(f"{places}{type(why).__module__}.{type(why).__qualname__}{text}")
        why = why.__cause__ or (None if why.__suppress_context__ else why.__context__)
    return "\nled to:\n".join(reversed(told))


def _json(line: Line) -> str:
    return json.dumps({name: _cut(name, value) for name, value in line.items()}, default=str)


def _words(line: Line) -> str:
    shown = {name: _cut(name, value) for name, value in line.items()}
    head = [f"{shown.pop('timestamp')[:19]}Z", f"{shown.pop('level'):7}", shown.pop("event")]
    places = shown.pop("exception", "")
    facts = [
        f"{name}={json.dumps(value, ensure_ascii=not isinstance(value, str), default=str)}"
        for name, value in shown.items()
    ]
    return " ".join([*head, *facts]) + (f"\n{places}" if places else "")


def _cut(name: str, value: Any) -> Any:
    if not isinstance(value, str) or name == "exception":
        return value
    if not value.isprintable():
        value = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
    return value if len(value) <= LONGEST else value[:LONGEST] + "..."


def _plain(line: Line) -> None:
    sys.stderr.write(_words(line) + "\n")


_sink: Sink = _plain
