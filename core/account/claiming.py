"""Which of the due leads of an account are claimed at one moment: places, pace, room and one call that tries.

Everything here was read under the account's lock, so that nobody counts beside us. Pure; milliseconds.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.account import pace, pause, trouble
from core.account.caps import TOTALS, Left, Room
from core.account.trouble import AccountNow
from core.candidate import Candidate
from core.decision import claim
from core.lead import Lead
from core.move import Move
from core.ports import Account
from core.states import CALLING

EVERY_FIFTH_OLDEST = 5
GRACE_MS = 5_000  # a call that tries counts as dead when any worker may settle its attempt


@dataclass(frozen=True)
class Wanted:
    """A lead that may ring now, by every rule: its attempt to be, and what counts against the caps; `number` is its
    number's digest."""

    lead: str
    attempt: str
    source: str
    script: str
    number: str = ""


@dataclass(frozen=True)
class Choice:
    """The leads (ids) that ring now, and by the scope that has no room left the cap and the script that met it."""

    taken: tuple[str, ...] = ()
    full: Mapping[str, tuple[Left, str]] = field(default_factory=dict)
    after: AccountNow | None = None  # the account's new standing; None: nothing was taken


def oldest(turn: int, room: int) -> int:
    """How many of the next `room` leads have to be the oldest due ones; `turn` leads came before them."""
    return (turn + room) // EVERY_FIFTH_OLDEST - turn // EVERY_FIFTH_OLDEST


def wanted(
    candidates: Iterable[Candidate], moves: Mapping[str, Move], held: Mapping[str, str], now: int
) -> list[Wanted]:
    """Those that ring now if they fit: a ready lead, or a received one that waits for nothing, whose number is `held`
    by an attempt to be (both by the lead's id)."""
    return [
        Wanted(
            lead=one.lead.id,
            attempt=held[one.lead.id],
            source=one.lead.source,
            script=one.call.script,
            number=one.number_hash,
        )
        for one in candidates
        if one.call and one.lead.id in held and _may_ring(moves[one.lead.id], now)
    ]


def _may_ring(move: Move, now: int) -> bool:
    return move.target == CALLING or (move.transition == "map" and not move.reason and move.columns["due_at"] <= now)


def likely(account: Account, slots: int) -> int:
    """How many calls may start at one moment while all is well."""
    return min(slots, pace.at_once(account.calls_per_s))


def capacity(standing: AccountNow, account: Account, slots: int, now: int) -> int:
    """How many calls of the account may start at this moment; `slots` are free in the asking worker."""
    places = trouble.places(standing.trouble, standing.calls, account.most_in_flight, now)
    return min(pace.MOST_AT_ONCE, slots, places, pace.moments(standing.next_at, now, account.calls_per_s))


def to_look_at(standing: AccountNow, room: int) -> int:
    """Among how many due leads those that ring now are chosen: more than `room` only where one call tries, so that
    it can be another than the one that failed."""
    return pace.MOST_AT_ONCE if room and trouble.one_tries(standing.trouble) else room


def rest_ms(standing: AccountNow, account: Account, now: int) -> int:
    """How long an account without capacity waits before it looks again; 0: only until a call ends."""
    by_pace = pace.wait_ms(standing.next_at, now, account.calls_per_s)
    return max(by_pace, trouble.wait_ms(standing.trouble, now) if is_full(standing, account, now) else 0)


def is_full(standing: AccountNow, account: Account, now: int) -> bool:
    """Whether no call may start before another has ended, or a pause has."""
    return not trouble.places(standing.trouble, standing.calls, account.most_in_flight, now)


def choose(
    wanted: Iterable[Wanted], rooms: Mapping[str, Room], standing: AccountNow, account: Account, slots: int, now: int
) -> Choice:
    """The first of `wanted` that fit; what failed last, where something is paused, comes after all others. `rooms` by
    source, and by `TOTALS`; a scope that is not there has no cap."""
    most, known, left = capacity(standing, account, slots, now), standing.trouble, dict(rooms)
    taken: list[str] = []
    full: dict[str, tuple[Left, str]] = {}
    deadline = now + account.total_timeout_ms + GRACE_MS
    for one in sorted(wanted, key=lambda one: trouble.failed_with(known, one.script, one.lead, one.number)):
        if len(taken) >= most:
            break
        script_pause = pause.pause_of(known.scripts, one.script)
        if script_pause is not None and script_pause.rests(now):
            continue  # its one call that tries is taken
        scopes = [scope for scope in (one.source, TOTALS) if scope in left]
        reached = {scope: cap for scope in scopes if (cap := left[scope].full(one.script))}
        full |= {scope: (cap, one.script) for scope, cap in reached.items() if scope not in full}
        if reached:
            continue
        left |= {scope: left[scope].taken(one.script) for scope in scopes}
        known = trouble.trying(known, one.script, one.attempt, deadline)
        taken.append(one.lead)
    if not taken:
        return Choice((), full)
    next_at = pace.after(standing.next_at, now, account.calls_per_s, len(taken))
    return Choice(tuple(taken), full, replace(standing, next_at=next_at, trouble=known))


def made(
    candidates: Iterable[Candidate], moves: Mapping[str, Move], taken: Collection[str], counted: Mapping[str, int]
) -> list[tuple[Lead, tuple[Move, ...]]]:
    """What each lead does now, in the order in which leads are locked: one that is `taken` is claimed with its next
    attempt (`counted` of them came before, by the lead's id), one that only lacked room waits without a word, and any
    other makes the move that was decided."""
    found: list[tuple[Lead, tuple[Move, ...]]] = []
    for lead in sorted((one.lead for one in candidates), key=lambda lead: lead.id):
        move = moves[lead.id]
        if lead.id in taken:
            found.append((lead, claim(lead, move, counted.get(lead.id, 0) + 1)))
        elif move.target != CALLING:
            found.append((lead, (move,)))
    return found
