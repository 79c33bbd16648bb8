"""The watch: a process of its own that looks, raises and clears alarms, and calls for help."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from core.alarm import Room, Seen
from flow import alarms, heartbeat, telling
from flow.away import Away
from flow.gateway import Gateway
from flow.telling import Help
from store import quiets
from store.engine import StoreUnavailable, this_machine

EVERY_MS = 15_000
JUMP_MS = 60_000
CERTIFICATE_EVERY_MS = 3_600_000


class Watch:
    """`turn` is one look; it is made each `EVERY_MS`. `wall`: seconds since 1970 by this machine's clock.
    `outside`: what is wrong with PUBLIC_URL as the world sees it, empty for nothing; `certificate`: until when its
    certificate is good, in milliseconds since 1970, None where that cannot be said."""

    def __init__(
        self,
        gateway: Gateway,
        *,
        places: Sequence[Path] = (),
        outside: Callable[[], str] = lambda: "",
        certificate: Callable[[], int | None] = lambda: None,
        wall: Callable[[], float] = time.time,
        help_: Help | None = None,
    ) -> None:
        self._help = help_ or Help()
        self._away = Away(gateway, self._help)
        self._gateway, self._places, self._outside, self._wall = gateway, places, outside, wall
        self._certificate = certificate
        self._certificate_until: int | None = None
        self._certificate_at_ms = 0  # when it was looked at
        self._since = self._looked_at = self._ticks = 0
        self._times: dict[tuple[str, str], int] = {}
        self.seen_outside = ""  # what was wrong with PUBLIC_URL at the last look
        self.away = ""  # why the database could not be asked, at the last look

    def turn(self) -> None:
        """Look at everything once. A database that is away is remembered, never raised."""
        try:
            alarms.keep(self._gateway, self._seen(), self._times)
            telling.put_down(self._gateway, self._help)
            self.away = ""
        except StoreUnavailable as why:
            if not self.away:
                self._gateway.log.warning("store_unavailable", why=str(why))
            self.away = str(why)
        self._away.look(self.away, int(self._wall() * 1000))

    def trouble(self) -> str:
        """Why the last look is no proof that everything works; empty where it is one."""
        try:
            return heartbeat.trouble(self._gateway, self.away, self.seen_outside, self._help.channels)
        except StoreUnavailable:
            return "the database is away"

    def _seen(self) -> Seen:
        store = self._gateway.store
        with store.read() as tx:
            now = store.now_ms(tx)
            self._away.quiets = quiets.holding(tx, now)
        self.seen_outside = self._outside()
        self._since = self._since or now
        ticks = time.monotonic_ns() // 1_000_000
        if abs((now - self._looked_at) - (ticks - self._ticks)) > JUMP_MS:
            self._since = now  # a clock was set, or the machine slept: nobody has been missed yet
        self._looked_at, self._ticks = now, ticks
        return Seen(
            watching_since=self._since,
            rooms=tuple(self._rooms()),
            silence_ms=self._help.silence_ms,
            wal_bytes=_size(Path(f"{store.path}-wal")) if store.path is not None else 0,
            clock_off_ms=now - int(self._wall() * 1000) if store.has_own_clock else None,
            machine=this_machine(),
            outside=self.seen_outside,
            certificate_until=self._certificate_ends(now),
        )

    def _certificate_ends(self, now: int) -> int | None:
        if now - self._certificate_at_ms >= CERTIFICATE_EVERY_MS:
            self._certificate_until, self._certificate_at_ms = self._certificate(), now
        return self._certificate_until

    def _rooms(self) -> list[Room]:
        """Each disk once, by the first of our places on it."""
        found: dict[int, Room] = {}
        for place in self._places:
            there = next((path for path in (place, *place.parents) if path.exists()), None)
            if there is not None and (disk := os.stat(there).st_dev) not in found:
                usage = shutil.disk_usage(there)
                found[disk] = Room(str(place), usage.free, usage.total)
        return list(found.values())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
