"""What someone should look at: each alarm is a small function of the same facts.

`ALARMS` is the whole of it, in order of weight. A new one is a function and its line there; what it has to know is a
field of `core.alarm.Facts`, read once for all of them. One that speaks of several subjects yields an alarm for each.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from core.account.trouble import pauses_of
from core.alarm import HOUR_MS, INFO, PAGE, WARN, Alarm, Facts, FullCap, Silent
from core.reason import words

WORKER_SEEN_MS = 30_000  # readers of one moment: a worker looks once a second
NO_WORKER_MS = 60_000
WAITS_MS = 60_000
STUCK_MS = 30_000
BACKUP_MS = 26 * HOUR_MS
BACKUP, DRILL, WATCH = "backup", "drill", "watch"  # stamps
DRILL_MS = 40 * 24 * HOUR_MS
MANY_REFUSED, FEW_REFUSED, MANY_TURNED_AWAY = 20, 3, 5
HELD_PART, FEW_HELD = 0.2, 5
GB = 1_000_000_000
WAL_BYTES = 256_000_000
CLOCK_MS = 30_000

# Kinds that have to be seen so often in a row, a look each 15 s: their causes flicker.
STEADY = {"disk_low": 2, "wal_large": 2, "clock_off": 3, "web_silent": 2}
# kind -> what, while it rings, explains it: then it is not told beside.
PARENTS = {
    "leads_waiting": ("database_changed", "no_worker", "journal_unwritable", "paused"),
    "calls_stuck": ("database_changed", "no_worker"),
    "paused": ("no_worker",),
    "house_silent": ("web_silent",),
    "source_silent": ("house_silent", "web_silent"),
}


def ringing(facts: Facts) -> list[Alarm]:
    """The alarms of this moment, the weightiest first; empty when all is well."""
    return [alarm for ask in ALARMS.values() for alarm in ask(facts)]


def steady(found: list[Alarm], times: dict[tuple[str, str], int]) -> list[Alarm]:
    """Those that were found often enough in a row; `times` is the caller's memory of the looks before."""
    before = dict(times)
    times.clear()
    times.update({alarm.key: before.get(alarm.key, 0) + 1 for alarm in found})
    return [alarm for alarm in found if times[alarm.key] >= STEADY.get(alarm.kind, 1)]


def _no_worker(facts: Facts) -> Iterator[Alarm]:
    """Whoever began to watch a moment ago has not missed anybody yet: a restart of everything is no trouble."""
    if facts.now - max(facts.worker_seen or 0, facts.seen.watching_since) > NO_WORKER_MS:
        text = "No worker has been seen for a minute: nobody is being called"
        yield Alarm("no_worker", PAGE, text, facts.worker_seen, 1)


def _database_changed(facts: Facts) -> Iterator[Alarm]:
    if facts.other_database_since is not None:
        text = "The database is not the one the workers knew (restored, cloned, failed over): calls wait"
        yield Alarm("database_changed", PAGE, text, facts.other_database_since, 1)


def _journal_unwritable(facts: Facts) -> Iterator[Alarm]:
    for machine, why in sorted(facts.unwritable_journals.items()):
        text = f"The dispatch journal on {machine} cannot be written ({why}): nobody is rung from there"
        yield Alarm("journal_unwritable", PAGE, text, None, 1, subject=machine)


def _not_stored(facts: Facts) -> Iterator[Alarm]:
    if facts.not_stored:
        text = "Requests could not be stored and were answered 503: whose sender does not try again is lost"
        yield Alarm("not_stored", PAGE, text, None, facts.not_stored)


def _web_silent(facts: Facts) -> Iterator[Alarm]:
    if facts.seen.outside:
        text = f"PUBLIC_URL does not lead to this gateway ({facts.seen.outside}): senders do not reach it either"
        yield Alarm("web_silent", PAGE, text, None, 1)


def _disk_low(facts: Facts) -> Iterator[Alarm]:
    for room in facts.seen.rooms:
        if room.free < max(GB, min(room.total // 10, 20 * GB)):
            text = f"The disk of {room.place} has {room.free // 1_000_000} MB left: when it is full no lead is stored"
            yield Alarm("disk_low", PAGE, text, None, 1, subject=room.place)


def _wal_large(facts: Facts) -> Iterator[Alarm]:
    if facts.seen.wal_bytes > WAL_BYTES:
        text = "The database's WAL file grows: something reads without an end (a backup tool, an open console)"
        yield Alarm("wal_large", PAGE, text, None, facts.seen.wal_bytes // 1_000_000)


def _leads_waiting(facts: Facts) -> Iterator[Alarm]:
    if facts.late:
        text = "Leads are due for more than a minute and still wait"
        yield Alarm("leads_waiting", PAGE, text, facts.late_since, facts.late)


def _calls_stuck(facts: Facts) -> Iterator[Alarm]:
    if facts.stuck:
        text = "Calls are past their deadline and nobody settles them"
        yield Alarm("calls_stuck", PAGE, text, facts.stuck_since, facts.stuck)


def _paused(facts: Facts) -> Iterator[Alarm]:
    paused = [pair for name in sorted(facts.accounts) for pair in pauses_of(facts.accounts[name], name)]
    if paused:
        said = "; ".join(f"{what}: {words(pause.cause, {})}" for what, pause in paused)
        severity = WARN if all(pause.by_person for _, pause in paused) else PAGE
        since = min(pause.since for _, pause in paused)
        yield Alarm("paused", severity, f"Calls wait ({said})", since, len(paused))


def _cap_reached(facts: Facts) -> Iterator[Alarm]:
    if facts.full:
        said = "; ".join(_of_full(full) for full in facts.full)
        since = min(full.since for full in facts.full)
        yield Alarm("cap_reached", WARN, f"Leads wait for room: {said}", since, len(facts.full))


def _of_full(full: FullCap) -> str:
    said = f"{full.whose} {full.cap} ({full.limit})"
    if full.until is None:
        return said
    until = datetime.fromtimestamp(full.until / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{said} until {until}, or raise {full.line}"


def _cap_near(facts: Facts) -> Iterator[Alarm]:
    if facts.near:
        said = "; ".join(f"{one.whose} {one.cap} ({one.used} of {one.limit}): {one.line}" for one in facts.near)
        yield Alarm("cap_near", INFO, f"Caps of which 80 % is used: {said}", None, len(facts.near))


def _unknown_calls(facts: Facts) -> Iterator[Alarm]:
    if facts.unknown:
        text = "Calls whose fate is unknown: look in the provider's panel, then resolve, rearm or cancel them"
        yield Alarm("unknown_calls", PAGE, text, facts.unknown_since, facts.unknown)


def _refused_proofs(facts: Facts) -> Iterator[Alarm]:
    """A source most of whose requests are refused: a mistyped or rotated secret. One whose every request is refused
    needs but a few; a stranger's tries beside a sender's right requests are no trouble."""
    for source in sorted({source for source, *_ in facts.refused_hours}):
        hours = [(hour, n) for name, hour, n in facts.refused_hours if name == source]
        refused, right = sum(n for _, n in hours), facts.right_requests.get(source, 0)
        if (refused > MANY_REFUSED and refused > right) or (refused >= FEW_REFUSED and not right):
            text = f"Most requests to {source} come without a right proof: a mistyped token loses leads"
            yield Alarm("refused_proofs", WARN, text, min(hour for hour, _ in hours), refused, subject=source)


def _turned_away(facts: Facts) -> Iterator[Alarm]:
    for source, count in sorted(facts.turned_away.items()):
        if count > MANY_TURNED_AWAY:
            text = f"Requests to {source} were refused unread (cut short, too large, compressed)"
            yield Alarm("turned_away", WARN, text, None, count, subject=source)


def _house_silent(facts: Facts) -> Iterator[Alarm]:
    yield from (
        _silence(one, "house_silent", "All sources are") for one in facts.silent if one.rings and not one.source
    )


def _source_silent(facts: Facts) -> Iterator[Alarm]:
    yield from (_silence(one, "source_silent", f"{one.source} is") for one in facts.silent if one.rings and one.source)


def _silence(one: Silent, kind: str, who: str) -> Alarm:
    """At night it waits for the morning: nobody could be called, and who keeps a form is asleep."""
    text = (
        f"{who} silent: usually {one.usual:.1f} leads an hour come now, {one.missing:.0f} should have come since the "
    )
    text += f"last one (alarm at {one.line:.0f})" if one.line else "last one"
    severity = PAGE if one.awake else WARN
    return Alarm(kind, severity, text, one.since, max(1, round(one.missing)), subject=one.source)


def _held_rising(facts: Facts) -> Iterator[Alarm]:
    for one in facts.held:
        part = one.held / one.of if one.of else 0.0
        if one.held >= FEW_HELD and part > HELD_PART and one.usual <= part * 50:
            text = f"Many of the newest leads of {one.source} are held: a field of the form may have a new name"
            yield Alarm("held_rising", WARN, text, None, one.held, subject=one.source)


def _other_person(facts: Facts) -> Iterator[Alarm]:
    for one in facts.other_person:
        text = f"Leads of {one.source} came under another lead's id with another number: may visitors choose the id?"
        yield Alarm("other_person", INFO, text, one.since, one.count, subject=one.source)


def _held_long(facts: Facts) -> Iterator[Alarm]:
    for one in facts.held_long:
        text = f"Held leads of {one.source} wait for more than an hour of calling time: decide on them"
        yield Alarm("held_long", INFO, text, one.since, one.count, subject=one.source)


def _broken_files(facts: Facts) -> Iterator[Alarm]:
    if facts.broken_files:
        names = ", ".join(sorted(facts.broken_files))
        text = f"Files with mistakes (the version in force stays): {names}"
        yield Alarm("broken_files", WARN, text, None, len(facts.broken_files))


def _broken_accounts(facts: Facts) -> Iterator[Alarm]:
    if facts.broken_accounts:
        text = "Account files with mistakes; leads wait or are held until they are mended and all is started again: "
        names = ", ".join(sorted(facts.broken_accounts))
        yield Alarm("broken_accounts", PAGE, text + names, None, len(facts.broken_accounts))


def _broken_sources(facts: Facts) -> Iterator[Alarm]:
    if facts.unreadable:
        text = f"Versions in force that cannot be read here: {', '.join(sorted(facts.unreadable))}"
        since = min((since for since in facts.unreadable.values() if since is not None), default=None)
        yield Alarm("broken_sources", PAGE, text, since, len(facts.unreadable))


def _clock_off(facts: Facts) -> Iterator[Alarm]:
    off = facts.seen.clock_off_ms
    if off is not None and abs(off) > CLOCK_MS:
        text = "This machine's clock is more than 30 seconds off the database server's: signatures break, calls wait"
        yield Alarm("clock_off", WARN, text, None, abs(off) // 1000)


def _backup_old(facts: Facts) -> Iterator[Alarm]:
    last = facts.stamps.get(BACKUP)
    if last is not None and not last.well:
        yield Alarm("backup_old", WARN, f"The last backup failed: {last.said}", last.at, 1)
        return
    since = last.at if last is not None else facts.database_since
    if since is not None and facts.now - since > BACKUP_MS:
        text = "No backup was made for 26 hours" if last else "No backup was ever made (flask backup)"
        yield Alarm("backup_old", WARN, text, last.at if last else None, 1)


def _drill_failed(facts: Facts) -> Iterator[Alarm]:
    last = facts.stamps.get(DRILL)
    if last is not None and not last.well:
        yield Alarm("drill_failed", WARN, f"The last backup cannot be put back: {last.said}", last.at, 1)
    elif last is not None and facts.now - last.at > DRILL_MS:
        yield Alarm("drill_failed", WARN, "No backup was tried for 40 days (flask restore --check)", last.at, 1)


def _channel_dead(facts: Facts) -> Iterator[Alarm]:
    for channel, said in sorted(facts.dead_channels.items()):
        yield Alarm("channel_dead", PAGE, f"Alarms do not get out by {channel}: {said}", None, 1, subject=channel)


ALARMS: dict[str, Callable[[Facts], Iterator[Alarm]]] = {
    "no_worker": _no_worker,
    "database_changed": _database_changed,
    "journal_unwritable": _journal_unwritable,
    "not_stored": _not_stored,
    "web_silent": _web_silent,
    "disk_low": _disk_low,
    "wal_large": _wal_large,
    "leads_waiting": _leads_waiting,
    "calls_stuck": _calls_stuck,
    "paused": _paused,
    "cap_reached": _cap_reached,
    "cap_near": _cap_near,
    "unknown_calls": _unknown_calls,
    "refused_proofs": _refused_proofs,
    "turned_away": _turned_away,
    "house_silent": _house_silent,
    "source_silent": _source_silent,
    "held_rising": _held_rising,
    "other_person": _other_person,
    "held_long": _held_long,
    "broken_files": _broken_files,
    "broken_accounts": _broken_accounts,
    "broken_sources": _broken_sources,
    "clock_off": _clock_off,
    "backup_old": _backup_old,
    "drill_failed": _drill_failed,
    "channel_dead": _channel_dead,
}
