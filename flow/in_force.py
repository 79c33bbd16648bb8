"""The versions of sources in force, as this process last read them from the database.

A process that cannot read a version keeps the last it could; no source can stop it or another source.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from core.source import Source
from store import sources
from store.engine import Store, StoreUnavailable

log = structlog.get_logger()
FromText = Callable[[str, str], object]  # a Source, or what is wrong with the text


@dataclass(frozen=True)
class InForceSource:
    """A source and the number of its version."""

    n: int
    source: Source
    removed: bool = False


class InForce:
    """Reads what changed at each `refresh`, called about twice a second; `get` costs a dictionary look-up."""

    def __init__(self, store: Store, from_text: FromText) -> None:
        self._store = store
        self._from_text = from_text
        self._known: dict[str, InForceSource] = {}
        self._refreshing = threading.Lock()
        self._starting = threading.Lock()
        self._keeper = 0  # the process whose thread keeps this up to date
        self.broken: dict[str, str] = {}  # sources whose version in force this process cannot read

    def get(self, name: str) -> InForceSource | None:
        """The source in force, a removed one too (`removed`); None for a name that never was one."""
        return self._known.get(name)

    def keep_fresh(self, seconds: float = 0.5) -> None:
        """Refresh now and from then on in a thread of this process; costs nothing once it runs."""
        if self._keeper == os.getpid():
            return
        with self._starting:
            if self._keeper == os.getpid():
                return
            self.refresh()
            threading.Thread(target=self._refresh_for_ever, args=(seconds,), name="in-force", daemon=True).start()
            self._keeper = os.getpid()

    def _refresh_for_ever(self, seconds: float) -> None:
        while True:
            time.sleep(seconds)
            self.refresh()

    def names(self) -> list[str]:
        """The names of the sources in force."""
        return sorted(name for name, known in self._known.items() if not known.removed)

    def refresh(self) -> list[str]:
        """Read what changed since the last time; the names whose version this process now has anew."""
        with self._refreshing:
            try:
                return self._read()
            except StoreUnavailable as why:
                log.warning("sources_unreadable", why=str(why))
                return []

    def _read(self) -> list[str]:
        changed = []
        with self._store.read() as tx:
            for name, (n, removed) in sources.numbers_in_force(tx).items():
                known = self._known.get(name)
                if known is not None and (known.n, known.removed) == (n, removed):
                    continue
                source = self._from_text(name, sources.version(tx, name, n).text)
                if not isinstance(source, Source):  # a newer release wrote it: keep what we have, and say so
                    if name not in self.broken:
                        log.error("source_unreadable", source=name, version=n, why=str(source), keeps=known and known.n)
                    self.broken[name] = str(source)
                    continue
                self.broken.pop(name, None)
                self._known[name] = InForceSource(n, source, removed)
                changed.append(name)
        return changed
