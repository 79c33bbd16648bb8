"""What a claim writes, in the commit that its reading began: attempts, the leads' moves, the account's pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.account.claiming import Choice
from core.lead import Lead
from core.move import Move
from core.outcome import Outcome
from core.ports import Account, Start
from core.states import CALLING
from flow import caps
from flow.candidates import Candidate
from flow.claim_read import Read, Request
from flow.gateway import Gateway
from store import accounts, attempts, epoch, leads
from store.attempts import Attempt
from store.caps import Reached
from store.engine import Tx
from store.journal import Entry


@dataclass(frozen=True)
class Claimed:
    """A lead in `calling` and its committed attempt; `start` was taken before the transaction began.
    `not_sent` is set where the claim could not be proven or written down: then nothing may be sent."""

    lead: Lead
    attempt: Attempt
    start: Start
    entry: Entry
    not_sent: Outcome | None = None


@dataclass(frozen=True)
class Written:
    """What the commit holds: the claims, and the caps that were found reached or have room again."""

    claimed: tuple[Claimed, ...] = ()
    reached: Sequence[Reached] = ()
    gone: Sequence[Reached] = ()


def write(gateway: Gateway, tx: Tx, asked: Request, known: Read, moves: Mapping[str, Move], choice: Choice) -> Written:
    """The chosen leads are claimed; the others make the move that was decided, or wait for room without a word."""
    gone = caps.write_news(tx, known.full.news)
    reached = caps.write_reached(tx, choice.full, known.now)
    if choice.after is not None:
        accounts.write(tx, asked.account.name, choice.after.trouble, choice.after.next_at)
    claimed = []
    for candidate in sorted(known.candidates, key=lambda candidate: candidate.lead.id):
        move = moves[candidate.lead.id]
        if candidate.lead.id in choice.taken:
            attempt = _attempt(candidate, known, asked.account)
            lead = _claim(tx, candidate, move, attempt, known.now)
            claimed.append(Claimed(lead, attempt, asked.start, _entry(gateway, known, lead, attempt)))
        elif move.target != CALLING:
            leads.apply(tx, candidate.lead, move, at=known.now)
    attempts.open_all(tx, [one.attempt for one in claimed], asked.owner, known.now)
    attempts.free_numbers(tx, _unused(known, choice))
    return Written(tuple(_counted(gateway, tx, claimed)), reached, gone)


def _unused(known: Read, choice: Choice) -> dict[str, str]:
    """The numbers that were locked for leads that do not ring now, by their attempts to be."""
    unused = known.locked - set(choice.taken)
    return {known.attempts[c.lead.id]: c.call.number for c in known.candidates if c.call and c.lead.id in unused}


def _claim(tx: Tx, candidate: Candidate, move: Move, attempt: Attempt, now: int) -> Lead:
    """The claim's move; of a received lead, that is mapped in the same breath, both."""
    trace = {"attempt": attempt.n, "rules": move.trace.get("rules", [])}
    claim = Move("claim", CALLING, trace=trace, columns={"claims": candidate.lead.claims + 1, "urgent": 0})
    return leads.apply(tx, candidate.lead, *((claim,) if move.target == CALLING else (move, claim)), at=now)


def _attempt(candidate: Candidate, known: Read, account: Account) -> Attempt:
    if candidate.call is None:
        raise RuntimeError("a lead without a call was chosen")
    return Attempt(
        id=known.attempts[candidate.lead.id],
        lead=candidate.lead.id,
        n=known.counted.get(candidate.lead.id, 0) + 1,
        round=candidate.lead.round,
        account=account.name,
        call=candidate.call,
        deadline_at=known.now + account.total_timeout_ms,
        source=candidate.lead.source,
    )


def _entry(gateway: Gateway, known: Read, lead: Lead, attempt: Attempt) -> Entry:
    return Entry(
        store=known.epoch.store,
        attempt=attempt.id,
        lead=lead.id,
        source=lead.source,
        event_key=lead.event_key or lead.digest,
        account=attempt.account,
        number_hash=gateway.digest(attempt.call.number),
        script=attempt.call.script,
        round=attempt.round,
        at=known.now,
    )


def _counted(gateway: Gateway, tx: Tx, claimed: list[Claimed]) -> list[Claimed]:
    """On SQLite each claim has its number, which the run directory's mark remembers."""
    if not claimed or not gateway.store.is_sqlite:
        return claimed
    first = epoch.count_claims(tx, len(claimed)) - len(claimed) + 1
    return [replace(one, entry=replace(one.entry, claims=first + n)) for n, one in enumerate(claimed)]
