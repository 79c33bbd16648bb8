"""Logs: one JSON object a line on stderr; on a terminal the same in words.

Values are cut at 200 signs and control signs never reach the terminal raw."""

import logging
import sys
from collections.abc import MutableMapping
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
            structlog.processors.format_exc_info,
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


def _cut(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in line.items():
        if isinstance(value, str) and key != "exception":
            clean = value
            if not value.isprintable():
                clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value)
            line[key] = clean if len(clean) <= LONGEST else clean[:LONGEST] + "..."
    return line
