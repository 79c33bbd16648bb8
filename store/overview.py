"""The last hours as the console's first page shows them: each a walk over one index range."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, func, or_, select

from core.durations import HOUR_MS
from core.states import STATES
from store import rows
from store.tables import attempts, history, leads

SAMPLE = 200  # calls are enough to tell the 95th of a hundred
Waits = Counter[int]  # milliseconds from lead to call, in two digits that count -> how many calls


def by_hour(tx: Connection, names: Sequence[str], since: int) -> list[tuple[str, int, str, int]]:
    """(source, start of the hour, state, leads) of what came to these sources since then; no lead's row is read, all
    of it stands in `leads_by_source_state`."""
    return [tuple(row) for row in rows.among(tx, _BY_HOUR, names, [since])]


_BY_HOUR = f"""
SELECT source, received_at / {HOUR_MS} * {HOUR_MS} AS hour, state, count(*) FROM leads
WHERE source {{wanted}} AND state IN ({", ".join(f"'{state}'" for state in STATES)}) AND received_at >= {{mark}}
GROUP BY source, state, received_at / {HOUR_MS} * {HOUR_MS}
"""  # noqa: S608 - words of ours


def waits(tx: Connection, first: int, end: int, *, whole: bool = False) -> dict[int, Waits]:
    """Start of an hour -> the waits of the first calls that began in it and that no rule made wait, from `first` until
    before `end`. Of many a sample is read, of which each stands for several; all of them where it is to be `whole`."""
    count = 0 if whole else int(rows.select(tx, _CALLS, first=first, end=end)[0][0])
    each = count // SAMPLE | 1  # odd: leads that come on the beat are no sample of one beat
    found: dict[int, Waits] = defaultdict(Counter)
    for at, wait in rows.select(tx, _WAITS, first=first, end=end, each=each):
        found[at - at % HOUR_MS][_short(wait)] += each
    return found


def _short(wait: int) -> int:
    """Two digits of it that count: a page tells no more."""
    size = 10 ** max(0, len(str(wait)) - 2)
    return wait // size * size


def newest_waits(
    tx: Connection, since: int, count: int, later: Mapping[tuple[str | None, str | None, str | None], int]
) -> list[int]:
    """Milliseconds from lead to first call, of the newest calls to leads that came since then and that no rule made
    wait; of an account, a script of it or a source (None: any) in `later`, to those that came after that."""
    query = select(attempts.c.started_at - leads.c.received_at).join(leads, leads.c.id == attempts.c.lead)
    query = query.where(attempts.c.started_at >= since, leads.c.received_at >= since, attempts.c.n == 1, NO_RULE)
    for names, at in later.items():
        others = (column != name for column, name in zip(_WHOSE, names, strict=True) if name is not None)
        query = query.where(or_(*others, leads.c.received_at > at))
    return list(tx.execute(query.order_by(attempts.c.started_at.desc()).limit(count)).scalars())


_WHOSE = attempts.c.account, attempts.c.script, leads.c.source
# A lead that no rule made wait was due when it was mapped, however late that was; one that a person let go was not.
_ITS_OWN = select(history.c.n).where(history.c.lead == leads.c.id).correlate(leads)
NO_RULE = (
    _ITS_OWN.where(history.c.transition == "map", history.c.at >= leads.c.due_at).exists()
    & ~_ITS_OWN.where(or_(history.c.transition == "remap", history.c.transition == "rearm")).exists()
)
BEGAN = attempts.c.started_at >= bindparam("first"), attempts.c.started_at < bindparam("end")
_CALLS = select(func.count()).where(*BEGAN)
_WAITS = (
    select(attempts.c.started_at, attempts.c.started_at - leads.c.received_at)
    .join(leads, leads.c.id == attempts.c.lead)
    .where(*BEGAN, attempts.c.n == 1, NO_RULE, attempts.c.started_at % bindparam("each") == 0)
)
