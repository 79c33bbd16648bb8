"""The console's own files: each has another address for each content, so a browser may keep it a year."""

import functools
import hashlib
from pathlib import Path

from flask import g, url_for
from markupsafe import Markup

STATIC = Path(__file__).parent / "static"


@functools.cache
def _digest(filename: str) -> str:
    return hashlib.sha256((STATIC / filename).read_bytes()).hexdigest()[:12]


def asset(filename: str) -> str:
    """The address of a static file."""
    return url_for("console.static", filename=filename, v=_digest(filename))


def icon(name: str) -> Markup:
    """A picture of the sprite, for the eye only; a list shows dozens, so each is made once a request."""
    made: dict[str, Markup] = g.setdefault("icons", {})
    if name not in made:
        svg = Markup('<svg class="i" aria-hidden="true"><use href="{}#{}"/></svg>')
        made[name] = svg.format(asset("icons.svg"), name)
    return made[name]
