"""What is told of alarms, when, and in which words: raised, reminded, over. Pure. Times are milliseconds since 1970."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from core.alarm import INFO, PAGE
from core.alarm_words import of
from core.alarms import ALARMS, PARENTS
from core.durations import DAY_MS, HOUR_MS
from core.hours import is_open
from core.source import Hours

RAISED, REMINDER, CLEARED, DIGEST, TEST = "raised", "reminder", "cleared", "digest", "test"
AWAY = "database_away"  # the alarm that is told from memory: it can be no row
TOLD_KINDS = (*ALARMS, AWAY)  # that may be made quiet, or off
GATHER_MS = 60_000
REMIND_MS = (HOUR_MS, 4 * HOUR_MS)  # after the first message; then each day
MOST_AN_HOUR = 10
GREW = -1  # reminders of one that became grave and was not told since; that it is over is told all the same
BY_THE_CLOCK = {"house_silent", "source_silent"}  # kinds that are grave in calling hours and less so after them
SHOWN = 12  # alarms in one message
NIGHT = Hours(22 * 60, 8 * 60)
NINE = 9 * 60
UTC = ZoneInfo("UTC")

SAID = {
    "en": {
        RAISED: "Alarm",
        REMINDER: "Still",
        CLEARED: "Over",
        "more": "and {n} more",
        "since": "since {at}",
        "lasted": "it lasted {span}",
        "count": "{n}",
        "do": "To do: {todo}",
    },
    "ru": {
        RAISED: "Тревога",
        REMINDER: "Всё ещё",
        CLEARED: "Прошло",
        "more": "и ещё {n}",
        "since": "с {at}",
        "lasted": "длилось {span}",
        "count": "{n}",
        "do": "Что делать: {todo}",
    },
}


@dataclass(frozen=True)
class Manners:
    """How somebody wants to be told. `quiet`: hours in which only what is worth getting up for is told; `digest`:
    minute of the day, None for none; `off`: kinds that are never told; `link`: where to look."""

    language: str = "en"
    zone: ZoneInfo = UTC
    quiet: Hours | None = NIGHT
    digest: int | None = NINE
    off: frozenset[str] = frozenset()
    link: str = ""


@dataclass(frozen=True)
class Row:
    """An alarm as its row has it."""

    id: int
    kind: str
    subject: str
    severity: str
    value: int
    since: int
    raised_at: int
    calm_since: int | None = None
    cleared_at: int | None = None
    told_at: int | None = None
    reminders: int = 0
    acked_at: int | None = None


@dataclass(frozen=True)
class Batch:
    """What one message is of."""

    what: str
    rows: tuple[Row, ...]

    @property
    def thread(self) -> str:
        """The alarm whose messages stand together with this one."""
        return str(self.rows[0].id)


def due(rows: Sequence[Row], hushed: Callable[[str, str], bool], manners: Manners, now: int) -> list[Batch]:
    """What is to be told now. `rows`: those that stand, and those that are over and nobody was told. `hushed`:
    whether somebody asked for quiet about a kind and subject."""
    ringing = [row for row in rows if row.cleared_at is None and row.calm_since is None]
    ring = {row.kind for row in ringing}
    known = {row.kind for row in ringing if row.told_at is not None or hushed(row.kind, row.subject)}
    mine = [row for row in ringing if row.severity != INFO and _welcome(row, hushed, manners, now)]
    new = [row for row in mine if _is_new(row) and not _explained(row.kind, ring, known)]
    found = []
    if any(row.severity == PAGE or now - row.raised_at >= GATHER_MS for row in new):
        known |= {row.kind for row in new}
        found.append(Batch(RAISED, tuple(row for row in new if not _explained(row.kind, ring, known))))
    again = [row for row in mine if not _is_new(row) and row.acked_at is None and _remind_at(row) <= now]
    again = [row for row in again if not _explained(row.kind, ring, known)]
    if again:
        found.append(Batch(REMINDER, tuple(again)))
    # A new message of each thread of its own: a recovery stands where its alarm stood.
    stand = {(row.kind, row.subject) for row in rows if row.cleared_at is None}
    over = [row for row in rows if row.cleared_at is not None and row.told_at is not None]
    over = [row for row in over if (row.kind, row.subject) not in stand and _welcome(row, hushed, manners, now)]
    return found + [Batch(CLEARED, (row,)) for row in over]


def _is_new(row: Row) -> bool:
    return row.told_at is None or row.reminders == GREW


def _welcome(row: Row, hushed: Callable[[str, str], bool], manners: Manners, now: int) -> bool:
    """Whether anything of this alarm, its recovery too, may be told at this moment."""
    if row.kind in manners.off or hushed(row.kind, row.subject):
        return False
    return row.severity == PAGE or manners.quiet is None or not is_open(manners.quiet, manners.zone, now)


def _explained(kind: str, ring: set[str], known: set[str]) -> bool:
    """Whether a cause that rings and that somebody knows of explains it, be it through causes that ring between."""
    causes = ring.intersection(PARENTS.get(kind, ()))
    return any(cause in known or _explained(cause, ring, known) for cause in causes)


def _remind_at(row: Row) -> int:
    first = row.told_at or 0
    if row.reminders < len(REMIND_MS):
        return first + REMIND_MS[row.reminders]
    return first + (row.reminders - len(REMIND_MS) + 1) * DAY_MS


def grew(kind: str, before: str, after: str) -> bool:
    """Whether an alarm became worth getting up for: whoever knows of the warning does not know of this."""
    return before != PAGE and after == PAGE and kind not in BY_THE_CLOCK


def reminded(row: Row, now: int) -> int:
    """How many of its reminders are behind after one at this moment: one stands for all that were held back."""
    passed = now - (row.told_at or 0)
    behind = sum(wait <= passed for wait in REMIND_MS) + passed // DAY_MS
    return max(row.reminders + 1, behind)


def text(batch: Batch, manners: Manners) -> tuple[str, str]:
    """(title, body) of a message: what, since when, how much, what to do, where. Nothing of a person is in it."""
    words = SAID[manners.language]
    first = batch.rows[0]
    title = f"{words[batch.what]}: {_name(first, manners)}"
    if len(batch.rows) > 1:
        title += " " + words["more"].format(n=len(batch.rows) - 1)
    lines = [line for row in batch.rows[:SHOWN] for line in _lines(row, batch.what, manners)]
    if len(batch.rows) > SHOWN:
        lines.append(words["more"].format(n=len(batch.rows) - SHOWN))
    return title, "\n".join([*lines, *([manners.link] if manners.link else [])])


def _lines(row: Row, what: str, manners: Manners) -> list[str]:
    words = SAID[manners.language]
    if what == CLEARED:
        lasted = words["lasted"].format(span=span((row.cleared_at or 0) - row.since))
        return [f"{_name(row, manners)}: {lasted}."]
    count = f" ({row.value})" if row.value > 1 else ""
    at = words["since"].format(at=moment(row.since, manners.zone))
    return [f"{_name(row, manners)}{count}, {at}.", words["do"].format(todo=of(row.kind, manners.language)[1]) + "."]


def _name(row: Row, manners: Manners) -> str:
    title = of(row.kind, manners.language)[0] or row.kind
    return f"{title}: {row.subject}" if row.subject else title


def moment(at: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(at / 1000, zone).strftime("%d.%m %H:%M")


def span(ms: int) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    seconds = max(0, ms) // 1000
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def joined(titles: Sequence[str], bodies: Sequence[str], manners: Manners) -> tuple[str, str]:
    """Several messages that had to wait for one another as one."""
    if len(titles) == 1:
        return titles[0], bodies[0]
    more = SAID[manners.language]["more"]
    shown = list(bodies[:SHOWN]) + ([more.format(n=len(bodies) - SHOWN)] if len(bodies) > SHOWN else [])
    return f"{titles[0]} {more.format(n=len(titles) - 1)}", "\n\n".join(shown)


def digest_due(last: int | None, manners: Manners, now: int) -> bool:
    """Whether the daily message is due; `last`: when it was put down for the last time, or the first look ever."""
    if manners.digest is None or last is None:
        return False
    here = datetime.fromtimestamp(now / 1000, manners.zone)
    begins = here.replace(hour=manners.digest // 60, minute=manners.digest % 60, second=0, microsecond=0)
    return last < begins.timestamp() * 1000 <= now


def digest_text(figures: Mapping[str, str], manners: Manners) -> tuple[str, str]:
    """(title, body) of the daily message: a line a figure."""
    title = {"en": "The last 24 hours", "ru": "Последние 24 часа"}[manners.language]
    lines = [f"{name}: {value}" for name, value in figures.items()]
    return title, "\n".join([*lines, *([manners.link] if manners.link else [])])
