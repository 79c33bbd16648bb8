"""What the store knows about leads and their numbers, for the pure rules of `core.policy`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from core.candidate import Candidate
from core.durations import DAY_MS
from core.outcome import ACCEPTED, NOT_SENT, UNKNOWN
from core.policy import Ring
from store import do_not_call, epoch, rows


@dataclass(frozen=True)
class Known:
    """What is known of a number at this moment, seen from one lead; see `core.policy.Facts`."""

    do_not_call: bool
    rings: tuple[Ring, ...]
    number_room_ms: int | None
    forgotten: bool


@dataclass(frozen=True)
class Asked:
    """A lead and the number that it would ring. `since` is how far back calls to the number matter to it, in
    milliseconds; `events` are what stands for its event key (its digest where it has none), `number_hash` for the
    number where that itself must not."""

    lead: str
    number: str
    number_hash: str
    since: int
    round: int
    source: str
    events: tuple[str, str]


def know(
    tx: Connection, candidates: Iterable[Candidate], now: int, per_day: int, held: Collection[str] | None = None
) -> list[Candidate]:
    """The same with what is known of their numbers at this moment. `held` are the leads (ids) whose number a claim
    has locked, the others' are busy; without it every number counts as free."""
    begun = list(candidates)
    found = known(tx, [asked for one in begun if (asked := _asked(one, now)) is not None], now, per_day)
    return [_knowing(one, found.get(one.lead.id), per_day, held) for one in begun]


def _asked(candidate: Candidate, now: int) -> Asked | None:
    lead = candidate.lead
    if candidate.source is None or candidate.call is None:
        return None
    # Rings older than the window at the time of the lead's arrival can be inside it no more; a clock that was ahead may
    # have dated that.
    since = min(lead.received_at, now) - candidate.source.policy.once_per_number_ms
    events = (candidate.event_hash, lead.event_key or lead.digest)  # the second in a journal of before
    return Asked(lead.id, candidate.call.number, candidate.number_hash, since, lead.round, lead.source, events)


def _knowing(candidate: Candidate, of: Known | None, per_day: int, held: Collection[str] | None) -> Candidate:
    if of is None:
        return candidate
    facts = replace(
        candidate.facts,
        do_not_call=of.do_not_call,
        rings=of.rings,
        number_busy=held is not None and candidate.lead.id not in held,
        number_cap=per_day,
        number_room_ms=of.number_room_ms,
        forgotten=of.forgotten,
    )
    return replace(candidate, facts=facts)


def known(tx: Connection, asked: Sequence[Asked], now: int, per_day: int) -> dict[str, Known]:
    """By lead. Counted over every account; `per_day` is how many calls a number may have in 24 hours (0: any number).

    What it says of a number holds until the commit only where the number's lock is held."""
    if not asked:
        return {}
    names = {one.number for one in asked} | {do_not_call.by_digest(one.number_hash) for one in asked}
    calls, listed, guards = _of_numbers(tx, names, min(now - DAY_MS, *(one.since for one in asked)))
    found = {}
    for one in asked:
        rings, forgotten = _rings(calls[one.number], one), False
        if guards:
            rings += epoch.forgotten_rings(tx, one.number_hash, one.since)
            # A person who rings again after looking has decided this.
            forgotten = one.round == 1 and epoch.forgotten_event(tx, one.source, one.events)
        room_ms = _room_ms(calls[one.number], per_day, now)
        on_it = not listed.isdisjoint((one.number, do_not_call.by_digest(one.number_hash)))
        found[one.lead] = Known(on_it, rings, room_ms, forgotten)
    return found


@dataclass(frozen=True)
class _Call:
    lead: str
    no: int
    script: str
    outcome: str | None
    at: int


def _of_numbers(tx: Connection, names: Collection[str], since: int) -> tuple[dict[str, list[_Call]], set[str], bool]:
    """The calls to each number since then that are not proven unsent, the newest first; what is on the do-not-call
    list; and whether there is any guard of a forgotten call (nearly always not)."""
    calls: dict[str, list[_Call]] = defaultdict(list)
    listed: set[str] = set()
    guards = False
    for what, number, *call in rows.among(tx, _OF_NUMBERS, sorted(names), [since]):
        if what == "call":
            calls[number].append(_Call(*call))
        elif what == "listed":
            listed.add(number)
        else:
            guards = True
    return calls, listed, guards


def _rings(calls: Iterable[_Call], asked: Asked) -> tuple[Ring, ...]:
    """The newest call of each script by another lead that may have rung. Refused ones do not count, nor do
    those in flight: they hold the number's lock."""
    newest: dict[str, Ring] = {}
    for call in calls:
        if call.lead != asked.lead and call.at > asked.since and call.outcome in (ACCEPTED, UNKNOWN):
            newest.setdefault(call.script, Ring(call.at, call.script, call.lead, call.no))
    return tuple(newest.values())


def _room_ms(calls: Sequence[_Call], per_day: int, now: int) -> int | None:
    """When one more call fits under `per_day` in 24 hours; None: now. As in `store.caps.rung`, a clock that was years
    ahead stops no number for years."""
    today = [call.at for call in calls if now - DAY_MS < call.at <= now + DAY_MS]
    return today[per_day - 1] + DAY_MS if per_day and len(today) >= per_day else None


# Calls that may have rung: still open, or not proven unsent. No bare `started_at`: where PostgreSQL's statistics are
# older than the day's calls it might take `attempts_by_start`, and walk all of them for each claim.
_NOTHING = "NULL, CAST(NULL AS bigint), NULL, NULL, CAST(NULL AS bigint)"
_OF_NUMBERS = f"""
SELECT 'call', attempts.number, attempts.lead, leads.no, attempts.script, attempts.outcome, attempts.started_at AS at
FROM attempts JOIN leads ON leads.id = attempts.lead
WHERE attempts.number {{wanted}} AND attempts.started_at + 0 > {{mark}}
AND (attempts.outcome IS NULL OR attempts.outcome <> '{NOT_SENT}')
UNION ALL SELECT 'listed', number, {_NOTHING} FROM do_not_call WHERE number {{wanted}} AND removed_at IS NULL
UNION ALL SELECT 'guards', attempt, {_NOTHING} FROM (SELECT attempt FROM forgotten_calls ORDER BY 1 LIMIT 1) AS one
ORDER BY at DESC
"""  # noqa: S608 - a word of ours
