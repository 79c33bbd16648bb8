"""A claim's two sides in the database: the account as its lock guards it, and everything that is written at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from core.account.caps import Left
from core.account.claiming import AccountNow
from core.lead import Lead
from core.move import Move
from store import accounts, attempts, caps, epoch, leads
from store.attempts import Attempt
from store.caps import Reached


def lock_account(tx: Connection, account: str, owner: str, now: int, *, totals: bool) -> AccountNow:
    """The account and its calls in flight, counted by a statement after the one that locked it; before it the
    `totals`, where a sum over all accounts is set."""
    if totals:
        accounts.lock_totals(tx)
    locked = accounts.lock(tx, account)
    return replace(locked, calls=accounts.in_flight(tx, account, owner, now))


@dataclass(frozen=True)
class Writing:
    """What one claim writes. `moved`: the leads with their moves, of a claimed one those that end in `calling`;
    `freed`: numbers that were locked in vain, by attempt; `news` and `full`: what became of caps."""

    account: str
    owner: str
    now: int
    after: AccountNow | None
    moved: Sequence[tuple[Lead, tuple[Move, ...]]]
    opened: Sequence[Attempt]
    freed: Mapping[str, str] = field(default_factory=dict)
    news: Sequence[tuple[Reached, Reached | None]] = ()
    full: Mapping[str, tuple[Left, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """The leads as they are now, by id; the caps that are news; on SQLite the number of the first claim."""

    leads: Mapping[str, Lead] = field(default_factory=dict)
    reached: Sequence[Reached] = ()
    gone: Sequence[Reached] = ()
    first: int = 0


def write(tx: Connection, what: Writing) -> Written:
    """All of it, in the order of locks. Raises LeadChanged for a lead that is no longer as it was seen."""
    gone = caps.write_news(tx, what.news)
    reached = caps.write_reached(tx, what.full, what.now)
    if what.after is not None:
        accounts.write(tx, what.account, what.after.trouble, what.after.next_at)
    ordered = sorted(what.moved, key=lambda pair: pair[0].id)
    after = {lead.id: leads.apply(tx, lead, *moves, at=what.now) for lead, moves in ordered}
    attempts.open_all(tx, what.opened, what.owner, what.now)
    attempts.free_numbers(tx, what.freed)
    first = 0
    if tx.dialect.name == "sqlite" and what.opened:
        first = epoch.count_claims(tx, len(what.opened)) - len(what.opened) + 1
    return Written(after, reached, gone, first)
