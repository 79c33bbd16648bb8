"""Event keys: which lead an event is, inside its window. Whoever takes several takes them in one order, by key and
then by source, as everybody does who locks them: two that take the same ones never wait for each other in a ring."""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection

from store import rows

Key = tuple[str, str]  # a source's name and the key


def take(tx: Connection, wanted: Mapping[Key, str], now: int, window_ms: int) -> set[Key]:
    """Take each key for the lead it leads to; those that are ours now. The others are some lead's (`holders`, in a
    later statement, which sees what the winner of a key has committed).

    A key older than its window is a new event's. The window runs from the first delivery."""
    given = [(source, key, wanted[source, key], now) for source, key in sorted(wanted, key=in_order)]
    more = _FREE.format(mark=rows.mark_of(tx))
    taken = rows.insert(tx, "event_keys", ("source", "key", "lead", "first_at"), given, more, (now - window_ms,))
    return {(source, key) for source, key in taken}


def holders(tx: Connection, keys: Collection[Key]) -> dict[Key, str]:
    """The leads that have these event keys, whenever they took them; a key that no lead has is left out."""
    found = rows.by_pairs(tx, "event_keys", "source, key, lead", ("source", "key"), list(keys))
    return {(source, key): lead for source, key, lead in found}


def in_order(key: Key) -> Key:
    """The order in which keys are taken and locked."""
    return key[1], key[0]


_FREE = (
    "ON CONFLICT (source, key) DO UPDATE SET lead = excluded.lead, first_at = excluded.first_at "
    "WHERE event_keys.first_at <= {mark} RETURNING source, key"
)
