"""The database's side of recording outcomes, as `store.claims` is of a claim: what is read of calls that ended, and
what is written of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from core.account.trouble import Trouble, is_calm
from core.lead import Lead
from core.move import Move
from core.outcome import ACCEPTED, Outcome
from store import accounts, attempts, leads
from store.attempts import Attempt
from store.engine import Store
from store.rows import Ask

Ended = Sequence[tuple[Attempt, Outcome]]


@dataclass(frozen=True)
class Read:
    """The leads of the calls, locked, by id; which attempts (ids) are still open; and the records of the accounts that
    have something to learn, locked."""

    leads: dict[str, Lead]
    open: frozenset[str]
    standing: dict[str, Trouble]


def opening(store: Store, ended: Ended) -> list[Ask]:
    """What `read` reads, to go along with the transaction's beginning, in the order of locks: the accounts that have
    something to learn (an acceptance while all is well teaches nothing), then the leads."""
    surely = {attempt.account for attempt, outcome in ended if outcome.kind != ACCEPTED}
    of_accounts = [
        accounts.locking(name) if name in surely else accounts.locking_unless_calm(name) for name in _accounts(ended)
    ]
    of_leads = leads.locking(store.is_sqlite, {attempt.lead for attempt, _ in ended})
    return [*of_accounts, of_leads, attempts.asking_open([attempt.id for attempt, _ in ended])]


def _accounts(ended: Ended) -> list[str]:
    return sorted({attempt.account for attempt, _ in ended})


def read(store: Store, tx: Connection, ended: Ended) -> Read:
    """What was asked along with this transaction's beginning."""
    *of_accounts, of_leads, still_open = store.told(tx)
    standing = {}
    for name, told in zip(_accounts(ended), of_accounts, strict=True):
        of_this = [(attempt, outcome) for attempt, outcome in ended if attempt.account == name]
        known = accounts.record_of(told)
        if known is None and any(outcome.kind != ACCEPTED for _, outcome in of_this):
            known = accounts.lock(tx, name).trouble  # an older database does not know it
        if known is not None and any(o.kind != ACCEPTED or not is_calm(known, a.call.script) for a, o in of_this):
            standing[name] = known
    found = {lead.id: lead for lead in map(leads.of_row, of_leads)}
    return Read(found, frozenset(attempt for (attempt,) in still_open), standing)


def write(
    tx: Connection,
    in_time: Ended,
    moved: Sequence[tuple[Lead, tuple[Move, ...]]],
    learnt: Mapping[str, Trouble],
    now: int,
    *,
    last: bool,
) -> dict[str, Lead]:
    """These attempts, which are open, are closed, their numbers freed, their leads moved; the accounts have learnt. The
    leads as they are then, by id. Raises NotAsSeen where one is no longer as it was read; `last` as in
    `store.leads.apply_all`."""
    beside = [
        attempts.closing([(attempt.id, outcome) for attempt, outcome in in_time], now, whole=True),
        attempts.freeing({attempt.id: attempt.call.number for attempt, _ in in_time}),
        *(accounts.writing(name, learnt[name]) for name in sorted(learnt)),
    ]
    return leads.apply_all(tx, moved, at=now, beside=beside, last=last)
