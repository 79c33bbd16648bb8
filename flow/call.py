"""From committed claims to one POST each, and from their endings to the leads' next states.

An attempt whose fate is unknown is never tried again by the machine; a late owner changes nothing
without a proof.
"""

import random
import threading

from core import ended
from core import outcome as outcomes
from core.account.pause import Ended
from core.account.trouble import Trouble, after
from core.lead import Lead
from core.move import Move
from core.outcome import Outcome
from flow import pauses, recover
from flow.claim import Claimed
from flow.gateway import Gateway
from flow.together import Together
from store import attempts, leads, recording
from store.engine import StoreUnavailable, Tx

LAST_WORDS = 3  # tries, a second apart, that a worker which is asked to end still makes


def place(gateway: Gateway, claimed: Claimed) -> Outcome:
    """The only line that touches the provider."""
    if claimed.not_sent is not None:
        return claimed.not_sent
    outcome = gateway.accounts[claimed.attempt.account].voice.place(claimed.attempt.call, claimed.start)
    gateway.clock.hear(outcome.clock_off_ms)
    return outcome


def record(gateway: Gateway, *ended_calls: tuple[Claimed, Outcome]) -> list[str]:
    """Write what the attempts taught us, all in one commit; each lead's state after it.

    An owner that comes too late changes nothing, unless it brings a proof. The accounts are locked first, but
    for an acceptance while all is well: that teaches nothing."""
    ended_attempts = [(claimed.attempt, outcome) for claimed, outcome in ended_calls]
    with gateway.store.write(lock_ms=0, along=recording.opening(gateway.store, ended_attempts)) as tx:
        # Read.
        now = gateway.store.now_ms(tx)
        seen = recording.read(gateway.store, tx, ended_attempts)
        # Decide, on what ended in time: whose attempt is still open. What one teaches counts for the next.
        in_time = [(one, outcome) for one, outcome in ended_calls if one.attempt.id in seen.open]
        moved = [_moved(seen.leads, *pair, now) for pair in in_time]
        learnt = [(pair, _learnt(gateway, *pair, seen.standing, now)) for pair in in_time]
        lessons = [(pair, lesson) for pair, lesson in learnt if lesson is not None]
        # Write.
        closed = [(one.attempt, outcome) for one, outcome in in_time]
        records = {name: seen.standing[name] for name in {one.attempt.account for _, one in lessons if one.is_news}}
        known = seen.leads | recording.write(tx, closed, moved, records, now, last=len(in_time) == len(ended_calls))
        states = {one.attempt.id: known[one.attempt.lead].state for one, _ in in_time}
        for one, outcome in ended_calls:
            if one.attempt.id not in states:
                states[one.attempt.id] = _late(tx, known, one, outcome, now)
    for one, outcome in ended_calls:
        _say(gateway, one, outcome, states[one.attempt.id])
    for pair, lesson in lessons:
        pauses.say(gateway, lesson, pair[1])
    return [states[one.attempt.id] for one, _ in ended_calls]


def _moved(known: dict[str, Lead], claimed: Claimed, outcome: Outcome, now: int) -> tuple[Lead, tuple[Move]]:
    lead = known[claimed.attempt.lead]
    return lead, (ended.in_time(lead, claimed.attempt.n, outcome, now, _jitter()),)


def _learnt(
    gateway: Gateway, claimed: Claimed, outcome: Outcome, standing: dict[str, Trouble], now: int
) -> pauses.Lesson | None:
    """What a call that ended in time taught its account, which stands in `standing` for the next one."""
    attempt = claimed.attempt
    before = standing.get(attempt.account)
    if before is None:
        return None
    started_at = attempt.deadline_at - gateway.accounts[attempt.account].total_timeout_ms
    call = Ended(attempt.id, attempt.call.script, started_at, attempt.lead, claimed.entry.number_hash)
    learnt = after(before, call, outcome, now, gateway.trouble_words(attempt.account))
    standing[attempt.account] = learnt
    return pauses.Lesson(attempt, before, learnt)


def _late(tx: Tx, known: dict[str, Lead], claimed: Claimed, outcome: Outcome, now: int) -> str:
    """The state of the lead of a call whose attempt somebody has closed, or the database has forgotten."""
    attempt = claimed.attempt
    if claimed.not_sent is None and not attempts.exists(tx, attempt.id):
        recover.bring_back(tx, claimed.entry, now)
        if (lead := leads.get(tx, attempt.lead, lock=True)) is not None:
            known[attempt.lead] = lead
    if attempt.lead not in known:
        return ""  # an older database has forgotten it; its number and key are kept as guards
    lead = known[attempt.lead]
    if outcomes.is_proof(outcome) and attempts.prove(tx, attempt.id, outcome, now):
        late = ended.late(lead, attempt.n, outcome)
        if late is not None:
            known[attempt.lead] = leads.apply(tx, lead, late, at=now)
            return late.target
    return lead.state


def _say(gateway: Gateway, claimed: Claimed, outcome: Outcome, state: str) -> None:
    gateway.log.info(
        "called",
        lead=claimed.lead.id,
        no=claimed.lead.no,
        attempt=claimed.attempt.n,
        outcome=outcome.kind,
        how=outcome.how,
        http_status=outcome.http_status,
        state=state,
    )


def _jitter() -> float:
    return random.uniform(0.75, 1.25)  # noqa: S311 - spreads tries, no secret


class Recorder:
    """Records outcomes from several threads: those that end together become one commit, written by the thread
    that comes first."""

    def __init__(self, gateway: Gateway, ending: threading.Event) -> None:
        """`ending` is set once the worker is asked to end."""
        self._gateway, self._ending = gateway, ending
        self._together: Together[tuple[Claimed, Outcome], str] = Together(StoreUnavailable)

    def record_surely(self, claimed: Claimed, outcome: Outcome, tries: int = 50) -> None:
        """Record the outcome, also over a database that is away for a while; once the worker ends, only a moment
        longer. An acceptance is tried for as long as the process lives: it is a proof. What cannot be recorded
        is found by any worker as overdue and becomes `unknown`; it is never called again."""
        last_words, n = LAST_WORDS, 0
        while n < tries or outcomes.is_proof(outcome):
            try:
                self._together.do((claimed, outcome), lambda take, _: record(self._gateway, *take()))
                return
            except StoreUnavailable as why:
                self._gateway.log.warning(
                    "outcome_not_recorded", lead=claimed.lead.id, outcome=outcome.kind, why=str(why), n=n
                )
            n += 1
            if self._ending.wait(min(0.1 * 2 ** min(n, 5), 2.0)):
                if not last_words:
                    break
                last_words -= 1
                threading.Event().wait(1.0)
        self._gateway.log.error("outcome_given_up", lead=claimed.lead.id, outcome=outcome.kind)
