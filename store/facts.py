"""What the store knows about a number, for the pure rules of `core.policy`."""

from sqlalchemy import Connection, bindparam, func, select

from core import outcome as outcomes
from core.policy import Ring
from store.tables import attempts, leads


def rings(tx: Connection, account: str, number: str, *, not_of: str, since: int) -> tuple[Ring, ...]:
    """The newest call of each script to this number since then (milliseconds), by other leads of the
    account, that may have rung. Refused and provably unsent calls do not count."""
    given = {"account": account, "number": number, "since": since, "not_of": not_of}
    found = tx.execute(_NEWEST, given).all()
    return tuple(Ring(row.at / 1000, row.script, *_whose(tx, account, number, row.at, not_of)) for row in found)


def _whose(tx: Connection, account: str, number: str, at: int, not_of: str) -> tuple[str, int]:
    query = select(leads.c.id, leads.c.no).join(attempts, attempts.c.lead == leads.c.id)
    query = query.where(
        attempts.c.account == account,
        attempts.c.number == number,
        attempts.c.started_at == at,
        attempts.c.lead != not_of,
    )
    row = tx.execute(query.limit(1)).one()
    return row.id, row.no


_NEWEST = (
    select(attempts.c.script, func.max(attempts.c.started_at).label("at"))
    .where(
        attempts.c.account == bindparam("account"),
        attempts.c.number == bindparam("number"),
        attempts.c.started_at > bindparam("since"),
        attempts.c.lead != bindparam("not_of"),
        # Not in_(): its list is expanded anew at each execution.
        (attempts.c.outcome == outcomes.ACCEPTED) | (attempts.c.outcome == outcomes.UNKNOWN),
    )
    .group_by(attempts.c.script)
)
