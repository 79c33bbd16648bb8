"""The versions in force, of the sources and of the policy over all of them, as this process last read them from the
database.

A process that cannot read a version keeps the last it could; no source can stop it or another source.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from core.overall import POLICY, Overall, Standing
from core.source import Source
from flow import compare
from store import versions
from store.engine import Store, StoreUnavailable, Tx

log = structlog.get_logger()
FromText = Callable[[str, str], object]  # a Source, an Overall under the policy's name, or what is wrong with the text


@dataclass(frozen=True)
class InForceSource:
    """A source and the number of its version."""

    n: int
    source: Source
    removed: bool = False


@dataclass(frozen=True)
class Taken:
    """A text that came into force as version `n`; `may_fit` counts the held leads that a source's gives a call."""

    n: int
    may_fit: int


class Files(Protocol):
    """What watches the files in this process; both maps go from a version's name to a text."""

    broken: dict[str, str]
    differing: dict[str, str]

    def has_file(self, name: str) -> bool:
        """Whether there is a file for a source of this name, whatever stands in it."""
        ...

    def unsettled(self, standing: Mapping[str, Standing]) -> Collection[str]:
        """Names whose file has not had its say yet over what stands in the database."""
        ...


class InForce:
    """Reads what changed at each `refresh`, called about twice a second; `get` costs a dictionary look-up."""

    def __init__(self, store: Store, from_text: FromText) -> None:
        self._store = store
        self._from_text = from_text
        self._known: dict[str, InForceSource] = {}
        self._standing: dict[str, Standing] = {}
        self._read_as: dict[str, Standing] = {}  # the row of each name whose version we could read
        self._refreshing = threading.Lock()
        self._changed: set[str] = set()
        self._away = False  # the database, at the last reading
        self.overall = Overall()  # what the policy in force says over all sources
        self.broken: dict[str, str] = {}  # names whose version in force this process cannot read
        self.files: Files | None = None  # in processes that watch them

    def get(self, name: str) -> InForceSource | None:
        """The source in force, a removed one too (`removed`); None for a name that never was one."""
        return self._known.get(name)

    def fresh(self, name: str) -> InForceSource | None:
        """The same where `get` knows none: asks the database whether another process has just taken it. A
        stranger's invented name costs one look-up by key."""
        try:
            with self._store.read() as tx:
                was_taken = versions.was_source(tx, name)
        except StoreUnavailable:
            return None
        if was_taken:
            self.refresh()
        return self._known.get(name)

    def never_was(self, name: str) -> bool:
        """Whether it is certain that no source was ever called so, nor will be in a moment. While the database is
        away it never is, nor where only this process cannot read the source's version, nor where a file of it is."""
        if self.files is not None and self.files.has_file(name):
            return False
        try:
            with self._store.read() as tx:
                return not versions.was_source(tx, name)
        except StoreUnavailable:
            return False

    def behind(self, tx: Tx, names: Collection[str]) -> frozenset[str]:
        """Those of these sources that are not what this process knows of them: a version that it is about to read,
        or a removal. Until then nothing may be decided on their leads."""
        taken = versions.in_force(tx, names)
        known = {name: one.n for name in names if (one := self.get(name)) is not None and not one.removed}
        return frozenset(name for name in names if taken.get(name) != known.get(name))

    def unreadable(self) -> frozenset[str]:
        """The sources whose version in force is none to ring by: this process cannot read it, or a file on this machine
        may say otherwise and has not been compared with it yet."""
        unsettled = frozenset[str]() if self.files is None else frozenset(self.files.unsettled(self._standing))
        return frozenset(self.broken) | (frozenset(self.names()) if POLICY in unsettled else unsettled)

    def names(self) -> list[str]:
        """The names of the sources in force."""
        return sorted(name for name, known in self._known.items() if not known.removed)

    def instead(self, source: Source) -> "InForce":
        """The same sources with this one in place of its version (numbered 0), for a trial."""
        other = InForce(self._store, self._from_text)
        other._known = {**self._known, source.name: InForceSource(0, source)}
        other.overall = self.overall
        return other

    def refresh(self) -> list[str]:
        """Read what changed since the last time; the sources whose version this process now has anew."""
        with self._refreshing:
            try:
                changed = self._read()
            except StoreUnavailable as why:
                if not self._away:
                    log.warning("versions_not_read", why=str(why))
                self._away = True
                return []
            self._away = False
            self._changed.update(changed)
            return changed

    def changed(self) -> list[str]:
        """The sources that came anew since this was last asked, by whoever refreshed."""
        with self._refreshing:
            names, self._changed = sorted(self._changed), set()
            return names

    def standing(self) -> Mapping[str, Standing]:
        """Whatever was ever taken, by its name, as it was last read."""
        return self._standing

    def had(self, name: str, digest: str) -> bool:
        """Whether any version under this name had this text."""
        with self._store.read() as tx:
            return versions.had_text(tx, name, digest)

    def take(self, name: str, text: str, *, after: int, who: str, why: str = "") -> Taken | None:
        """Make a valid text version `after` + 1 under its name; None when `after` is not the newest any more."""
        with self._store.write() as tx:
            now = self._store.now_ms(tx)
            n = versions.put_in_force(tx, name, text, after=after, who=who, now=now, why=why)
        if n is None:
            return None
        self.refresh()
        log.info("version_taken", name=name, version=n, who=who)
        said = self._from_text(name, text)
        fitting = 0
        if isinstance(said, Source):
            with self._store.read() as tx:
                fitting = compare.held_that_fit(tx, said, self._store.now_ms(tx))
        if fitting:
            log.info("held_leads_may_fit", source=name, said=compare.may_fit(name, fitting))
        return Taken(n, fitting)

    def _read(self) -> list[str]:
        changed = []
        standing = versions.standing_of(self._store.ask([versions.STANDING])[1][0])
        anew = {name: row for name, row in standing.items() if self._read_as.get(name) != row}
        for name, text in self._texts(anew).items():
            row, said = standing[name], self._from_text(name, text)
            if isinstance(said, Source):
                self._known[name] = InForceSource(row.n, said, row.removed)
                changed.append(name)
            elif isinstance(said, Overall):
                self.overall = said
            else:  # a newer release wrote it: keep what we have
                self._say_broken(name, row.n, str(said))
                continue
            self.broken.pop(name, None)
            self._read_as[name] = row
        self._standing = standing
        return changed

    def _texts(self, rows: Mapping[str, Standing]) -> dict[str, str]:
        if not rows:
            return {}
        with self._store.read() as tx:
            return {name: versions.version(tx, name, row.n).text for name, row in rows.items()}

    def _say_broken(self, name: str, n: int, why: str) -> None:
        if name not in self.broken:
            keeps = self._read_as[name].n if name in self._read_as else None
            log.error("version_unreadable", name=name, version=n, why=why, keeps=keeps)
        self.broken[name] = why
