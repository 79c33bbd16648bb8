"""From leads whose turn it is to committed claims: read, decide, write, all in one commit.

Claims and attempts are proven and written into the journal before anything is sent, and nothing after that
commit repeats a POST. Claims of an account come one after the other, so nothing is counted twice.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.account import claiming
from core.account.claiming import Choice, Wanted
from core.ended import OUR_OWN_MS
from core.move import Move
from core.outcome import NOT_SENT, Outcome
from core.ports import Account, Start
from core.states import CALLING
from flow import candidates, caps, claim_read, claim_write
from flow.claim_read import Read, Request
from flow.claim_write import Claimed, Written
from flow.decide import set_apart
from flow.gateway import Gateway
from store import due
from store.engine import Busy, StoreUnavailable, UnprovenCommit
from store.epoch import OtherDatabase

LOCK_MS = 250  # a claim waits no longer for its account; another one may be free
BUSY_AGAIN_MS = 50


@dataclass(frozen=True)
class Claims:
    """What one claim came to: the calls to place, and how many leads it looked at. `rest_ms`: until the account
    may ring again; None: nothing is due, or a call has to end first."""

    claimed: tuple[Claimed, ...] = ()
    looked_at: int = 0
    rest_ms: int | None = None


def take_start() -> Start:
    """This moment on both clocks."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Start(boot=time.clock_gettime(boot), wall=time.time())


def claim_due(gateway: Gateway, account: Account, owner: str, turn: int = 0, slots: int = 1) -> Claims:
    """Claim the account's next leads, as many as may ring now and `slots` are free, and commit their attempts.

    `turn` counts the leads claimed before: every fifth is the oldest due one, the others are the newest. A
    lead that breaks the commit is found out by going one by one, and waits for a person. Raises
    OtherDatabase when this is not the database we knew: see `flow.recover`."""
    asked = Request(account, owner, turn, slots, take_start())
    try:
        return _claim(gateway, asked)
    except Busy:
        return Claims(rest_ms=BUSY_AGAIN_MS)
    except (StoreUnavailable, OtherDatabase):
        raise
    except OSError as why:  # this machine's trouble (its run directory), and no lead's
        return _without_journal(gateway, why)
    except Exception:
        gateway.log.exception("claims_one_by_one", account=account.name)
    return _one_by_one(gateway, asked)


def _claim(gateway: Gateway, asked: Request) -> Claims:
    written = Written()
    with gateway.journal.claiming():
        try:
            with gateway.store.write(lock_ms=LOCK_MS) as tx:
                known = claim_read.read(gateway, tx, asked)
                moves = {
                    candidate.lead.id: candidates.decide(gateway, candidate, known.now)
                    for candidate in known.candidates
                }
                choice = _choose(gateway, asked, known, moves)
                written = claim_write.write(gateway, tx, asked, known, moves, choice)
        except UnprovenCommit as why:
            if not written.claimed:
                raise
            claimed = _unsent(written.claimed, "unproven_commit", str(why))
            return Claims(claimed, len(claimed))
        claimed = _written_down(gateway, written.claimed)
    caps.tell(gateway, written.reached, written.gone)
    for one in claimed:
        lead = one.lead
        gateway.log.info("claimed", lead=lead.id, no=lead.no, attempt=one.attempt.n, source=lead.source)
    if known.candidates:
        return Claims(claimed, len(known.candidates))
    rest_ms = claiming.rest_ms(known.standing, asked.account, known.now)
    return Claims(rest_ms=rest_ms or None)


def _choose(gateway: Gateway, asked: Request, known: Read, moves: Mapping[str, Move]) -> Choice:
    wanted = [
        Wanted(
            lead=candidate.lead.id,
            attempt=known.attempts[candidate.lead.id],
            source=candidate.lead.source,
            script=candidate.call.script,
            number=gateway.digest(candidate.call.number),
        )
        for candidate in known.candidates
        if candidate.call and candidate.lead.id in known.locked and _may_ring(moves[candidate.lead.id], known.now)
    ]
    return claiming.choose(wanted, known.rooms, known.standing, asked.account, asked.slots, known.now)


def _may_ring(move: Move, now: int) -> bool:
    """Whether the lead is claimed if it fits: a ready one, or a received one that waits for nothing."""
    return move.target == CALLING or (move.transition == "map" and not move.reason and move.columns["due_at"] <= now)


def _written_down(gateway: Gateway, claimed: tuple[Claimed, ...]) -> tuple[Claimed, ...]:
    """The claims in this machine's journal, or the word that they may not be sent."""
    if not claimed:
        return ()
    last = claimed[-1].entry
    try:
        gateway.journal.write(*(one.entry for one in claimed))
        if last.claims:
            gateway.journal.raise_highest(last.store, last.claims)
    except OSError as why:
        gateway.log.error("journal_unwritable", why=why.strerror or str(why))
        return _unsent(claimed, "journal", "the dispatch journal cannot be written")
    return claimed


def _without_journal(gateway: Gateway, why: OSError) -> Claims:
    gateway.journal.problem = why.strerror or str(why)
    gateway.log.error("journal_unwritable", why=gateway.journal.problem)
    return Claims(rest_ms=OUR_OWN_MS)


def _unsent(claimed: tuple[Claimed, ...], how: str, why: str) -> tuple[Claimed, ...]:
    return tuple(replace(one, not_sent=Outcome(NOT_SENT, how=how, error=why)) for one in claimed)


def _one_by_one(gateway: Gateway, asked: Request) -> Claims:
    """The same leads, each by itself."""
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        wanted = due.Due(asked.account.name, now, asked.slots, claim_read.oldest(asked.turn, asked.slots))
        found = [lead.id for lead in due.to_call(tx, wanted, gateway.readable(), lock=False)]
    claimed: list[Claimed] = []
    for lead_id in found:
        try:
            claimed += _claim(gateway, replace(asked, slots=1, only=[lead_id], start=take_start())).claimed
        except (StoreUnavailable, OtherDatabase, OSError):
            if not claimed:
                raise
            break  # what is claimed has to be placed
        except Exception:
            gateway.log.exception("claim_failed", lead=lead_id)
            set_apart(gateway, lead_id)
    return Claims(tuple(claimed), len(found))
