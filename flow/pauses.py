"""Pauses of an account and of its scripts: a person's, and the word about those that its calls taught.

The rules stand in `core.account.trouble`; the record in the account's row, the same for every worker.
"""

from collections.abc import Collection
from dataclasses import dataclass

from core.account import trouble
from core.account.pause import Pause, pause_of
from core.account.trouble import Trouble
from core.outcome import Outcome
from core.refusal import Refusal
from flow import wishes
from flow.gateway import Gateway
from store import accounts
from store.attempts import Attempt
from store.wishes import PAUSE, Wish

Seen = tuple[str | None, int]  # a pause: of which script (None: the account's own), since when


@dataclass(frozen=True)
class Lesson:
    """An account's record before and after one of its calls ended."""

    attempt: Attempt
    before: Trouble
    after: Trouble

    @property
    def is_news(self) -> bool:
        return self.after != self.before


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
    with wishes.said(gateway, Wish(PAUSE, account, who, script=script)) as know, gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        known = accounts.lock(tx, account).trouble
        accounts.write(tx, account, trouble.paused(known, who, why, now, script))
        know(tx)
    what = "account_paused" if script is None else "script_paused"
    gateway.log.info(what, account=account, script=script, cause="paused_by_person", who=who, why=why)


def resume(
    gateway: Gateway, account: str, who: str, why: str, script: str | None = None, seen: Collection[Seen] | None = None
) -> bool:
    """A person ends any pause of the account (and its scripts'), or of one script; False: nothing was paused.

    Raises Refusal where one would end that is not among those that were `seen`: whoever stopped the calls since had
    a reason of their own. None: whatever is paused is meant."""
    lifted = Wish(PAUSE, account, who, on=False, script=script)
    with wishes.said(gateway, lifted) as know, gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        known = accounts.lock(tx, account).trouble
        resting = [name for name, each in known.scripts.items() if each.pause and script in (None, name)]
        if not resting and (known.pause is None or script is not None):
            return False
        ending: list[tuple[str | None, Pause | None]] = [(name, known.scripts[name].pause) for name in resting]
        ending += [] if script else [(None, known.pause)]
        for name, pause in ending:
            if seen is not None and pause is not None and (name, pause.since) not in seen:
                raise Refusal("paused_since", what=name or account, who=pause.who or account, when=pause.since)
        accounts.write(tx, account, trouble.resumed(known, now, script))
        know(tx)
    what = "account_well" if script is None else "script_well"
    gateway.log.info(what, account=account, script=script, who=who, why=why)
    gateway.bell.ring()
    return True
