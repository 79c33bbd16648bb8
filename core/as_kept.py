"""Values that were kept as JSON: by this release, or by a later one that was taken back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

Kept = TypeVar("Kept")


def as_kept(kind: type[Kept], said: Mapping[str, Any]) -> Kept:
    """The value; what a later release says beside is passed over. Raises TypeError where something of ours is missing,
    or it is no object."""
    if not isinstance(said, Mapping):
        raise TypeError(f"no {kind.__name__}")
    ours: Any = kind
    return kind(**{one.name: said[one.name] for one in fields(ours) if one.name in said})
