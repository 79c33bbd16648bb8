"""From a lead whose turn it is to a committed claim and its attempt.

Claim and attempt are one commit, proven and written into the journal before anything is sent. Nothing
after that commit repeats the POST. Everything that time can change is read again here.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

from core import policy, states
from core.account.caps import TOTALS
from core.account.trouble import is_calm, resting
from core.lead import Lead
from core.outcome import NOT_SENT, Outcome
from core.ports import Call, Start
from core.reason import Reason
from flow import account as trouble
from flow import caps, decide, recover
from flow.gateway import Gateway
from store import accounts, attempts, epoch, leads
from store.accounts import Look
from store.attempts import Attempt
from store.engine import Tx, UnprovenCommit
from store.epoch import Epoch, OtherDatabase
from store.ids import new_id
from store.journal import Entry, number_hash

WHO = "worker"
EVERY_FIFTH_OLDEST = 5
CLOCK_OFF_MS = 30_000  # a worker whose clock is further off claims nothing


@dataclass(frozen=True)
class Claimed:
    """A lead in `calling` and its committed attempt; `start` was taken before the transaction began.
    `not_sent` is set where the claim could not be proven or written down: then nothing may be sent.
    `calm`: the account was so well that an acceptance teaches nothing about it."""

    lead: Lead
    attempt: Attempt
    start: Start
    entry: Entry
    not_sent: Outcome | None = None
    calm: bool = False


@dataclass(frozen=True)
class Rest:
    """Nothing to claim now. `seconds` until the account may ring again; None: nothing is due."""

    seconds: float | None = None


def take_start() -> Start:
    """This moment on both clocks."""
    boot = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return Start(boot=time.clock_gettime(boot), wall=time.time())


def claim_next(gateway: Gateway, account: str, owner: str, turn: int = 0) -> Claimed | Rest | None:
    """Claim the account's next lead and commit its attempt. None: a lead was looked at but not claimed,
    look again. Every fifth `turn` takes the oldest due lead, the others the newest.

    Raises OtherDatabase when this is not the database we knew: see `flow.recover`."""
    caps.tell(gateway)
    start = take_start()
    claimed: Claimed | Rest | None = None
    try:
        with gateway.journal.claiming():
            try:
                with gateway.store.write() as tx:
                    claimed = _next(gateway, tx, account, owner, turn, start)
            except UnprovenCommit as why:
                if not isinstance(claimed, Claimed):
                    raise
                return _unsent(claimed, "unproven_commit", str(why))
            if isinstance(claimed, Claimed):
                claimed = _written_down(gateway, claimed)
    except trouble.NotOurTurn as not_ours:
        return Rest(not_ours.seconds)
    except caps.CountAlone:
        return None
    if isinstance(claimed, Claimed):
        lead = claimed.lead
        gateway.log.info("claimed", lead=lead.id, no=lead.no, attempt=claimed.attempt.n, source=lead.source)
    else:
        caps.tell(gateway)
    return claimed


def _next(gateway: Gateway, tx: Tx, account: str, owner: str, turn: int, start: Start) -> Claimed | Rest | None:
    now = gateway.store.now_ms(tx)
    seen = epoch.read(gateway.store, tx)
    if not recover.is_ours(gateway, tx, seen):
        raise OtherDatabase(seen.found)
    if gateway.store.has_own_clock and abs(start.wall * 1000 - now) > CLOCK_OFF_MS:
        gateway.log.error("clock_off", seconds=round(start.wall - now / 1000))
        return Rest()
    known = accounts.look(tx, account, owner, now)
    if wait := trouble.until_call(gateway.accounts[account], known, now):
        return Rest(wait)
    full = caps.full(gateway, tx, now)
    if TOTALS in full:
        return Rest()
    oldest = turn % EVERY_FIFTH_OLDEST == EVERY_FIFTH_OLDEST - 1
    lead = leads.next_ready(tx, account, now, oldest=oldest, without=resting(known.trouble, now), full=full)
    if lead is None:
        return Rest()
    attempt = _claim(gateway, tx, lead, owner, known, now)
    if attempt is None:
        return None
    entry = _entry(gateway, tx, lead, attempt, seen, now)
    return Claimed(lead, attempt, start, entry, calm=is_calm(known.trouble, attempt.call.script))


def _written_down(gateway: Gateway, claimed: Claimed) -> Claimed:
    """The claim in this machine's journal, or the word that it may not be sent."""
    try:
        gateway.journal.write(claimed.entry)
        if claimed.entry.claims:
            gateway.journal.raise_highest(claimed.entry.store, claimed.entry.claims)
    except OSError as why:
        gateway.log.error("journal_unwritable", why=why.strerror or str(why))
        return _unsent(claimed, "journal", "the dispatch journal cannot be written")
    return claimed


def _unsent(claimed: Claimed, how: str, why: str) -> Claimed:
    return replace(claimed, not_sent=Outcome(NOT_SENT, how=how, error=why))


def _entry(gateway: Gateway, tx: Tx, lead: Lead, attempt: Attempt, seen: Epoch, now: int) -> Entry:
    return Entry(
        store=seen.store,
        attempt=attempt.id,
        lead=lead.id,
        source=lead.source,
        event_key=lead.event_key or lead.digest,
        account=attempt.account,
        number_hash=number_hash(attempt.call.number, gateway.digest_key),
        script=attempt.call.script,
        round=attempt.round,
        at=now,
        claims=epoch.count_claim(tx) if gateway.store.is_sqlite else 0,
    )


def _claim(gateway: Gateway, tx: Tx, lead: Lead, owner: str, account: Look, now: int) -> Attempt | None:
    """Everything that time can change is read again here; what fits no more is moved accordingly."""
    current = gateway.sources.get(lead.source)
    if decide.is_behind(tx, lead.source, current):
        leads.postpone(tx, lead, now + decide.NEW_VERSION_MS)
        return None
    if current is None or current.removed or not current.source.enabled:
        decide.hold(tx, lead, [Reason("source_off")], {}, now)
        return None
    if lead.version != current.n:
        redo(tx, lead, now)
        return None
    attempt = _attempt(gateway, tx, lead, now)
    if not attempts.lock_number(tx, lead.account, attempt.call.number, attempt.id):
        busy = policy.Verdict(policy.DEFER, Reason("number_busy"), now / 1000 + policy.BUSY_AGAIN_S, ())
        decide.follow(tx, lead, busy, {}, now)
        return None
    known = decide.gather(gateway, tx, lead, attempt.call, lead.asked_at, current.source, now)
    verdict = policy.check(attempt.call, known, current.source.policy, now / 1000, lead.set_aside)
    if verdict.kind != policy.ALLOW:
        attempts.free_number(tx, attempt.id, lead.account, attempt.call.number)
        decide.follow(tx, lead, verdict, {}, now)
        return None
    if not caps.take_room(gateway, tx, lead.source, attempt.call.script, current.source.policy, now):
        attempts.free_number(tx, attempt.id, lead.account, attempt.call.number)
        return None  # nothing is written on the lead: its source, or the totals, say what it waits for
    trouble.take_turn(gateway, tx, account, attempt, owner, now)
    attempts.open_attempt(tx, attempt, owner, now)
    trace = {"attempt": attempt.n, "rules": list(verdict.rules)}
    columns: dict[str, Any] = {"claims": lead.claims + 1, "reason": "", "reasons": "[]", "urgent": 0}
    if not leads.move(tx, lead, "claim", states.CALLING, at=now, who=WHO, trace=trace, **columns):
        raise RuntimeError("a locked lead changed under its claim")
    return attempt


def _attempt(gateway: Gateway, tx: Tx, lead: Lead, now: int) -> Attempt:
    return Attempt(
        id=new_id(),
        lead=lead.id,
        n=attempts.next_n(tx, lead.id),
        round=lead.round,
        account=lead.account,
        call=Call(str(lead.number), str(lead.script), lead.sms),
        deadline_at=now + gateway.accounts[lead.account].total_timeout_ms,
        source=lead.source,
    )


def redo(tx: Tx, lead: Lead, now: int) -> None:
    """Back to `received`, to be mapped by the version now in force."""
    leads.move(tx, lead, "redo", states.RECEIVED, at=now, who=WHO, due_at=now, reason="", reasons="[]")
