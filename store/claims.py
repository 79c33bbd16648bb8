"""A claim's sides in the database: what is read up to the due leads, what is read of their numbers, what is written.

The account is locked by a statement of its own; what that lock guards is read in later ones (a statement that locked
and counted would count from a snapshot older than its wait). So it is with the leads, then with their numbers.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from core.account import claiming, trouble
from core.account.caps import TOTALS, Caps, Room, is_capped
from core.account.claiming import Choice
from core.account.trouble import AccountNow
from core.candidate import Candidate
from core.lead import Lead
from core.move import Move
from core.overall import Totals
from core.ports import Account, Start
from store import accounts, attempts, caps, due, due_at_once, epoch, facts, leads
from store.attempts import Attempt
from store.caps import Reached
from store.engine import Store
from store.epoch import Epoch
from store.ids import new_id
from store.journal import Entry, Journal
from store.remembered import Remembered
from store.rows import Ask

Made = tuple[Lead, tuple[Move, ...]]
CLOCK_OFF_MS = 30_000  # a worker whose clock is further off claims nothing


@dataclass(frozen=True)
class Asked:
    """Who claims for which account, and how much: `turn` counts the leads claimed before, `slots` are free in
    the asking worker, `start` is when it asked. `only` names the leads (ids) to look at; empty: whichever are due, of
    the sources `readable` where those are named; `over` are attempts (ids) that are known to have ended."""

    account: Account
    owner: str
    turn: int
    slots: int
    start: Start
    totals: Totals
    readable: Collection[str] | None = None
    only: Sequence[str] = ()
    over: Collection[str] = ()


@dataclass(frozen=True)
class Read:
    """The account as it stands under its lock, and the leads to look at, locked; it holds until the commit.
    `looked_for` is how many might have been found, `none_left` that none is left to be mapped, `in_force` are the
    versions of their sources; `clock_off_ms` is 0 where this machine's clock is right."""

    now: int
    epoch: Epoch
    standing: AccountNow
    clock_off_ms: int = 0
    looked_for: int = 0
    leads: Sequence[Lead] = ()
    none_left: bool = False
    in_force: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """The candidates with what is known of their numbers. `held`: the leads whose number this claim has locked, each
    with the id of its attempt to be; `counted`: their attempts so far; `rooms` by source, and by `TOTALS`."""

    candidates: Sequence[Candidate]
    held: Mapping[str, str]
    counted: Mapping[str, int]
    rooms: Mapping[str, Room]


@dataclass(frozen=True)
class Claim:
    """A claimed lead, its attempt, and the attempt's line of the journal."""

    lead: Lead
    attempt: Attempt
    entry: Entry


@dataclass(frozen=True)
class Written:
    """What the commit holds: the claims, and the caps that were found reached."""

    claims: Sequence[Claim] = ()
    reached: Sequence[Reached] = ()


def opening(store: Store, journal: Journal, asked: Asked) -> list[Ask]:
    """What `read` reads first, to go along with the transaction's beginning. The account's lock is a statement of its
    own; what it guards is read in later ones."""
    of_account = accounts.asks(asked.account.name, totals=is_capped(asked.totals))
    asks = [*epoch.asks(store, journal), *of_account, caps.REACHED]
    if many := _at_once(store, asked):
        asks.append(due_at_once.asking(store, asked.account.name, many, claiming.oldest(asked.turn, many)))
    return asks


def _at_once(store: Store, asked: Asked) -> int:
    """How many due leads are looked for before it is known how many may ring; 0: none, they are looked for after that.
    In a file nothing goes along."""
    if store.is_sqlite or asked.only or asked.readable is not None:
        return 0
    return claiming.likely(asked.account, asked.slots)


def read(store: Store, journal: Journal, tx: Connection, asked: Asked) -> Read:
    """Everything up to the due leads. Raises OtherDatabase when this is not the database we knew."""
    now = store.now_ms(tx)
    many = _at_once(store, asked)
    told = store.told(tx)
    at_once = told.pop() if many else []
    reached = told.pop()
    seen = epoch.of(store, told[: epoch.ASKS])
    epoch.check(store, journal, seen)
    standing = accounts.of(tx, asked.account.name, told[epoch.ASKS :], asked.owner, now, asked.over)
    off_ms = _clock_off_ms(store, asked.start, now)
    full = frozenset(source for source, *_ in reached)
    room = claiming.capacity(standing, asked.account, asked.slots, now)
    if not room or TOTALS in full or off_ms:
        return Read(now, seen, standing, off_ms)
    looked_for = claiming.to_look_at(standing, room)
    wanted = _wanted(asked, standing, now, looked_for, full)
    as_ever = all(told[epoch.ASKS : -1]) and not (full or standing.trouble.pause or standing.trouble.scripts)
    if as_ever and looked_for <= many:
        found = due_at_once.of(at_once, wanted, many)
    elif asked.only:
        found = due.those_of(tx, asked.only, now)
    else:
        found = due.to_call(tx, wanted, asked.readable)
    return Read(now, seen, standing, off_ms, looked_for, found.leads, found.none_left, found.in_force)


def _wanted(asked: Asked, standing: AccountNow, now: int, many: int, full: frozenset[str]) -> due.Due:
    without = trouble.resting(standing.trouble, now)
    return due.Due(asked.account.name, now, many, claiming.oldest(asked.turn, many), without, full)


def _clock_off_ms(store: Store, start: Start, now: int) -> int:
    off_ms = round(start.wall * 1000) - now
    return off_ms if store.has_own_clock and abs(off_ms) > CLOCK_OFF_MS else 0


def know(tx: Connection, begun: Sequence[Candidate], totals: Totals, memory: Remembered, now: int) -> Known:
    """Lock the numbers that the candidates would ring, and read what is known of them and of the room under caps."""
    ringing = {one.lead.id: one for one in begun if one.call}
    names = {lead: new_id() for lead in ringing}
    locked = attempts.lock_numbers(tx, {names[lead]: one.call.number for lead, one in ringing.items() if one.call})
    held = {lead: attempt for lead, attempt in names.items() if attempt in locked}
    scripts, capped = _scopes(begun, totals)
    return Known(
        candidates=facts.know(tx, begun, now, totals.calls_per_number_per_day, held),
        held=held,
        counted=attempts.counts(tx, [one.lead.id for one in begun if one.lead.claims]),
        rooms=caps.rooms(tx, capped, scripts, memory, now),
    )


def _scopes(begun: Sequence[Candidate], totals: Totals) -> tuple[dict[str, set[str]], dict[str, Caps]]:
    """The scopes whose caps the candidates' calls count under: the scripts that ask, and the caps."""
    scripts: dict[str, set[str]] = {}
    capped: dict[str, Caps] = {}
    for one in begun:
        if one.call and one.source:
            for scope, each in ((one.lead.source, one.source.policy), (TOTALS, totals)):
                scripts.setdefault(scope, set()).add(one.call.script)
                capped[scope] = each
    return scripts, capped


def write(tx: Connection, asked: Asked, seen: Read, known: Known, made: Sequence[Made], choice: Choice) -> Written:
    """What was decided: `made` are the leads' moves in the order of locks, those of `choice` get their attempts. Raises
    NotAsSeen for a lead that is no longer as it was seen."""
    reached = caps.write_reached(tx, choice.full, seen.now)
    opened = {
        one.lead.id: _attempt(one, known, asked.account, seen.now)
        for one in known.candidates
        if one.lead.id in choice.taken
    }
    beside = [attempts.opening(list(opened.values()), asked.owner, seen.now)]
    if choice.after not in (None, seen.standing):
        beside.append(accounts.writing(asked.account.name, choice.after.trouble, choice.after.next_at))
    in_vain = (one for one in known.candidates if one.lead.id in known.held and one.lead.id not in opened)
    attempts.free_numbers(tx, {known.held[one.lead.id]: one.call.number for one in in_vain if one.call})
    after = leads.apply_all(tx, made, at=seen.now, beside=beside, last=True)
    last = epoch.count_claims(tx, len(opened)) if tx.dialect.name == "sqlite" and opened else 0
    claimed = [one for one in known.candidates if one.lead.id in opened]
    return Written(
        [
            Claim(
                after[one.lead.id],
                opened[one.lead.id],
                _entry(one, opened[one.lead.id], seen, last and last - len(opened) + 1 + n),
            )
            for n, one in enumerate(claimed)
        ],
        reached,
    )


def _attempt(candidate: Candidate, known: Known, account: Account, now: int) -> Attempt:
    if candidate.call is None:
        raise RuntimeError("a lead without a call was chosen")
    return Attempt(
        id=known.held[candidate.lead.id],
        lead=candidate.lead.id,
        n=known.counted.get(candidate.lead.id, 0) + 1,
        round=candidate.lead.round,
        account=account.name,
        call=candidate.call,
        deadline_at=now + account.total_timeout_ms,
        source=candidate.lead.source,
    )


def _entry(candidate: Candidate, attempt: Attempt, seen: Read, claims: int) -> Entry:
    """On SQLite each claim has its number (`claims`), which the run directory's mark remembers."""
    lead = candidate.lead
    return Entry(
        store=seen.epoch.store,
        attempt=attempt.id,
        lead=lead.id,
        source=lead.source,
        event_key=candidate.event_hash,
        account=attempt.account,
        number_hash=candidate.number_hash,
        script=attempt.call.script,
        round=attempt.round,
        at=seen.now,
        claims=claims,
    )
