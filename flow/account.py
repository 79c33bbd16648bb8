"""An account before and after each call: whether it may ring now, and what the call taught about it.

The rules stand in `core.account.trouble`; the record in the account's row, the same for every worker.
"""

from dataclasses import dataclass

from core.account import trouble
from core.account.pause import Pause, pause_of
from core.account.trouble import Ended, Trouble
from core.outcome import Outcome
from core.ports import Account
from flow.gateway import Gateway
from store import accounts
from store import workers as pace
from store.accounts import Look
from store.attempts import Attempt
from store.engine import Tx

GRACE_MS = 5_000  # a call that tries counts as dead when any worker may settle its attempt


class NotOurTurn(Exception):
    """Another worker took this place, this moment, or the one call that tries; or someone paused the account
    meanwhile. The whole claim is rolled back; look again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class Lesson:
    """An account's record before and after one of its calls ended."""

    attempt: Attempt
    before: Trouble
    after: Trouble


def until_call(account: Account, seen: Look, now: int) -> float:
    """Seconds until the account may ring; 0: now."""
    pace_allows = max(0, seen.next_at - now) if account.calls_per_s else 0
    return max(pace_allows, trouble.until_start(seen.trouble, seen.calls, account.most_in_flight, now)) / 1000


def take_turn(gateway: Gateway, tx: Tx, seen: Look, attempt: Attempt, owner: str, now: int) -> None:
    """Let this attempt ring. Raises NotOurTurn. Locks the account's row, the last in the order of locks,
    where what was `seen` without a lock could let two through."""
    account, script = attempt.account, attempt.call.script
    allowed = gateway.accounts[account]
    if not trouble.is_sure(seen.trouble, script, seen.calls, allowed.most_in_flight):
        locked = accounts.lock(tx, account)
        calls = accounts.look(tx, account, owner, now).calls
        wait = trouble.until_start(locked, calls, allowed.most_in_flight, now)
        script_pause = pause_of(locked.scripts, script)
        if script_pause is not None:
            wait = max(wait, script_pause.rests(now))
        if wait:
            raise NotOurTurn(wait / 1000)
        tried = trouble.trying(locked, script, attempt.id, attempt.deadline_at + GRACE_MS)
        if tried != locked:
            accounts.write(tx, account, tried)
    if not pace.take_turn(tx, account, now, allowed.calls_per_s):
        raise NotOurTurn(1 / allowed.calls_per_s)


def learn(gateway: Gateway, tx: Tx, attempt: Attempt, outcome: Outcome, now: int) -> Lesson:
    """Write what an attempt that ended in time taught about its account."""
    before = accounts.lock(tx, attempt.account)
    started_at = attempt.deadline_at - gateway.accounts[attempt.account].total_timeout_ms
    ended = Ended(attempt.id, attempt.call.script, started_at)
    after = trouble.after(before, ended, outcome, now, gateway.trouble_words(attempt.account))
    if after != before:
        accounts.write(tx, attempt.account, after)
    return Lesson(attempt, before, after)


def say(gateway: Gateway, lesson: Lesson, outcome: Outcome) -> None:
    """One log line for a pause, a try in vain and a recovery. Never the provider's text: it may name a person."""
    about: dict[str, object] = {
        "account": lesson.attempt.account,
        "attempt": lesson.attempt.id,
        "http_status": outcome.http_status,
    }
    _say(gateway, "account", lesson.before.pause, lesson.after.pause, lesson.attempt.id, about)
    script = lesson.attempt.call.script
    before, after = pause_of(lesson.before.scripts, script), pause_of(lesson.after.scripts, script)
    _say(gateway, "script", before, after, lesson.attempt.id, {**about, "script": script})


def _say(
    gateway: Gateway, what: str, before: Pause | None, after: Pause | None, attempt: str, about: dict[str, object]
) -> None:
    if before is None and after is not None:
        gateway.log.error(f"{what}_paused", **about, cause=after.cause, wait_s=after.wait / 1000)
    elif before is not None and after is None:
        gateway.log.warning(f"{what}_well", **about, cause=before.cause)
        gateway.bell.ring()
    elif before is not None and after is not None and before.probe == attempt != after.probe:
        gateway.log.warning(f"{what}_tried", **about, cause=after.cause, wait_s=after.wait / 1000)


def pause(gateway: Gateway, account: str, who: str, why: str, script: str | None = None) -> None:
    """A person stops the account, or one script of it. What is on the wire is finished; leads wait."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        known = accounts.lock(tx, account)
        accounts.write(tx, account, trouble.paused(known, who, why, now, script))
    what = "account_paused" if script is None else "script_paused"
    gateway.log.info(what, account=account, script=script, cause="paused_by_person", who=who, why=why)


def resume(gateway: Gateway, account: str, who: str, why: str, script: str | None = None) -> bool:
    """A person ends any pause of the account (and its scripts'), or of one script; False: nothing was paused."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        known = accounts.lock(tx, account)
        resting = [name for name, each in known.scripts.items() if each.pause and script in (None, name)]
        if not resting and (known.pause is None or script is not None):
            return False
        accounts.write(tx, account, trouble.resumed(known, now, script))
    what = "account_well" if script is None else "script_well"
    gateway.log.info(what, account=account, script=script, who=who, why=why)
    gateway.bell.ring()
    return True
