"""Versions of sources: the one in force is a row, the same for every process and machine."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import refused_proofs, sources, versions


@dataclass(frozen=True)
class Version:
    """The text of a source and its preset as merged, once in force."""

    source: str
    n: int
    text: str
    digest: str


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def numbers_in_force(tx: Connection) -> dict[str, tuple[int, bool]]:
    """Every source that was ever taken: its version's number and whether it has been removed."""
    return {r.name: (r.n, bool(r.removed)) for r in tx.execute(select(sources.c.name, sources.c.n, sources.c.removed))}


def version(tx: Connection, source: str, n: int) -> Version:
    row = tx.execute(
        select(versions.c.text, versions.c.digest).where(versions.c.source == source, versions.c.n == n)
    ).one()
    return Version(source, n, row.text, row.digest)


def in_force(tx: Connection, source: str) -> Version | None:
    """The version in force; None for a name that never was a source or has been removed."""
    n = number_in_force(tx, source)
    return None if n is None else version(tx, source, n)


def number_in_force(tx: Connection, source: str) -> int | None:
    return tx.execute(
        select(sources.c.n).where(sources.c.name == source, sources.c.removed.is_(False))
    ).scalar_one_or_none()


def had_text(tx: Connection, source: str, digest: str) -> bool:
    """Whether any version of the source had this text."""
    query = select(func.count()).where(versions.c.source == source, versions.c.digest == digest)
    return bool(tx.execute(query).scalar_one())


def put_in_force(tx: Connection, source: str, text: str, *, after: int, who: str, now: int) -> int | None:
    """Make `text` version `after` + 1, where `after` (0: none) is still the newest; None when it is not."""
    flavour = sqlite if tx.dialect.name == "sqlite" else postgresql
    n = after + 1
    if after == 0:
        first = flavour.insert(sources).values(name=source, n=n).on_conflict_do_nothing()
    else:
        first = update(sources).where(sources.c.name == source, sources.c.n == after).values(n=n, removed=False)
    if tx.execute(first.returning(sources.c.n)).one_or_none() is None:
        return None
    row = {"source": source, "n": n, "text": text, "digest": text_digest(text), "since": now, "who": who}
    tx.execute(insert(versions), row)
    return n


def newest(tx: Connection, source: str) -> int:
    """The number of the source's newest version, removed or not; 0 when it never was one."""
    return tx.execute(select(sources.c.n).where(sources.c.name == source)).scalar_one_or_none() or 0


def remove(tx: Connection, source: str) -> bool:
    """End a source; False when it was not in force."""
    done = tx.execute(
        update(sources).where(sources.c.name == source, sources.c.removed.is_(False)).values(removed=True)
    )
    return done.rowcount == 1


def count_refused(tx: Connection, source: str, hour: int, cause: str, count: int) -> None:
    """Add refused proofs of one cause to the hour that began at `hour`, in milliseconds."""
    flavour = sqlite if tx.dialect.name == "sqlite" else postgresql
    row = flavour.insert(refused_proofs).values(source=source, hour=hour, cause=cause, count=count)
    tx.execute(
        row.on_conflict_do_update(
            index_elements=["source", "hour", "cause"], set_={"count": refused_proofs.c.count + row.excluded.count}
        )
    )


def refused(tx: Connection, since: int) -> list[tuple[str, str, int]]:
    """(source, cause, count) of the proofs refused since then."""
    query = (
        select(refused_proofs.c.source, refused_proofs.c.cause, func.sum(refused_proofs.c.count))
        .where(refused_proofs.c.hour >= since)
        .group_by(refused_proofs.c.source, refused_proofs.c.cause)
        .order_by(refused_proofs.c.source, refused_proofs.c.cause)
    )
    return [(r[0], r[1], int(r[2])) for r in tx.execute(query)]
