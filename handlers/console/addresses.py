"""Where the console's own files and leads are. A page names dozens of them: each address is made once.

A static file has another address for each content, so a browser may keep it a year."""

import functools
import hashlib
from pathlib import Path
from typing import Any

from flask import g, request, url_for
from markupsafe import Markup

STATIC = Path(__file__).parent / "static"


@functools.cache
def _digest(filename: str) -> str:
    return hashlib.sha256((STATIC / filename).read_bytes()).hexdigest()[:12]


def asset(filename: str) -> str:
    """The address of a static file."""
    return _asset(request.script_root, filename)


@functools.cache
def _asset(_root: str, filename: str) -> str:
    return url_for("console.static", filename=filename, v=_digest(filename))


def icon(name: str) -> Markup:
    """A picture of the sprite, for the eye only."""
    return _icon(request.script_root, name)


@functools.cache
def _icon(_root: str, name: str) -> Markup:
    return Markup('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>').format(asset("icons.svg"), name)


def lead_address(no: int, **query: Any) -> str:
    """The address of a lead's page, with what it is to know of the list that it stands in."""
    known: dict[Any, tuple[str, str]] = g.setdefault("lead_addresses", {})
    asked = tuple(query.items())
    if asked not in known:
        head, _, tail = url_for("console.lead", lead=0, **query).partition("/leads/0")
        known[asked] = (f"{head}/leads/", tail)
    head, tail = known[asked]
    return f"{head}{no}{tail}"
