"""From leads whose turn it is to committed claims: read, decide, write, all in one commit.

Claims and attempts are proven and written into the journal before anything is sent, and nothing after that
commit repeats a POST. Claims of an account come one after the other, so nothing is counted twice.
"""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from core.account import claiming
from core.candidate import Candidate
from core.ended import OUR_OWN_MS
from core.lead import Lead
from core.outcome import NOT_SENT, Outcome
from core.ports import Account, Start
from core.states import READY
from flow import candidates, caps
from flow.decide import set_apart
from flow.gateway import Gateway
from store import claims
from store.attempts import Attempt
from store.claims import Asked, Claim
from store.engine import Busy, StoreUnavailable, UnprovenCommit
from store.epoch import OtherDatabase
from store.journal import Entry

LOCK_MS = 250  # a claim waits no longer for its account; another one may be free
BUSY_AGAIN_MS = 50


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
class Claims:
    """What one claim came to: the calls to place, and how many leads it looked at. `rest_ms`: until the account
    may ring again; None: nothing is due, or a call has to end first. `more`: as many of its own were due as it looked
    for, so others may be; `none_left`: no lead is left that somebody else would have to map; `full`: a call that ends
    may make room for the next."""

    claimed: tuple[Claimed, ...] = ()
    looked_at: int = 0
    rest_ms: int | None = None
    more: bool = False
    none_left: bool = False
    full: bool = False


def take_start() -> Start:
    """This moment on both clocks."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Start(boot=time.clock_gettime(boot), wall=time.time())


def claim_due(
    gateway: Gateway, account: Account, owner: str, turn: int = 0, slots: int = 1, over: Collection[str] = ()
) -> Claims:
    """Claim the account's next leads, as many as may ring now and `slots` are free, and commit their attempts. `over`
    are attempts (ids) whose calls have ended: in flight no more, though it is not recorded yet.

    `turn` counts the leads claimed before: every fifth is the oldest due one, the others are the newest. A
    lead that breaks the commit is found out by going one by one, and waits for a person. Raises
    OtherDatabase when this is not the database we knew: see `flow.recover`."""
    asked = Asked(account, owner, turn, slots, take_start(), gateway.totals, gateway.readable(), over=over)
    looked_at: list[str] = []
    try:
        return _claim(gateway, asked, looked_at)
    except Busy:
        return Claims(rest_ms=BUSY_AGAIN_MS)
    except (StoreUnavailable, OtherDatabase):
        raise
    except OSError as why:  # this machine's trouble (its run directory), and no lead's
        gateway.journal.note(why)
        gateway.log.error("journal_unwritable", why=gateway.journal.problem)
        return Claims(rest_ms=OUR_OWN_MS)
    except Exception:
        if not looked_at:  # no lead is at fault
            raise
        gateway.log.exception("claims_one_by_one", account=account.name)
    return _one_by_one(gateway, asked, looked_at)


def _claim(gateway: Gateway, asked: Asked, looked_at: list[str]) -> Claims:
    """`looked_at` is told the leads (ids), also where it raises."""
    written = claims.Written()
    with gateway.journal.claiming():
        try:
            opening = claims.opening(gateway.store, gateway.journal, asked)
            with gateway.store.write(lock_ms=LOCK_MS, along=opening) as tx:
                # Read.
                seen = claims.read(gateway.store, gateway.journal, tx, asked)
                looked_at += [lead.id for lead in seen.leads]
                begun = candidates.begin(gateway, seen.leads, seen.in_force)
                ours = [candidate for candidate in begun if _is_of(candidate, asked.account)]
                known = claims.know(tx, ours, asked.totals, gateway.remembered, seen.now)
                # Decide.
                moves = {one.lead.id: candidates.decide(gateway, one, seen.now) for one in known.candidates}
                wanted = claiming.wanted(known.candidates, moves, known.held, seen.now)
                choice = claiming.choose(wanted, known.rooms, seen.standing, asked.account, asked.slots, seen.now)
                made = claiming.made(known.candidates, moves, choice.taken, known.counted)
                rest_ms = claiming.rest_ms(choice.after or seen.standing, asked.account, seen.now)
                # Write.
                written = claims.write(tx, asked, seen, known, made, choice)
        except UnprovenCommit as why:
            if not written.claims:
                raise
            claimed = _unsent(written.claims, "unproven_commit", str(why), asked.start)
            return Claims(claimed, len(claimed), more=True)
        claimed = _written_down(gateway, asked, written.claims)
    if seen.clock_off_ms:
        gateway.log.error("clock_off", seconds=round(seen.clock_off_ms / 1000))
    caps.tell(gateway, written.reached)
    for one in claimed:
        lead = one.lead
        gateway.log.info("claimed", lead=lead.id, no=lead.no, attempt=one.attempt.n, source=lead.source)
    more = 0 < seen.looked_for <= len(ours)  # what came for another account is mapped by who finds no call to make
    none_left = seen.none_left and len(ours) == len(begun)
    full = claiming.is_full(seen.standing, asked.account, seen.now)
    return Claims(claimed, len(ours), rest_ms or None, more, none_left, full)


def _is_of(candidate: Candidate, account: Account) -> bool:
    """A ready lead is claimed by the account that it waits for; a received one may have come for another."""
    return candidate.lead.state == READY or (candidate.source is not None and candidate.source.account == account.name)


def _written_down(gateway: Gateway, asked: Asked, found: Sequence[Claim]) -> tuple[Claimed, ...]:
    """The claims in this machine's journal, or the word that they may not be sent."""
    if not found:
        return ()
    last = found[-1].entry
    try:
        gateway.journal.write(*(one.entry for one in found))
        if last.claims:
            gateway.journal.raise_highest(last.store, last.claims)
    except OSError as why:
        gateway.journal.note(why)
        gateway.log.error("journal_unwritable", why=gateway.journal.problem)
        return _unsent(found, "journal", "the dispatch journal cannot be written", asked.start)
    return tuple(Claimed(one.lead, one.attempt, asked.start, one.entry) for one in found)


def _unsent(found: Sequence[Claim], how: str, why: str, start: Start) -> tuple[Claimed, ...]:
    not_sent = Outcome(NOT_SENT, how=how, error=why)
    return tuple(Claimed(one.lead, one.attempt, start, one.entry, not_sent) for one in found)


def _one_by_one(gateway: Gateway, asked: Asked, found: Sequence[str]) -> Claims:
    """The same leads (ids), each by itself."""
    claimed: list[Claimed] = []
    for lead_id in found:
        try:
            claimed += _claim(gateway, replace(asked, slots=1, only=[lead_id], start=take_start()), []).claimed
        except (StoreUnavailable, OtherDatabase, OSError):
            if not claimed:
                raise
            break  # what is claimed has to be placed
        except Exception:
            gateway.log.exception("claim_failed", lead=lead_id)
            set_apart(gateway, lead_id)
    return Claims(tuple(claimed), len(found), more=bool(found))
