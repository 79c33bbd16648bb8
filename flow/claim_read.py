"""What a claim has to know, read under its locks: the first of its three blocks.

The account is locked by a statement of its own; what that lock guards is read in later ones (a statement that
locked and counted would count from a snapshot older than its wait). Then the leads, then their numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from core.account import claiming
from core.account.caps import TOTALS, Room
from core.account.claiming import AccountNow
from core.account.trouble import resting
from core.lead import Lead
from core.ports import Account, Start
from core.states import READY
from flow import candidates, caps, recover
from flow.candidates import Candidate
from flow.gateway import Gateway
from store import attempts, claims, due, epoch
from store.engine import Tx
from store.epoch import Epoch, OtherDatabase
from store.ids import new_id

EVERY_FIFTH_OLDEST = 5
CLOCK_OFF_MS = 30_000  # a worker whose clock is further off claims nothing


@dataclass(frozen=True)
class Request:
    """Who claims for which account, and how much: `turn` counts the leads claimed before, `slots` are free in
    the asking worker. `only` names the leads (ids) to look at; empty: whichever are due."""

    account: Account
    owner: str
    turn: int
    slots: int
    start: Start
    only: Sequence[str] = ()


@dataclass(frozen=True)
class Read:
    """Everything that is known; it holds until the commit."""

    now: int
    epoch: Epoch
    standing: AccountNow
    full: caps.Fullness
    candidates: tuple[Candidate, ...] = ()
    attempts: Mapping[str, str] = field(default_factory=dict)  # lead -> the id of its attempt to be
    locked: frozenset[str] = frozenset()  # leads whose number this claim holds
    counted: Mapping[str, int] = field(default_factory=dict)  # lead -> its attempts so far
    rooms: Mapping[str, Room] = field(default_factory=dict)


def read(gateway: Gateway, tx: Tx, asked: Request) -> Read:
    """Raises OtherDatabase when this is not the database we knew."""
    now = gateway.store.now_ms(tx)
    seen = epoch.read(gateway.store, tx)
    if not recover.is_ours(gateway, tx, seen):
        raise OtherDatabase(seen.found)
    account = asked.account
    standing = claims.lock_account(tx, account.name, asked.owner, now, totals=caps.has_totals(gateway))
    known = Read(now, seen, standing, caps.read_full(gateway, tx, account.name, now))
    room = claiming.capacity(standing, account, asked.slots, now)
    if not room or TOTALS in known.full.full or _is_off(gateway, asked.start, now):
        return known
    look_at = claiming.to_look_at(standing, room)
    return _with_leads(gateway, tx, known, account, _due(gateway, tx, asked, known, look_at))


def _due(gateway: Gateway, tx: Tx, asked: Request, known: Read, room: int) -> list[Lead]:
    if asked.only:
        return due.those_of(tx, asked.only, known.now)
    without = resting(known.standing.trouble, known.now)
    wanted = due.Due(asked.account.name, known.now, room, oldest(asked.turn, room), without, known.full.full)
    return due.to_call(tx, wanted, gateway.readable())


def _with_leads(gateway: Gateway, tx: Tx, known: Read, account: Account, found: list[Lead]) -> Read:
    begun = [candidate for candidate in candidates.begin(gateway, tx, found) if _is_of(candidate, account)]
    numbers = {candidate.lead.id: candidate.call.number for candidate in begun if candidate.call}
    names = {lead: new_id() for lead in numbers}
    held = attempts.lock_numbers(tx, {names[lead]: number for lead, number in numbers.items()})
    locked = frozenset(lead for lead, attempt in names.items() if attempt in held)
    scripts: dict[str, set[str]] = {}
    for candidate in begun:
        if candidate.call:
            scripts.setdefault(candidate.lead.source, set()).add(candidate.call.script)
    return replace(
        known,
        candidates=tuple(candidates.know(gateway, tx, begun, known.now, locked)),
        attempts=names,
        locked=locked,
        counted=attempts.counts(tx, [candidate.lead.id for candidate in begun if candidate.lead.claims]),
        rooms=caps.read_rooms(gateway, tx, scripts, known.now),
    )


def oldest(turn: int, room: int) -> int:
    """How many of the next `room` leads have to be the oldest due ones."""
    return (turn + room) // EVERY_FIFTH_OLDEST - turn // EVERY_FIFTH_OLDEST


def _is_of(candidate: Candidate, account: Account) -> bool:
    """A ready lead is claimed by the account that it waits for; a received one may have come for another."""
    return candidate.lead.state == READY or (candidate.source is not None and candidate.source.account == account.name)


def _is_off(gateway: Gateway, start: Start, now: int) -> bool:
    if not gateway.store.has_own_clock or abs(start.wall * 1000 - now) <= CLOCK_OFF_MS:
        return False
    gateway.log.error("clock_off", seconds=round(start.wall - now / 1000))
    return True
