"""An alarm, and the facts that alarms are of. Pure. Times are milliseconds since 1970."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.account.trouble import Trouble

PAGE = "page"  # somebody should get up for it
WARN = "warn"  # today is soon enough
INFO = "info"  # a line for whoever looks, and for the day's digest

UNSTORED = "not_stored"  # the cause under which a request that was answered 503 is counted


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
    """A cap that is reached: of the `source` (empty: the totals), in words `whose` it is, until when (None: not known)
    and which `line` to raise."""

    source: str
    whose: str
    cap: str
    limit: str
    since: int
    until: int | None = None
    line: str = ""


@dataclass(frozen=True)
class NearCap:
    """A cap of which 4 of 5 parts are used."""

    whose: str
    cap: str
    used: str
    limit: str
    line: str


@dataclass(frozen=True)
class Waiting:
    """So many leads of a source wait for a person, the first of them since then."""

    source: str
    count: int
    since: int


@dataclass(frozen=True)
class Share:
    """Of a source's newest `of` leads so many are `held`; of those of four weeks, `usual` of a hundred."""

    source: str
    held: int
    of: int
    usual: float


@dataclass(frozen=True)
class Silent:
    """A source from which no lead has come since then although so many should have; empty: all sources together.
    `usual`: leads in an hour like this; `line`: so many have to be missing; `awake`: its people may be called now."""

    source: str
    since: int
    missing: float = 0.0
    line: float = 0.0
    usual: float = 0.0
    awake: bool = True
    too_long: bool = False  # for longer than its owner wants to wait, whatever is usual

    @property
    def rings(self) -> bool:
        return self.too_long or (self.line > 0 and self.missing >= self.line)


@dataclass(frozen=True)
class Room:
    """The disk that a place of ours lies on, in bytes."""

    place: str
    free: int
    total: int


@dataclass(frozen=True)
class Stamp:
    """That something which should happen by itself did, and how it went."""

    at: int
    well: bool
    said: str = ""


@dataclass(frozen=True)
class Seen:
    """What only the watch itself knows, because it looked. `watching_since`: when it began to. `outside`: what was
    wrong with our address as the world sees it, empty for nothing. `clock_off_ms`: this machine's clock against the
    database server's, None where there is no other clock."""

    watching_since: int = 0
    rooms: tuple[Room, ...] = ()
    wal_bytes: int = 0
    silence_ms: Mapping[str, int] = field(default_factory=dict)  # source -> the longest its owner accepts; 0: any
    clock_off_ms: int | None = None
    machine: str = ""
    outside: str = ""
    certificate_until: int | None = None  # of PUBLIC_URL; None: it has none, or nobody could look


@dataclass(frozen=True)
class Facts:
    """What is known at the moment `now`. Counts are of leads or requests, `_since` is when the oldest of them began.

    `worker_seen`: one that can write its journal, so that it rings. `late`: without those that wait for a pause, for
    room under a cap or for a CRM that does not answer. `asked_for`: (account, script) of those paused that a lead waits
    for. `crms`: source -> questions without an answer in a row, where leads wait for it. `begun`: calls begun in the
    last ten minutes, `unsent`: how -> those of them that we gave up before a byte left.
    `refused_hours`: (source, start of the hour, refused proofs) of this hour and the one before; `right_requests`:
    source -> those taken in that time, `turned_away`: those refused unread; `not_stored`: those answered 503.
    `unreadable`: version's name -> since when it is in force. What is `broken` or `unreadable` is known to the asking
    process alone. `stamps`: what happens by itself -> its last time."""

    now: int
    worker_seen: int | None = None
    unwritable_journals: Mapping[str, str] = field(default_factory=dict)  # machine -> why
    other_database_since: int | None = None
    late: int = 0
    late_since: int | None = None
    stuck: int = 0
    stuck_since: int | None = None
    accounts: Mapping[str, Trouble] = field(default_factory=dict)
    asked_for: frozenset[tuple[str, str]] = frozenset()
    crms: Mapping[str, int] = field(default_factory=dict)
    begun: int = 0
    unsent: Mapping[str, int] = field(default_factory=dict)
    full: tuple[FullCap, ...] = ()
    near: tuple[NearCap, ...] = ()
    unknown: int = 0
    unknown_since: int | None = None
    refused_hours: tuple[tuple[str, int, int], ...] = ()
    right_requests: Mapping[str, int] = field(default_factory=dict)
    turned_away: Mapping[str, int] = field(default_factory=dict)
    not_stored: int = 0
    silent: tuple[Silent, ...] = ()
    waited: tuple[int, ...] = ()  # the newest first calls that no rule and no known trouble made wait, ms from the lead
    held: tuple[Share, ...] = ()
    held_long: tuple[Waiting, ...] = ()  # longer than an hour of calling time
    other_person: tuple[Waiting, ...] = ()  # came under another lead's id with another number
    broken_files: frozenset[str] = frozenset()
    broken_accounts: frozenset[str] = frozenset()
    unreadable: Mapping[str, int | None] = field(default_factory=dict)
    stamps: Mapping[str, Stamp] = field(default_factory=dict)
    database_since: int | None = None
    dead_channels: Mapping[str, str] = field(default_factory=dict)
    seen: Seen = field(default_factory=Seen)
