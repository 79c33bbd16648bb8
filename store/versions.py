"""Versions: the text in force of a source, or of the policy over all of them, is a row, the same for every process
and machine. `name` is the source's, or `core.overall.POLICY`."""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, case, delete, func, insert, literal, select, text, update

from core import states
from core.lead import Lead
from core.overall import POLICY, Standing
from core.reading.tree import storable
from store import rows
from store.leads import COLUMNS, of_row
from store.rows import Ask
from store.tables import in_force as stands
from store.tables import leads, refused_proofs, sources, versions
from store.upsert import upsert

# Longer than anything waits for its CRM (half an hour): what lies further ahead was written by a clock that has been
# set back since.
LONGEST_ASK_MS = 3_600_000
SILENT_AFTER = 3  # questions of a CRM without an answer, in a row; one may be lost by chance


@dataclass(frozen=True)
class Version:
    """A text that is or was in force: of a source and its preset as merged, or of the policy over all."""

    name: str
    n: int
    text: str
    digest: str


def text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_SAME = (versions.c.name == stands.c.name) & (versions.c.n == stands.c.n)
_STANDING = select(stands.c.name, stands.c.n, versions.c.digest, versions.c.since, stands.c.removed)
STANDING = Ask(_STANDING.join(versions, _SAME))  # each process asks twice a second


def standing(tx: Connection) -> dict[str, Standing]:
    """Whatever was ever taken: its newest version, whether in force or removed."""
    return standing_of(rows.ask_all(tx, [STANDING])[0])


def standing_of(told: Iterable[Sequence[Any]]) -> dict[str, Standing]:
    """The same, of the answer to `STANDING`."""
    return {name: Standing(n, digest, since, bool(removed)) for name, n, digest, since, removed in told}


def sources_standing(tx: Connection) -> dict[str, Standing]:
    """The same of the sources alone."""
    return {name: row for name, row in standing(tx).items() if name != POLICY}


def version(tx: Connection, name: str, n: int) -> Version:
    row = tx.execute(select(versions.c.text, versions.c.digest).where(versions.c.name == name, versions.c.n == n)).one()
    return Version(name, n, row.text, row.digest)


def in_force(tx: Connection, names: Collection[str]) -> dict[str, int]:
    """The number of the version in force of each of these sources; removed ones are left out."""
    return dict(rows.among(tx, _IN_FORCE, sorted(names)))


def had_text(tx: Connection, name: str, digest: str) -> bool:
    """Whether any version under this name had this text."""
    query = select(func.count()).where(versions.c.name == name, versions.c.digest == digest)
    return bool(tx.execute(query).scalar_one())


def put_in_force(tx: Connection, name: str, text: str, *, after: int, who: str, now: int, why: str = "") -> int | None:
    """Make `text` version `after` + 1, where `after` (0: none) is still the newest; None when it is not."""
    n = after + 1
    if after == 0:
        first = upsert(tx.dialect.name, stands).values(name=name, n=n).on_conflict_do_nothing()
    else:
        first = update(stands).where(stands.c.name == name, stands.c.n == after).values(n=n, removed=False)
    if tx.execute(first.returning(stands.c.n)).one_or_none() is None:
        return None
    row = {"name": name, "n": n, "text": text, "digest": text_digest(text), "since": now, "who": who, "why": why}
    tx.execute(insert(versions), row)
    if after == 0 and name != POLICY:
        tx.execute(insert(sources), {"name": name})
    return n


def newest(tx: Connection, name: str) -> int:
    """The number of the newest version, removed or not; 0 where there never was one."""
    return tx.execute(select(stands.c.n).where(stands.c.name == name)).scalar_one_or_none() or 0


def was_source(tx: Connection, name: str) -> bool:
    """Whether a source was ever called so; a stranger may ask it of any text, also of one that no database keeps."""
    if storable(name) != name:
        return False
    return tx.execute(select(sources.c.name).where(sources.c.name == name)).one_or_none() is not None


def remove(tx: Connection, source: str, *, who: str = "", why: str = "", now: int | None = None) -> bool:
    """End a source; False when it was not in force, or is no source."""
    there = update(stands).where(stands.c.name == source, stands.c.name != POLICY, stands.c.removed.is_(False))
    done = tx.execute(there.values(removed=True, removed_at=now, removed_by=who, removed_why=why))
    return done.rowcount == 1


def newest_leads(tx: Connection, source: str, limit: int) -> list[Lead]:
    """The newest leads of a source with their payloads, newest first."""
    return [of_row(row) for row in rows.select(tx, _NEWEST, source=source, count=limit)]


_NEWEST = (
    select(*COLUMNS)
    .where(leads.c.source == bindparam("source"))
    .order_by(leads.c.received_at.desc(), leads.c.no.desc())
    .limit(bindparam("count"))
)


def held_leads(tx: Connection, source: str, limit: int) -> list[Lead]:
    """The newest held leads of a source that were never claimed."""
    query = select(*COLUMNS).where(leads.c.source == source, leads.c.state == states.HELD, leads.c.claims == 0)
    query = query.order_by(leads.c.received_at.desc(), leads.c.no.desc()).limit(limit)
    return [of_row(row) for row in tx.execute(query)]


def waiting(tx: Connection, source: str) -> int:
    """How many leads of a source wait for their mapping or their call."""
    query = select(func.count()).where(leads.c.source == source, leads.c.state.in_(states.WAITING))
    return int(tx.execute(query).scalar_one())


def count_refused(tx: Connection, source: str, hour: int, cause: str, count: int) -> None:
    """Add refused proofs of one cause to the hour that began at `hour`, in milliseconds."""
    row = upsert(tx.dialect.name, refused_proofs).values(source=source, hour=hour, cause=cause, count=count)
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


def forget_refused(tx: Connection, before: int) -> None:
    """Proofs that were refused before that time (milliseconds)."""
    tx.execute(delete(refused_proofs).where(refused_proofs.c.hour < before))


def take_question(tx: Connection, source: str, now: int, pause_ms: int, probe_ms: int) -> bool:
    """Take this moment of the pace at which the source's CRM may be asked; False when another worker has it.

    The next may be asked after `pause_ms`; after `probe_ms` while the CRM gives no answers, so that one
    at a time finds out whether it does again. The row stays locked until the transaction ends."""
    then, later = literal(now + pause_ms, BigInteger), literal(now + probe_ms, BigInteger)
    ask_at = case((sources.c.ask_fails == 0, then), else_=later)
    free = (sources.c.ask_at <= now) | (sources.c.ask_at > now + LONGEST_ASK_MS)
    take = update(sources).where(sources.c.name == source, free).values(ask_at=ask_at)
    return tx.execute(take).rowcount == 1


def crm_failed(tx: Connection, source: str, now: int, waits_ms: Sequence[int], at_least_ms: int) -> int:
    """The CRM gave no answer: nobody asks it for a while, longer each time; when it may be asked again."""
    fails = tx.execute(select(sources.c.ask_fails).where(sources.c.name == source)).scalar_one_or_none() or 0
    ask_at = now + max(waits_ms[min(fails, len(waits_ms) - 1)], at_least_ms)
    tx.execute(update(sources).where(sources.c.name == source).values(ask_at=ask_at, ask_fails=fails + 1))
    return ask_at


def crm_answered(tx: Connection, source: str, now: int) -> None:
    """It answers again: the others need not wait for the end of its pause."""
    again = update(sources).where(sources.c.name == source, sources.c.ask_fails > 0)
    tx.execute(again.values(ask_at=now, ask_fails=0))


def silent_crms(tx: Connection) -> dict[str, int]:
    """Source -> questions without an answer in a row, of those that have not answered several and whose leads wait."""
    return dict(rows.select(tx, _SILENT))


_SILENT = text(
    # Not EXISTS: PostgreSQL might join that to all that wait.
    f"SELECT name, ask_fails FROM sources WHERE ask_fails >= {SILENT_AFTER} AND coalesce((SELECT 1 FROM leads "  # noqa: S608
    "WHERE leads.state = 'received' AND leads.asks_crm = 1 AND leads.source = sources.name LIMIT 1), 0) = 1"
)


def history(tx: Connection, source: str, limit: int) -> list[dict[str, Any]]:
    """The newest versions of a source: number, text, since when, by whom and why."""
    query = select(versions).where(versions.c.name == source).order_by(versions.c.n.desc()).limit(limit)
    return [dict(row._mapping) for row in tx.execute(query)]


_IN_FORCE = "SELECT name, n FROM in_force WHERE name {wanted} AND removed = false"
