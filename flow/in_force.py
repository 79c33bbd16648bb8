"""The versions of sources in force, as this process last read them from the database.

A process that cannot read a version keeps the last it could; no source can stop it or another source.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from core.source import Source, Standing
from flow import compare
from store import versions as sources
from store.engine import Store, StoreUnavailable

log = structlog.get_logger()
FromText = Callable[[str, str], object]  # a Source, or what is wrong with the text
LOOK_S = 0.5


@dataclass(frozen=True)
class InForceSource:
    """A source and the number of its version."""

    n: int
    source: Source
    removed: bool = False


@dataclass(frozen=True)
class Taken:
    """A text that came into force as version `n`; `may_fit` counts the held leads that it gives a call."""

    n: int
    may_fit: int


class Files(Protocol):
    """What watches the source files in this process; both maps go from a source's name to a text."""

    broken: dict[str, str]
    differing: dict[str, str]

    def look(self) -> None:
        """One look at the files, about twice a second; puts into force what is new and whole."""
        ...


class InForce:
    """Reads what changed at each `refresh`, called about twice a second; `get` costs a dictionary look-up."""

    def __init__(self, store: Store, from_text: FromText) -> None:
        self._store = store
        self._from_text = from_text
        self._known: dict[str, InForceSource] = {}
        self._standing: dict[str, Standing] = {}
        self._refreshing = threading.Lock()
        self._starting = threading.Lock()
        self._ended = threading.Event()
        self._keeper = 0  # the process whose thread keeps this up to date
        self._changed: set[str] = set()
        self._away = False  # the database, at the last reading
        self.broken: dict[str, str] = {}  # sources whose version in force this process cannot read
        self.files: Files | None = None  # looked at after each reading of the versions
        self.beside: list[Callable[[], None]] = []  # what else is to be looked at twice a second

    def get(self, name: str) -> InForceSource | None:
        """The source in force, a removed one too (`removed`); None for a name that never was one."""
        return self._known.get(name)

    def fresh(self, name: str) -> InForceSource | None:
        """The same where `get` knows none: asks the database whether another process has just taken it. A
        stranger's invented name costs one look-up by key."""
        try:
            with self._store.read() as tx:
                was_taken = sources.newest(tx, name) > 0
        except StoreUnavailable:
            return None
        if was_taken:
            self.refresh()
        return self._known.get(name)

    def never_was(self, name: str) -> bool:
        """Whether it is certain that no source was ever called so. While the database is away it never is,
        nor where only this process cannot read the source's version."""
        try:
            with self._store.read() as tx:
                return sources.newest(tx, name) == 0
        except StoreUnavailable:
            return False

    def names(self) -> list[str]:
        """The names of the sources in force."""
        return sorted(name for name, known in self._known.items() if not known.removed)

    def instead(self, source: Source) -> "InForce":
        """The same sources with this one in place of its version (numbered 0), for a trial."""
        other = InForce(self._store, self._from_text)
        other._known = {**self._known, source.name: InForceSource(0, source)}
        return other

    def keep_fresh(self, seconds: float = LOOK_S) -> None:
        """Refresh now, and from then on in a thread of this process, which watches the files too; costs
        nothing once it runs."""
        if self._keeper == os.getpid():
            return
        with self._starting:
            if self._keeper == os.getpid():
                return
            self._refresh_surely()
            threading.Thread(target=self._for_ever, args=(seconds,), name="in-force", daemon=True).start()
            self._keeper = os.getpid()

    def _for_ever(self, seconds: float) -> None:
        while True:
            try:
                for look in self.beside:
                    look()
                if self.files is not None and not self._away:
                    self.files.look()
            except StoreUnavailable as why:
                log.warning("files_not_compared", why=str(why))
            except Exception:
                log.exception("look_failed")  # a bug of ours must not end the looking
            if self._ended.wait(seconds):
                return
            self._refresh_surely()

    def _refresh_surely(self) -> None:
        try:
            self.refresh()
        except Exception:
            log.exception("refresh_failed")  # a database before its migrations, or a bug of ours

    def end(self) -> None:
        """Keep fresh no longer."""
        self._ended.set()

    def refresh(self) -> list[str]:
        """Read what changed since the last time; the names whose version this process now has anew."""
        with self._refreshing:
            try:
                changed = self._read()
            except StoreUnavailable as why:
                if not self._away:
                    log.warning("sources_unreadable", why=str(why))
                self._away = True
                return []
            self._away = False
            self._changed.update(changed)
            return changed

    def changed(self) -> list[str]:
        """The names that came anew since this was last asked, by whoever refreshed."""
        with self._refreshing:
            names, self._changed = sorted(self._changed), set()
            return names

    def standing(self) -> Mapping[str, Standing]:
        """Every source that was ever taken, as it was last read."""
        return self._standing

    def had(self, name: str, digest: str) -> bool:
        """Whether any version of the source had this text."""
        with self._store.read() as tx:
            return sources.had_text(tx, name, digest)

    def take(self, name: str, text: str, *, after: int, who: str, why: str = "") -> Taken | None:
        """Make a valid text version `after` + 1 of the source; None when `after` is not its newest any more."""
        with self._store.write() as tx:
            now = self._store.now_ms(tx)
            n = sources.put_in_force(tx, name, text, after=after, who=who, now=now, why=why)
        if n is None:
            return None
        self.refresh()
        log.info("source_taken", source=name, version=n, who=who)
        source = self._from_text(name, text)
        fitting = 0
        if isinstance(source, Source):
            with self._store.read() as tx:
                fitting = compare.held_that_fit(tx, source, self._store.now_ms(tx))
        if fitting:
            log.info("held_leads_may_fit", source=name, said=compare.may_fit(name, fitting))
        return Taken(n, fitting)

    def _read(self) -> list[str]:
        changed = []
        with self._store.read() as tx:
            standing = sources.standing(tx)
            for name, row in standing.items():
                known = self._known.get(name)
                if known is not None and (known.n, known.removed) == (row.n, row.removed):
                    continue
                source = self._from_text(name, sources.version(tx, name, row.n).text)
                if not isinstance(source, Source):  # a newer release wrote it: keep what we have, and say so
                    if name not in self.broken:
                        keeps = known and known.n
                        log.error("source_unreadable", source=name, version=row.n, why=str(source), keeps=keeps)
                    self.broken[name] = str(source)
                    continue
                self.broken.pop(name, None)
                self._known[name] = InForceSource(row.n, source, row.removed)
                changed.append(name)
        self._standing = standing
        return changed
