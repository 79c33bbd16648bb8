"""Which leads are due, asked before it is known how many may ring: so the question goes along with a claim's beginning,
and is no round trip of its own."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, bindparam, exists, literal_column
from sqlalchemy.sql.visitors import replacement_traverse

from core import states
from store import due
from store.engine import Store
from store.rows import Ask
from store.tables import accounts, leads, reached_caps


def asking(store: Store, account: str, limit: int, oldest: int) -> Ask:
    """What `store.due.to_call` asks, to go along with a claim's beginning, behind the account's lock: it finds nothing
    where that account is new or in trouble, or any cap is reached. What it found, `of` chooses from."""
    given: dict[str, Any] = {"account": account, "limit": limit, "oldest": oldest}
    now = store.own_ms()
    return Ask(_DUE_AT_ONCE, given) if now is None else Ask(_DUE_AT_ONCE_BY_OTHER_CLOCK, {**given, "now": now})


def of(told: Iterable[Sequence[Any]], wanted: due.Due, limit: int) -> due.Found:
    """Of its answer, where it may have found any and asked for `limit`, as many as are wanted or more."""
    found = due.of_rows(told)
    chosen = due.chosen_of(found.leads, wanted)
    received = [lead.id for lead in found.leads if lead.state == states.RECEIVED]
    none_left = len(received) < limit and {lead.id for lead in chosen}.issuperset(received)
    return found._replace(leads=chosen, none_left=none_left)


_AS_EVER = exists().where(
    accounts.c.name == bindparam("account"), accounts.c.pause.is_(None), accounts.c.scripts == "{}"
) & ~exists(reached_caps.select())
_DUE_AT_ONCE_BY_OTHER_CLOCK: Any = due.these(due.RUNS, due.STILL, _AS_EVER).with_for_update(skip_locked=True, of=leads)
# The statement's own moment, which an index can be asked by.
_MOMENT: Any = literal_column("CAST(extract(epoch FROM statement_timestamp()) * 1000 AS bigint)")


def _by_its_own_moment(element: Any, **_: Any) -> Any:
    return _MOMENT if isinstance(element, BindParameter) and element.key == "now" else None


_DUE_AT_ONCE: Any = replacement_traverse(_DUE_AT_ONCE_BY_OTHER_CLOCK, {}, _by_its_own_moment)
