"""What someone should look at: each alarm is a small function of the same facts.

`ALARMS` is the whole of it, in order of weight. A new one is a function and its line there; what it has to know is a
field of `core.alarm.Facts`, read once for all of them. One that speaks of several subjects yields an alarm for each.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from core import alarms_of_sources as of_sources
from core.account.trouble import named, pauses_of
from core.alarm import INFO, PAGE, WARN, Alarm, Facts, FullCap
from core.durations import HOUR_MS
from core.reason import words

WORKER_SEEN_MS = 30_000  # readers of one moment: a worker looks once a second
NO_WORKER_MS = 60_000
WAITS_MS = 60_000
STUCK_MS = 30_000
FORGOTTEN_MS = HOUR_MS
FEW_UNSENT = 5
BACKUP_MS = 26 * HOUR_MS
BACKUP, DRILL, WATCH, CLOCK = "backup", "drill", "watch", "clock"  # stamps; that of a clock is followed by its machine
CLOCK_TOLD_MS = 5 * 60_000
CERTIFICATE_MS = 14 * 24 * HOUR_MS
SLOW_MS, FEW_CALLS, NEWEST_CALLS = 60_000, 10, 20
DRILL_MS = 40 * 24 * HOUR_MS
GB = 1_000_000_000
WAL_BYTES = 256_000_000
CLOCK_MS = 30_000

# Kinds that have to be seen so often in a row, a look each 15 s: their causes flicker.
STEADY = {"disk_low": 2, "wal_large": 2, "clock_off": 3, "web_silent": 2, "slow": 2}
# kind -> what, while it rings and somebody knows of it (told, or made quiet), explains it: then it is not told beside;
# a cause that is explained itself hands that on. A pause explains the leads and calls of its own account alone, a
# full cap those of its own source: `Facts.late` and `Facts.waited` are without them.
PARENTS = {
    "leads_waiting": ("database_changed", "no_worker"),
    "calls_stuck": ("database_changed", "no_worker"),
    "paused": ("no_worker",),
    "crm_silent": ("no_worker",),
    "slow": ("no_worker", "leads_waiting"),
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


def is_missed(worker_seen: int | None, now: int) -> bool:
    """Whether no worker that can ring has been seen for so long that somebody should be told."""
    return now - (worker_seen or 0) > NO_WORKER_MS


def _no_worker(facts: Facts) -> Iterator[Alarm]:
    """Whoever began to watch a moment ago has not missed anybody yet: a restart of everything is no trouble."""
    if is_missed(max(facts.worker_seen or 0, facts.seen.watching_since), facts.now):
        text = "No worker that can ring has been seen for a minute: nobody is being called"
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
    """Of accounts and scripts that nobody and nothing paused, under caps that have room; what is not mapped yet waits
    for no account."""
    if facts.late:
        text = "Leads are due for more than a minute and still wait"
        yield Alarm("leads_waiting", PAGE, text, facts.late_since, facts.late)


def _calls_stuck(facts: Facts) -> Iterator[Alarm]:
    if facts.stuck:
        text = "Calls are past their deadline and nobody settles them"
        yield Alarm("calls_stuck", PAGE, text, facts.stuck_since, facts.stuck)


def _paused(facts: Facts) -> Iterator[Alarm]:
    """Of an account, or of a script of it. A script that the provider refused and that nobody asks for any more (its
    name was corrected) tries no call, and would ring for ever."""
    for account, trouble in sorted(facts.accounts.items()):
        for script, pause in pauses_of(trouble):
            forgotten = script is not None and not pause.by_person and (account, script) not in facts.asked_for
            if forgotten and facts.now - pause.since > FORGOTTEN_MS:
                continue
            text = f"Calls wait ({named(account, script)}: {words(pause.cause, {})})"
            severity = WARN if pause.by_person else PAGE
            yield Alarm("paused", severity, text, pause.since, 1, subject=subject_of(account, script))


def subject_of(account: str, script: str | None) -> str:
    """Of the alarm of a pause; no account's name has a slash."""
    return account if script is None else f"{account}/{script}"


def paused_by(subject: str) -> tuple[str, str | None]:
    """(account, script) of such a subject; None: all of it."""
    account, slash, script = subject.partition("/")
    return account, script if slash else None


def _crm_silent(facts: Facts) -> Iterator[Alarm]:
    for source, fails in sorted(facts.crms.items()):
        text = f"The CRM of {source} does not answer what its leads lack: they wait, and nobody calls them"
        yield Alarm("crm_silent", PAGE, text, None, fails, subject=source)


def _calls_unsent(facts: Facts) -> Iterator[Alarm]:
    """By our own fault: a machine that is too slow, a database that does not prove its commits. What the provider's
    trouble keeps back is a pause, a journal an alarm of its own."""
    unsent = sum(facts.unsent.values())
    if unsent >= FEW_UNSENT and 2 * unsent > facts.begun:
        said = ", ".join(f"{how} {count}" for how, count in sorted(facts.unsent.items()))
        text = f"Most calls of the last ten minutes were given up before they were sent ({said})"
        yield Alarm("calls_unsent", PAGE, text, None, unsent)


def _slow(facts: Facts) -> Iterator[Alarm]:
    """The product's promise, by the newest calls; what no rule made wait and no alarm explains."""
    if len(facts.waited) >= FEW_CALLS:
        tenth = sorted(facts.waited)[(len(facts.waited) * 9 - 1) // 10]
        if tenth > SLOW_MS:
            text = f"Of the newest {len(facts.waited)} calls one in ten came {tenth // 1000} s or more after its lead"
            yield Alarm("slow", WARN, text, None, tenth // 1000)


def _cap_reached(facts: Facts) -> Iterator[Alarm]:
    for full in sorted(facts.full, key=lambda full: full.source):
        text = f"Leads wait until there is room: {_of_full(full)}"
        yield Alarm("cap_reached", WARN, text, full.since, 1, subject=full.source)


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


def _clock_off(facts: Facts) -> Iterator[Alarm]:
    """By the database server's clock, and by what providers' replies say the time is."""
    off = {
        name.removeprefix(f"{CLOCK} "): (int(stamp.said), "the provider's")
        for name, stamp in facts.stamps.items()
        if name.startswith(f"{CLOCK} ") and not stamp.well and facts.now - stamp.at <= CLOCK_TOLD_MS
    }
    if facts.seen.clock_off_ms is not None and abs(facts.seen.clock_off_ms) > CLOCK_MS:
        off[facts.seen.machine] = (facts.seen.clock_off_ms, "the database server's")
    for machine, (ms, whose) in sorted(off.items()):
        text = (
            f"The clock of {machine or 'this machine'} is {abs(ms) // 1000} s off {whose}: signatures break, calls wait"
        )
        yield Alarm("clock_off", WARN, text, None, abs(ms) // 1000, subject=machine)


def _certificate_ends(facts: Facts) -> Iterator[Alarm]:
    until = facts.seen.certificate_until
    if until is not None and until - facts.now < CERTIFICATE_MS:
        days = max(0, (until - facts.now) // (24 * HOUR_MS))
        text = f"PUBLIC_URL's certificate ends in {days} days: then no sender gets through"
        yield Alarm("certificate_ends", WARN, text, None, days)


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
    "crm_silent": _crm_silent,
    "calls_unsent": _calls_unsent,
    "slow": _slow,
    "cap_reached": _cap_reached,
    "cap_near": _cap_near,
    "unknown_calls": _unknown_calls,
    "refused_proofs": of_sources.refused_proofs,
    "turned_away": of_sources.turned_away,
    "house_silent": of_sources.house_silent,
    "source_silent": of_sources.source_silent,
    "held_rising": of_sources.held_rising,
    "other_person": of_sources.other_person,
    "held_long": of_sources.held_long,
    "broken_files": of_sources.broken_files,
    "broken_accounts": of_sources.broken_accounts,
    "broken_sources": of_sources.broken_sources,
    "clock_off": _clock_off,
    "certificate_ends": _certificate_ends,
    "backup_old": _backup_old,
    "drill_failed": _drill_failed,
    "channel_dead": _channel_dead,
}
