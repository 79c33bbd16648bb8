"""A pause of calls, of a whole account or of one script: why, since when, and when one call may try.

Pure. All times are milliseconds since 1970, all spans milliseconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

FIRST_WAIT, LONGEST_WAIT = 5_000, 300_000
LOOK_AGAIN = 1_000  # how late a person's `resume` may be seen
REFUSED_PAUSES = 5  # refusals of one script in a row

PERSON, SCRIPT_REFUSED = "paused_by_person", "script_refused"  # causes: codes of `core.reason`


@dataclass(frozen=True)
class Pause:
    """Why calls rest: `cause` is a code of `core.reason`, `said` the provider's own text. `until` is when
    one call may try (None: only a person, `who`, ends this); while the attempt `probe` is that call, it
    is when that call counts as dead. `wait` is the span before the try, doubled for each one in vain."""

    cause: str
    since: int
    until: int | None
    wait: int = FIRST_WAIT
    probe: str = ""
    said: str = ""
    who: str = ""
    why: str = ""

    @property
    def by_person(self) -> bool:
        return self.until is None

    def rests(self, now: int) -> int:
        """Milliseconds until a call may try; 0: now."""
        return LOOK_AGAIN if self.until is None else max(0, self.until - now)

    def trying(self, attempt: str, until: int) -> "Pause":
        """This attempt is the one call that tries."""
        return self if self.until is None else replace(self, probe=attempt, until=until)

    def again(self, now: int, *, longer: bool) -> "Pause":
        """The call that tried has ended and nothing is well: the next one comes later."""
        wait = min(self.wait * 2, LONGEST_WAIT) if longer else self.wait
        return replace(self, probe="", wait=wait, until=now + wait)


@dataclass(frozen=True)
class Script:
    """A script that the provider refused `refused` times in a row; after five of them it is paused."""

    refused: int = 0
    pause: Pause | None = None


Scripts = Mapping[str, Script]  # only those in trouble


def accepted(scripts: Scripts, name: str) -> Scripts:
    """The provider took a call with this script: it is well, unless a person paused it."""
    pause = pause_of(scripts, name)
    return scripts if pause is not None and pause.by_person else without(scripts, name)


def refused(scripts: Scripts, name: str, attempt: str, now: int, said: str) -> Scripts:
    """The provider refused a call with this script, for a cause that is not the account's."""
    known = scripts.get(name, Script())
    if known.pause is not None:
        return tried_in_vain(scripts, name, attempt, now, longer=True)
    known = Script(known.refused + 1)
    if known.refused >= REFUSED_PAUSES:
        known = replace(known, pause=Pause(SCRIPT_REFUSED, now, now + FIRST_WAIT, said=said))
    return {**scripts, name: known}


def tried_in_vain(scripts: Scripts, name: str, attempt: str, now: int, *, longer: bool) -> Scripts:
    """The attempt has ended without an acceptance: where it was the script's one call that tries, another will."""
    pause = pause_of(scripts, name)
    if pause is None or pause.by_person or pause.probe != attempt:
        return scripts
    return {**scripts, name: replace(scripts[name], pause=pause.again(now, longer=longer))}


def pause_of(scripts: Scripts, name: str) -> Pause | None:
    return scripts[name].pause if name in scripts else None


def paused(scripts: Scripts, name: str, pause: Pause) -> Scripts:
    return {**scripts, name: replace(scripts.get(name, Script()), pause=pause)}


def without(scripts: Scripts, name: str) -> Scripts:
    return {other: known for other, known in scripts.items() if other != name}
