"""What someone should look at: each alarm is a small function of the same facts.

`ALARMS` is the whole of it, in order of weight. A new one is a function and its line there; what it has to know is a
field of `Facts`, read once for all of them. Pure. Times are milliseconds since 1970.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from core.account.trouble import Trouble, pauses_of
from core.reason import words

PAGE = "page"  # somebody should get up for it
WARN = "warn"  # today is soon enough

WORKER_SEEN_MS = 30_000
WAITS_MS = 60_000
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Alarm:
    """One trouble. `kind` and `subject` tell it from others, `subject` empty where there is one of the kind at most.

    `since` is when the trouble began, None where that cannot be known, and `value` how many the text speaks of.
    `raised_at` and `cleared_at` are the row's own: None for one that is not written yet, or still rings."""

    kind: str
    severity: str
    text: str
    since: int | None
    value: int
    subject: str = ""
    raised_at: int | None = None
    cleared_at: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.subject


@dataclass(frozen=True)
class FullCap:
    """A cap that is reached, in words: `whose` it is."""

    whose: str
    cap: str
    limit: str
    since: int


@dataclass(frozen=True)
class Facts:
    """What is known at the moment `now`. Counts are of leads or requests, `_since` is when the oldest of them began.

    `refused_hours`: (source, start of the hour, refused proofs) of this hour and the one before. `unreadable`:
    version's name -> since when it is in force. What is `broken` or `unreadable` is known to the
    asking process alone."""

    now: int
    worker_seen: int | None = None
    other_database_since: int | None = None
    late: int = 0
    late_since: int | None = None
    accounts: Mapping[str, Trouble] = field(default_factory=dict)
    full: tuple[FullCap, ...] = ()
    unknown: int = 0
    unknown_since: int | None = None
    refused_hours: tuple[tuple[str, int, int], ...] = ()
    broken_files: frozenset[str] = frozenset()
    broken_accounts: frozenset[str] = frozenset()
    unreadable: Mapping[str, int | None] = field(default_factory=dict)


def ringing(facts: Facts) -> list[Alarm]:
    """The alarms of this moment, the weightiest first; empty when all is well."""
    return [alarm for ask in ALARMS.values() if (alarm := ask(facts)) is not None]


def _no_worker(facts: Facts) -> Alarm | None:
    if facts.worker_seen is not None and facts.now - facts.worker_seen <= WORKER_SEEN_MS:
        return None
    text = "No worker has been seen for 30 seconds: nobody is being called"
    return Alarm("no_worker", PAGE, text, facts.worker_seen, 1)


def _database_changed(facts: Facts) -> Alarm | None:
    if facts.other_database_since is None:
        return None
    text = "The database is not the one the workers knew (restored, cloned, failed over): calls wait"
    return Alarm("database_changed", PAGE, text, facts.other_database_since, 1)


def _leads_waiting(facts: Facts) -> Alarm | None:
    if not facts.late:
        return None
    text = "Leads are due for more than a minute and still wait"
    return Alarm("leads_waiting", PAGE, text, facts.late_since, facts.late)


def _paused(facts: Facts) -> Alarm | None:
    paused = [pair for name in sorted(facts.accounts) for pair in pauses_of(facts.accounts[name], name)]
    if not paused:
        return None
    said = "; ".join(f"{what}: {words(pause.cause, {})}" for what, pause in paused)
    severity = WARN if all(pause.by_person for _, pause in paused) else PAGE
    return Alarm("paused", severity, f"Calls wait ({said})", min(pause.since for _, pause in paused), len(paused))


def _cap_reached(facts: Facts) -> Alarm | None:
    if not facts.full:
        return None
    said = "; ".join(f"{full.whose} {full.cap} ({full.limit})" for full in facts.full)
    since = min(full.since for full in facts.full)
    return Alarm("cap_reached", WARN, f"Leads wait for room: {said}", since, len(facts.full))


def _unknown_calls(facts: Facts) -> Alarm | None:
    if not facts.unknown:
        return None
    text = "Calls whose fate is unknown: look in the provider's panel, then resolve, rearm or cancel them"
    return Alarm("unknown_calls", PAGE, text, facts.unknown_since, facts.unknown)


def _refused_proofs(facts: Facts) -> Alarm | None:
    if not facts.refused_hours:
        return None
    names = ", ".join(sorted({source for source, *_ in facts.refused_hours}))
    text = f"Requests without a right proof since the last hour began ({names}): a mistyped token loses leads"
    since, count = min(hour for _, hour, _ in facts.refused_hours), sum(n for *_, n in facts.refused_hours)
    return Alarm("refused_proofs", WARN, text, since, count)


def _broken_files(facts: Facts) -> Alarm | None:
    if not facts.broken_files:
        return None
    names = ", ".join(sorted(facts.broken_files))
    text = f"Files with mistakes (the version in force stays): {names}"
    return Alarm("broken_files", WARN, text, None, len(facts.broken_files))


def _broken_accounts(facts: Facts) -> Alarm | None:
    if not facts.broken_accounts:
        return None
    text = "Account files with mistakes; leads wait or are held until they are mended and all is started again: "
    return Alarm(
        "broken_accounts", PAGE, text + ", ".join(sorted(facts.broken_accounts)), None, len(facts.broken_accounts)
    )


def _broken_sources(facts: Facts) -> Alarm | None:
    if not facts.unreadable:
        return None
    text = f"Versions in force that cannot be read here: {', '.join(sorted(facts.unreadable))}"
    since = min((since for since in facts.unreadable.values() if since is not None), default=None)
    return Alarm("broken_sources", PAGE, text, since, len(facts.unreadable))


ALARMS: dict[str, Callable[[Facts], Alarm | None]] = {
    "no_worker": _no_worker,
    "database_changed": _database_changed,
    "leads_waiting": _leads_waiting,
    "paused": _paused,
    "cap_reached": _cap_reached,
    "unknown_calls": _unknown_calls,
    "refused_proofs": _refused_proofs,
    "broken_files": _broken_files,
    "broken_accounts": _broken_accounts,
    "broken_sources": _broken_sources,
}
