"""A pause of calls, of a whole account or of one script: why, since when, and when one call may try.

Pure. All times are milliseconds since 1970, all spans milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

FIRST_WAIT, LONGEST_WAIT = 5_000, 300_000
LONGEST_TRY = 305_000  # a call's longest total time-out, and what is waited for its end beyond that
LOOK_AGAIN = 1_000  # how late a person's `resume` may be seen
REFUSED_PAUSES = 5  # refusals of one script in a row, of as many numbers

PERSON, SCRIPT_REFUSED = "paused_by_person", "script_refused"  # causes: codes of `core.reason`


@dataclass(frozen=True)
class Pause:
    """Why calls rest: `cause` is a code of `core.reason`, `said` the provider's own text. `until` is when
    one call may try (None: only a person, `who`, ends this); while the attempt `probe` is that call, it
    is when that call counts as dead. `wait` is the span before the try, doubled for each one in vain. `lead`
    (an id) and `number` (its digest) are of the call that failed last: where another is due, that one tries."""

    cause: str
    since: int
    until: int | None
    wait: int = FIRST_WAIT
    probe: str = ""
    said: str = ""
    who: str = ""
    why: str = ""
    lead: str = ""
    number: str = ""

    @property
    def by_person(self) -> bool:
        return self.until is None

    def rests(self, now: int) -> int:
        """Milliseconds until a call may try; 0: now. What lies further ahead than the pause's own length was written by
        a clock that has been set back since."""
        if self.until is None:
            return LOOK_AGAIN
        ahead = self.until - now
        return 0 if ahead > (LONGEST_TRY if self.probe else self.wait) else max(0, ahead)

    def trying(self, attempt: str, until: int) -> "Pause":
        """This attempt is the one call that tries."""
        return self if self.until is None else replace(self, probe=attempt, until=until)

    def again(self, ended: "Ended", now: int, *, longer: bool) -> "Pause":
        """The call that tried has ended and nothing is well: the next one comes later."""
        wait = min(self.wait * 2, LONGEST_WAIT) if longer else self.wait
        return replace(self, probe="", wait=wait, until=now + wait, lead=ended.lead, number=ended.number)

    def failed_with(self, lead: str, number: str) -> bool:
        """Whether the call that failed last was of this lead, or to this number (its digest)."""
        return lead == self.lead or (bool(number) and number == self.number)


@dataclass(frozen=True)
class Ended:
    """Which call ended: its attempt, its script, and when it was claimed; its lead and its number's digest."""

    attempt: str
    script: str
    started_at: int
    lead: str = ""
    number: str = ""


@dataclass(frozen=True)
class Script:
    """A script that the provider refused for these `numbers` (digests), one after the other; after five different
    ones it is paused. One number, however often it is posted, stops nobody."""

    numbers: tuple[str, ...] = ()
    pause: Pause | None = None


Scripts = Mapping[str, Script]  # only those in trouble


def accepted(scripts: Scripts, name: str) -> Scripts:
    """The provider took a call with this script: it is well, unless a person paused it."""
    pause = pause_of(scripts, name)
    return scripts if pause is not None and pause.by_person else without(scripts, name)


def refused(scripts: Scripts, ended: Ended, now: int, said: str) -> Scripts:
    """The provider refused a call with this script, for a cause that is not the account's."""
    known = scripts.get(ended.script, Script())
    if known.pause is not None:
        return tried_in_vain(scripts, ended, now, longer=True)
    if ended.number not in known.numbers:
        known = Script((*known.numbers, ended.number))
    if len(known.numbers) >= REFUSED_PAUSES:
        pause = Pause(SCRIPT_REFUSED, now, now + FIRST_WAIT, said=said, lead=ended.lead, number=ended.number)
        known = replace(known, pause=pause)
    return {**scripts, ended.script: known}


def tried_in_vain(scripts: Scripts, ended: Ended, now: int, *, longer: bool) -> Scripts:
    """The call has ended without an acceptance: where it was the script's one call that tries, another will."""
    pause = pause_of(scripts, ended.script)
    if pause is None or pause.by_person or pause.probe != ended.attempt:
        return scripts
    return {**scripts, ended.script: replace(scripts[ended.script], pause=pause.again(ended, now, longer=longer))}


def pause_of(scripts: Scripts, name: str) -> Pause | None:
    return scripts[name].pause if name in scripts else None


def all_paused(scripts: Scripts) -> frozenset[str]:
    return frozenset(name for name, known in scripts.items() if known.pause is not None)


def paused(scripts: Scripts, name: str, pause: Pause) -> Scripts:
    return {**scripts, name: replace(scripts.get(name, Script()), pause=pause)}


def without(scripts: Scripts, name: str) -> Scripts:
    return {other: known for other, known in scripts.items() if other != name}
