"""The do-not-call list: numbers that nobody may ring, whatever their leads say."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, select, update

from store.tables import do_not_call
from store.upsert import upsert

Row = dict[str, Any]


def by_digest(hashed: str) -> str:
    """What an entry has in the place of its number where only the number's keyed hash is known (`store.wishes`)."""
    return f"#{hashed}"


def numbers(tx: Connection) -> list[str]:
    """Every number (digits) that is or was on the list."""
    return list(tx.execute(select(do_not_call.c.number)).scalars())


def add(tx: Connection, whys: Mapping[str, str], who: str, now: int) -> list[str]:
    """Put numbers on the list, each with its why; those that were not on it before. A number that is on
    it keeps the time and the reason it came with."""
    given = [{"number": number, "since": now, "who": who, "why": why} for number, why in sorted(whys.items())]
    return [row.number for one in given if (row := tx.execute(_adding(tx.dialect.name), one).one_or_none())]


def remove(tx: Connection, names: Collection[str], who: str, why: str, now: int) -> bool:
    """Take a number (its digits, and `by_digest`) off the list; False where it was not on it. Its row stays and says
    who did it."""
    gone = update(do_not_call).where(do_not_call.c.number.in_(names), _ON_IT)
    done = tx.execute(gone.values(removed_at=now, removed_by=who, removed_why=why))
    return bool(done.rowcount)


def find(tx: Connection, names: Collection[str]) -> Row | None:
    """The number's entry while it is on the list; the one by its digits, where there are two."""
    row = tx.execute(_LISTED.where(do_not_call.c.number.in_(names)).order_by(do_not_call.c.number.desc())).first()
    return None if row is None else dict(row._mapping)


def number_of(tx: Connection, no: int) -> str | None:
    """The number of an entry while it is on the list."""
    found: str | None = tx.execute(select(do_not_call.c.number).where(do_not_call.c.no == no, _ON_IT)).scalar()
    return found


def page(tx: Connection, limit: int, after: tuple[int, int] | None = None) -> tuple[list[Row], tuple[int, int] | None]:
    """The newest entries behind the place `after` (since, no), and the place to go on, None at the end."""
    entry = do_not_call.c
    query = _LISTED.order_by(entry.since.desc(), entry.no.desc()).limit(limit + 1)
    if after is not None:
        since, no = after
        query = query.where((entry.since < since) | ((entry.since == since) & (entry.no < no)))
    rows = [dict(row._mapping) for row in tx.execute(query)]
    return rows[:limit], (rows[limit - 1]["since"], rows[limit - 1]["no"]) if len(rows) > limit else None


_ON_IT = do_not_call.c.removed_at.is_(None)
_LISTED = select(*(do_not_call.c[name] for name in ("no", "number", "since", "who", "why"))).where(_ON_IT)


@cache
def _adding(dialect: str) -> Any:
    """Insert, or put back on the list a number that was taken off it."""
    put = upsert(dialect, do_not_call)
    again = {name: put.excluded[name] for name in ("since", "who", "why")}
    return put.on_conflict_do_update(
        index_elements=["number"],
        set_={**again, "removed_at": None},
        where=do_not_call.c.removed_at.isnot(None),
    ).returning(do_not_call.c.number)
