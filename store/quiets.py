"""What nobody wants to be told of: acknowledged alarms, and kinds that are quiet for a while."""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from store.tables import alarm_quiets, alarms
from store.upsert import upsert


@dataclass(frozen=True)
class Quiet:
    """`kind` may be `all`, an empty `subject` is every one of the kind. `until_at`: milliseconds since 1970."""

    kind: str
    subject: str
    until_at: int
    who: str
    why: str

    def covers(self, kind: str, subject: str) -> bool:
        return self.kind in ("all", kind) and self.subject in ("", subject)


def put(tx: Connection, quiet: Quiet) -> None:
    """From now on; the newest word about a kind and subject counts."""
    values = {"until_at": quiet.until_at, "who": quiet.who, "why": quiet.why}
    row = upsert(tx.dialect.name, alarm_quiets).values(kind=quiet.kind, subject=quiet.subject, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["kind", "subject"], set_=values))


def holding(tx: Connection, now: int) -> list[Quiet]:
    """Those that are not over."""
    query = select(alarm_quiets).where(alarm_quiets.c.until_at > now).order_by(alarm_quiets.c.until_at)
    return [Quiet(**row._mapping) for row in tx.execute(query)]


def acknowledge(tx: Connection, kind: str, subject: str, who: str, now: int) -> bool:
    """Somebody takes care of an alarm that stands; False where none does, or it was said before."""
    one = update(alarms).where(alarms.c.kind == kind, alarms.c.subject == subject)
    open_ = one.where(alarms.c.cleared_at.is_(None), alarms.c.acked_at.is_(None))
    return tx.execute(open_.values(acked_at=now, acked_by=who)).rowcount == 1


def acknowledged(tx: Connection) -> dict[tuple[str, str], str]:
    """Kind and subject of the alarms that stand and that somebody takes care of -> who."""
    query = select(alarms.c.kind, alarms.c.subject, alarms.c.acked_by)
    rows = tx.execute(query.where(alarms.c.cleared_at.is_(None), alarms.c.acked_at.is_not(None)))
    return {(row.kind, row.subject): row.acked_by for row in rows}
