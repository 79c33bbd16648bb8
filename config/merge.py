"""A source over its preset, and a policy over the policy file's defaults: who wins, key by key."""

from typing import Any

from config.yaml_text import Keys, Text


def merge(preset: Text, source: Text) -> Text:
    """Objects key by key at every depth; scalars and lists of the source replace. One exception: an
    `auth` that names a `scheme` replaces the preset's `auth` whole. Each key keeps the place it came from."""
    below = preset
    auth = source.value.get("auth")
    if isinstance(auth, dict) and "scheme" in auth:
        below = without(preset, "auth")
    places = dict(below.places)
    for keys in list(places):
        if _replaced(source, keys):
            del places[keys]
    places.update(source.places)
    return Text(source.file, _over(below.value, source.value), places)


def under_policy(source: Text, defaults: Text) -> Text:
    """The source with every key of `defaults` that its own `policy` leaves out."""
    places = {("policy", *keys): place for keys, place in defaults.places.items()}
    return merge(Text(defaults.file, {"policy": defaults.value}, places), source) if defaults.value else source


def without(text: Text, key: str) -> Text:
    """The text less one top key."""
    value = {name: below for name, below in text.value.items() if name != key}
    return Text(text.file, value, {keys: place for keys, place in text.places.items() if keys[0] != key})


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        mine = merged.get(key)
        merged[key] = _over(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return merged


def _replaced(source: Text, keys: Keys) -> bool:
    """Whether the source has a scalar or a list at or above this key of the preset."""
    value: Any = source.value
    for key in keys:
        if not isinstance(value, dict):
            return True
        if key not in value:
            return False
        value = value[key]
    return not isinstance(value, dict)
