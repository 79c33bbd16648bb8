"""Users, their one-time links, failed sign-ins, programs' tokens, and the audit: who did what."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from store import rows
from store.tables import audit, login_failures, sign_in_links, tokens, users
from store.upsert import upsert

Row = dict[str, Any]


@dataclass(frozen=True)
class User:
    """A person with a role. A session is good while it carries the present `epoch`."""

    id: int
    key: str
    name: str
    role: str
    password: str
    epoch: int
    added_at: int
    seen_at: int | None
    disabled: bool
    language: str
    zone: str


def user(tx: Connection, user_id: int) -> User | None:
    return _user(rows.select(tx, _BY_ID, id=user_id))


def named(tx: Connection, key: str) -> User | None:
    return _user(rows.select(tx, _BY_KEY, key=key))


def _user(found: list[Any]) -> User | None:
    if not found:
        return None
    known = dict(zip(_NAMES, found[0], strict=True))
    return User(**{**known, "disabled": bool(known["disabled"])})


_NAMES = [column.name for column in users.c]
_BY_ID = select(users).where(users.c.id == bindparam("id"))
_BY_KEY = select(users).where(users.c.key == bindparam("key"))


def all_users(tx: Connection) -> list[User]:
    return [User(**row._mapping) for row in tx.execute(select(users).order_by(users.c.key))]


def add(tx: Connection, key: str, name: str, role: str, now: int) -> User | None:
    """A new user; None where the name is taken."""
    put = upsert(tx.dialect.name, users).values(key=key, name=name, role=role, added_at=now).on_conflict_do_nothing()
    made = tx.execute(put.returning(users.c.id)).scalar_one_or_none()
    return None if made is None else user(tx, made)


def change(tx: Connection, user_id: int, *, ends_sessions: bool = True, **columns: Any) -> None:
    """Set columns of a user; every session of theirs ends with it, unless `ends_sessions` is False."""
    epoch = users.c.epoch + (1 if ends_sessions else 0)
    tx.execute(update(users).where(users.c.id == user_id).values(epoch=epoch, **columns))
    if ends_sessions:
        tx.execute(delete(sign_in_links).where(sign_in_links.c.user_id == user_id))


def keep_link(tx: Connection, digest: str, user_id: int, until: int, *, loopback: bool) -> None:
    tx.execute(insert(sign_in_links).values(digest=digest, user_id=user_id, until=until, loopback=loopback))


def spend_link(tx: Connection, digest: str, now: int, *, on_loopback: bool) -> int | None:
    """The user whom the link lets in, once; None for one that is spent, too old or not for this address."""
    good = (sign_in_links.c.digest == digest) & (sign_in_links.c.until > now)
    good = good if on_loopback else good & sign_in_links.c.loopback.is_(False)
    found: int | None = tx.execute(delete(sign_in_links).where(good).returning(sign_in_links.c.user_id)).scalar()
    tx.execute(delete(sign_in_links).where(sign_in_links.c.until <= now))
    return found


def failures(tx: Connection, keys: tuple[str, ...], since: int) -> list[tuple[int, int]]:
    """(count, time of the last) for each key with failures that are not forgotten."""
    query = select(login_failures.c.count, login_failures.c.at)
    rows = tx.execute(query.where(login_failures.c.key.in_(keys), login_failures.c.at > since))
    return [(row.count, row.at) for row in rows]  # type: ignore[misc]


def note_failure(tx: Connection, keys: tuple[str, ...], now: int, since: int) -> None:
    """One more wrong try; those older than `since` are forgotten."""
    tx.execute(delete(login_failures).where(login_failures.c.at <= since))
    for key in sorted(keys):
        tx.execute(_failing(tx.dialect.name), {"key": key, "count": 1, "at": now})


def forget_failures(tx: Connection, key: str) -> None:
    tx.execute(delete(login_failures).where(login_failures.c.key == key))


def add_token(tx: Connection, name: str, scope: str, digest: str, who: str, now: int) -> int:
    row = insert(tokens).values(name=name, scope=scope, digest=digest, made_by=who, made_at=now)
    return int(tx.execute(row.returning(tokens.c.id)).scalar_one())


def token(tx: Connection, digest: str) -> Row | None:
    """The token in force that has this digest."""
    row = tx.execute(select(tokens).where(tokens.c.digest == digest, tokens.c.revoked_at.is_(None))).one_or_none()
    return None if row is None else dict(row._mapping)


def all_tokens(tx: Connection) -> list[Row]:
    columns = [column for column in tokens.c if column.name != "digest"]
    order = (case((tokens.c.revoked_at.is_(None), 0), else_=1), tokens.c.id.desc())
    return [dict(row._mapping) for row in tx.execute(select(*columns).order_by(*order).limit(200))]


def revoke(tx: Connection, token_id: int, now: int) -> str | None:
    """End a token; its name, None where none of this id was in force."""
    there = update(tokens).where(tokens.c.id == token_id, tokens.c.revoked_at.is_(None))
    found: str | None = tx.execute(there.values(revoked_at=now).returning(tokens.c.name)).scalar()
    return found


def note(tx: Connection, at: int, who: str, what: str, about: str, why: str, place: str) -> None:
    """A row of the audit."""
    tx.execute(insert(audit).values(at=at, who=who, what=what, about=about, why=why, place=place))


def done_since(tx: Connection, who: str, what: str, since: int) -> int:
    """How often somebody did this since then."""
    query = select(func.count()).where(audit.c.who == who, audit.c.at > since, audit.c.what == what)
    return int(tx.execute(query).scalar_one())


def page_of_audit(tx: Connection, limit: int, before: int | None = None) -> list[Row]:
    """The newest rows, those of smaller `id` than `before`."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    query = query if before is None else query.where(audit.c.id < before)
    return [dict(row._mapping) for row in tx.execute(query)]


@cache
def _failing(dialect: str) -> Any:
    put = upsert(dialect, login_failures)
    more = {"count": login_failures.c.count + 1, "at": put.excluded.at}
    return put.on_conflict_do_update(index_elements=["key"], set_=more)
