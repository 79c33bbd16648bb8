"""Logs: one JSON object a line on stderr; on a terminal the same in words.

Values are cut at 200 characters and control characters never reach the terminal raw. An exception is told by its
kind and its places: the text of one may show the value it stumbled over, a person's name or number.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

import structlog

LONGEST = 200


def set_up(*, quiet: bool = False) -> None:
    """Once per process, before anything is logged. `quiet`: warnings only, for a person's commands."""
    words = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_without_values),
            _cut,
            structlog.dev.ConsoleRenderer() if words else structlog.processors.JSONRenderer(ensure_ascii=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        # One write a line: print() would make it two, and lines of several processes would run into each other.
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )


def say(text: str) -> None:
    """One line for the person who reads the log."""
    structlog.get_logger().warning("said", text=text)


# Their texts are about code and types, never about a value.
TOLD = (AttributeError, ImportError, NameError, NotImplementedError, RecursionError, TypeError)


def _without_values(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """The traceback of an exception and of what led to it, the outermost last, without their texts."""
    told: list[str] = []
    why: BaseException | None = exc_info[1]
    while why is not None and len(told) < 10:
        text = f": {why}" if type(why) in TOLD else ""
        places = "".join(traceback.format_tb(why.__traceback__))
        told.append(f"{places}{type(why).__module__}.{type(why).__qualname__}{text}")
        why = why.__cause__ or (None if why.__suppress_context__ else why.__context__)
    return "\nled to:\n".join(reversed(told))


def _cut(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in line.items():
        if isinstance(value, str) and key != "exception":
            clean = value
            if not value.isprintable():
                clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
            line[key] = clean if len(clean) <= LONGEST else clean[:LONGEST] + "..."
    return line
