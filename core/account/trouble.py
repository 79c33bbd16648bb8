"""When the provider is in trouble, leads wait instead of burning: what ended calls teach about an account.

A `Trouble` is the account's recent record; `after` makes the next one of it and of one more ended call.
It says whether calls rest, when ONE call of all workers together may try, and how many may be in flight.
Pure. All times are milliseconds since 1970, all spans milliseconds.

The figures belong together. Nothing takes the place of a lost call until an answer has come, so a provider
that hangs for ten minutes takes what was in flight, MOST_IN_FLIGHT, and the calls that try meanwhile: 6,
after 5, 10, 20, 40, 80 and 160 s.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from core.account import pause as pauses
from core.account.account_words import means_the_account
from core.account.pause import FIRST_WAIT, LONGEST_WAIT, PERSON, Ended, Pause, Scripts
from core.outcome import ACCEPTED, NOT_SENT, REFUSED, UNKNOWN, Outcome
from core.reason import Reason

UNKNOWN_PAUSES = 10  # in a row, or among the last `REMEMBERED`
REMEMBERED = 20
UNSENT_PAUSES = 5  # in a row; costs no lead, and one lead's own retries (1, 2, 4, 8 s) come there in 15 s
UNGATED_AT = 64  # allowed in flight; from here on the limit of all alone holds
MOST_IN_FLIGHT = 24  # of an account over all workers: three workers of 8
FULL_AGAIN_MS = 200  # until we look whether another process, which rings no bell, has finished a call

PAUSING_STATUS = frozenset({401, 403, 404, 405, 407, 429})
OUR_OWN_LOSS = frozenset({"owner_gone", "store_went_back"})  # unknown, by no fault of the provider's
NOT_REACHED = frozenset({"refused_connection", "dns", "connect_timeout", "tls", "proxy", "unreachable"})
LETTERS = {ACCEPTED: "a", REFUSED: "r", UNKNOWN: "u"}

# Causes of a pause beside a person's word: codes of `core.reason`.
NO_ANSWERS, UNREACHABLE, STATUS = "no_answers", "provider_unreachable", "provider_status"
OTHER_NUMBER, ACCOUNT_ERROR = "other_number", "account_error"


@dataclass(frozen=True)
class Trouble:
    """An account's recent record. `recent`: how the last calls ended, a letter each, the newest last;
    `unsent`: provably not sent, in a row; `allowed`: calls in flight while it recovers, None: no such
    limit; `since`: when it last became well, `wait`: how long it had rested before the last try then."""

    recent: str = ""
    unsent: int = 0
    allowed: int | None = None
    since: int = 0
    wait: int = 0
    pause: Pause | None = None
    scripts: Scripts = field(default_factory=dict)

    @property
    def doubts(self) -> int:
        """Calls of unknown fate in a row."""
        return len(self.recent) - len(self.recent.rstrip("u"))


@dataclass(frozen=True)
class InFlight:
    """Open attempts of the account: of all workers that live, and of the one that asks."""

    total: int
    own: int


@dataclass(frozen=True)
class AccountNow:
    """An account as it stands: no call may start before `next_at`."""

    next_at: int
    trouble: Trouble
    calls: InFlight = field(default_factory=lambda: InFlight(0, 0))


def places(trouble: Trouble, calls: InFlight, most: int, now: int) -> int:
    """How many calls of this account may start now; `most` in flight over all workers.

    A paused account has one, for the call that tries, once its time has come. A lost call keeps its place until
    an answer comes. A worker that has nothing in flight may always have one call while all is well, so that
    what killed workers left open stops nobody."""
    if trouble.pause is not None:
        return 0 if trouble.pause.rests(now) else 1
    free = _limit(trouble, most) - calls.total
    if free > 0:
        return free
    well = trouble.allowed is None and not trouble.doubts
    return 1 if well and not calls.own else 0


def wait_ms(trouble: Trouble, now: int) -> int:
    """How long an account without places waits before it looks again."""
    return FULL_AGAIN_MS if trouble.pause is None else trouble.pause.rests(now)


def resting(trouble: Trouble, now: int) -> tuple[str, ...]:
    """The scripts whose leads wait now."""
    return tuple(name for name, known in trouble.scripts.items() if known.pause and known.pause.rests(now))


def one_tries(trouble: Trouble) -> bool:
    """Whether something is paused until one call has tried, so that it matters which one that is."""
    scripts = (known.pause for known in trouble.scripts.values())
    return any(pause is not None and not pause.by_person for pause in (trouble.pause, *scripts))


def failed_with(trouble: Trouble, script: str, lead: str, number: str) -> bool:
    """Whether the last call that failed, of the paused account or of the paused script, was of this lead or number."""
    paused = (trouble.pause, pauses.pause_of(trouble.scripts, script))
    return any(pause is not None and pause.failed_with(lead, number) for pause in paused)


def trying(trouble: Trouble, script: str, attempt: str, until: int) -> Trouble:
    """This attempt is the one call that tries, for its account and its script where those are paused."""
    pause = trouble.pause and trouble.pause.trying(attempt, until)
    scripts, script_pause = trouble.scripts, pauses.pause_of(trouble.scripts, script)
    if script_pause is not None:
        scripts = pauses.paused(scripts, script, script_pause.trying(attempt, until))
    return replace(trouble, pause=pause, scripts=scripts)


def is_calm(trouble: Trouble, script: str) -> bool:
    """Whether one more accepted call of this script teaches nothing."""
    worried = trouble.pause or trouble.unsent or "u" in trouble.recent or script in trouble.scripts
    return not worried and trouble.allowed is None


def after(trouble: Trouble, ended: Ended, outcome: Outcome, now: int, words: Iterable[str] = ()) -> Trouble:
    """The record after one more call. `words` are the phrases of a refusal that mean the account."""
    cause = _pauses_at_once(outcome, words)
    trouble = replace(trouble, scripts=_scripts_after(trouble, ended, outcome, cause, now))
    good = cause is None and outcome.kind in (ACCEPTED, REFUSED)
    if trouble.pause is not None:
        return _tried(trouble, trouble.pause, ended, outcome, good, now)
    if is_our_own(outcome) or (not good and ended.started_at < trouble.since <= now):
        return trouble  # what began before the account was well again is old news
    recent = (trouble.recent + LETTERS.get(outcome.kind, ""))[-REMEMBERED:]
    unsent = trouble.unsent + 1 if outcome.kind == NOT_SENT else 0
    trouble = replace(trouble, recent=recent, unsent=unsent, allowed=_allowed_after(trouble.allowed, good))
    cause = cause or _pauses_by_count(trouble)
    return _pause(trouble, cause, ended, outcome, now) if cause else trouble


def is_our_own(outcome: Outcome) -> bool:
    """Whether this ending says nothing about the provider."""
    if outcome.kind == NOT_SENT:
        return outcome.how not in NOT_REACHED
    return outcome.kind == UNKNOWN and outcome.how in OUR_OWN_LOSS


def paused(trouble: Trouble, who: str, why: str, now: int, script: str | None = None) -> Trouble:
    """A person stops the account, or one script of it, until a person resumes it."""
    pause = Pause(PERSON, now, None, who=who, why=why)
    if script is None:
        return replace(trouble, pause=pause)
    return replace(trouble, scripts=pauses.paused(trouble.scripts, script, pause))


def resumed(trouble: Trouble, now: int, script: str | None = None) -> Trouble:
    """A person says that it is well: every pause of the script ends, or the account's and all its scripts'.

    The account begins with one call in flight, in case the person was wrong."""
    if script is not None:
        return replace(trouble, scripts=pauses.without(trouble.scripts, script))
    return Trouble(allowed=1, since=now)


def waits_for(trouble: Trouble, account: str, script: str | None) -> Reason | None:
    """What a lead of this account waits for that is due; None: its turn only."""
    if trouble.pause is not None:
        return Reason("paused", {"account": account, "cause": trouble.pause.cause})
    pause = pauses.pause_of(trouble.scripts, script or "")
    return None if pause is None else Reason("script_paused", {"script": script, "cause": pause.cause})


def stopped(known: Mapping[str, Trouble]) -> dict[str, frozenset[str] | None]:
    """The accounts of which something is paused -> which scripts, None for all of it. Another one's leads that wait are
    explained by none of these."""
    found = {name: None if of.pause is not None else pauses.all_paused(of.scripts) for name, of in known.items()}
    return {name: scripts for name, scripts in found.items() if scripts is None or scripts}


def pauses_of(trouble: Trouble) -> list[tuple[str | None, Pause]]:
    """What is paused, and how: the account itself (None) first, then its scripts by their names."""
    found: list[tuple[str | None, Pause]] = [] if trouble.pause is None else [(None, trouble.pause)]
    scripts = ((name, known.pause) for name, known in sorted(trouble.scripts.items()))
    return found + [(name, pause) for name, pause in scripts if pause is not None]


def named(account: str, script: str | None) -> str:
    """In words."""
    return f"account {account}" if script is None else f"script {script!r} of account {account}"


def _limit(trouble: Trouble, most: int) -> int:
    return most - trouble.doubts if trouble.allowed is None else min(most, trouble.allowed)


def _pauses_at_once(outcome: Outcome, words: Iterable[str]) -> str | None:
    if outcome.number_differs:
        return OTHER_NUMBER
    if outcome.http_status in PAUSING_STATUS:
        return STATUS
    if outcome.kind == REFUSED and means_the_account(outcome.error or "", words):
        return ACCOUNT_ERROR
    return None


def _pauses_by_count(trouble: Trouble) -> str | None:
    relapsed = trouble.allowed == 0
    if trouble.unsent >= UNSENT_PAUSES or (relapsed and trouble.unsent):
        return UNREACHABLE
    if relapsed or trouble.recent.count("u") >= UNKNOWN_PAUSES:  # in a row or not
        return NO_ANSWERS
    return None


def _allowed_after(allowed: int | None, good: bool) -> int | None:
    """One more for each answer, so that a round of calls doubles the next; half for each call without one."""
    if allowed is None:
        return None
    allowed = allowed + 1 if good else allowed // 2
    return None if allowed >= UNGATED_AT else allowed


def _pause(trouble: Trouble, cause: str, ended: Ended, outcome: Outcome, now: int) -> Trouble:
    """A relapse that comes sooner than the last rest was long doubles that rest."""
    relapsed = 0 <= now - trouble.since < trouble.wait
    wait = min(trouble.wait * 2, LONGEST_WAIT) if relapsed else FIRST_WAIT
    pause = Pause(cause, now, now + wait, wait, said=_said(outcome), lead=ended.lead, number=ended.number)
    return replace(trouble, pause=pause)


def _said(outcome: Outcome) -> str:
    status = f"HTTP {outcome.http_status}" if outcome.http_status not in (None, 200) else ""
    return ": ".join(filter(None, (status, outcome.error or ("" if status else outcome.how))))


def _tried(trouble: Trouble, pause: Pause, ended: Ended, outcome: Outcome, good: bool, now: int) -> Trouble:
    if pause.by_person or pause.probe != ended.attempt:
        return trouble  # in flight since before: only the one call that tries decides
    if good:
        return Trouble(allowed=2, since=now, wait=pause.wait, scripts=trouble.scripts)
    return replace(trouble, pause=pause.again(ended, now, longer=not is_our_own(outcome)))


def _scripts_after(trouble: Trouble, ended: Ended, outcome: Outcome, cause: str | None, now: int) -> Scripts:
    if outcome.kind == ACCEPTED:
        return pauses.accepted(trouble.scripts, ended.script)
    if outcome.kind == REFUSED and cause is None:
        return pauses.refused(trouble.scripts, ended, now, _said(outcome))
    return pauses.tried_in_vain(trouble.scripts, ended, now, longer=False)
