"""What a claim writes, in the commit that its reading began: attempts, the leads' moves, the account's pace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.account.claiming import Choice
from core.lead import Lead
from core.move import Move
from core.outcome import Outcome
from core.ports import Account, Start
from core.states import CALLING
from flow.candidates import Candidate
from flow.claim_read import Read, Request
from flow.gateway import Gateway
from store import claims as stored
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
    chosen = [one for one in known.candidates if one.lead.id in choice.taken]
    opened = {one.lead.id: _attempt(one, known, asked.account) for one in chosen}
    claims = [(one.lead, _claim(one.lead, moves[one.lead.id], opened[one.lead.id])) for one in chosen]
    others = [one.lead for one in known.candidates if one.lead.id not in opened]
    written = stored.write(
        tx,
        stored.Writing(
            account=asked.account.name,
            owner=asked.owner,
            now=known.now,
            after=choice.after,
            moved=[*claims, *((lead, (moves[lead.id],)) for lead in others if moves[lead.id].target != CALLING)],
            opened=list(opened.values()),
            freed=_unused(known, choice),
            news=known.full.news,
            full=choice.full,
        ),
    )
    claimed = [_claimed(gateway, asked, known, written, opened[one.lead.id], n) for n, one in enumerate(chosen)]
    return Written(tuple(claimed), written.reached, written.gone)


def _claim(lead: Lead, move: Move, attempt: Attempt) -> tuple[Move, ...]:
    """The claim's move; of a received lead, that is mapped in the same breath, both."""
    trace = {"attempt": attempt.n, "rules": move.trace.get("rules", [])}
    claim = Move("claim", CALLING, trace=trace, columns={"claims": lead.claims + 1, "urgent": 0})
    return (claim,) if move.target == CALLING else (move, claim)


def _unused(known: Read, choice: Choice) -> dict[str, str]:
    """The numbers that were locked for leads that do not ring now, by their attempts to be."""
    unused = known.locked - set(choice.taken)
    return {known.attempts[c.lead.id]: c.call.number for c in known.candidates if c.call and c.lead.id in unused}


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


def _claimed(
    gateway: Gateway, asked: Request, known: Read, written: stored.Written, attempt: Attempt, n: int
) -> Claimed:
    """The n-th claim of the commit, with its line of the journal. On SQLite each claim has its number, which the
    run directory's mark remembers."""
    lead = written.leads[attempt.lead]
    entry = Entry(
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
        claims=written.first + n if written.first else 0,
    )
    return Claimed(lead, attempt, asked.start, entry)
