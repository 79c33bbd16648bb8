"""Whether leads can be stored and somebody works on them, and whatever else is not as it should be, with what to do."""

import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.alarms import CLOCK_MS, WORKER_SEEN_MS
from flow.gateway import Gateway
from store import accounts, migrate, workers
from store.engine import StoreUnavailable
from store.epoch import OtherDatabase

ROOM_BYTES = 50_000_000
OK = "ok"
NO_WORKER = "no worker has looked at this database in the last 30 s: start one (flask worker)"


@dataclass(frozen=True)
class Ready:
    """`able`: leads are stored and a worker looks at this database. `checks`: name -> ok, or what is wrong and what to
    do. `paused`: whose calls wait, which is no failure."""

    able: bool
    checks: Mapping[str, str]
    paused: Mapping[str, str] = field(default_factory=dict)

    @property
    def well(self) -> bool:
        return self.able and all(said == OK for said in self.checks.values())


def look(gateway: Gateway) -> Ready:
    """Everything, as this process and the workers see it."""
    try:
        with gateway.store.read() as tx:
            if not migrate.is_current(tx):
                said = "missing: run the release command (flask release)"
                return Ready(False, {"database": OK, "migrations": said})
            now = gateway.store.now_ms(tx)
            alive = workers.alive(tx, now - WORKER_SEEN_MS)
            paused = accounts.what_is_paused(tx)
    except StoreUnavailable as why:
        return Ready(False, {"database": f"{why}: see whether it runs, and whether DATABASE_URL is right"})
    gateway.sources.refresh()
    written = gateway.probe.look(gateway.store) or OK
    checks = {"database": written, "migrations": OK, "worker": OK if alive else NO_WORKER}
    checks |= dict.fromkeys(("journal", "disk", "clock", "secrets", "sources", "files", "accounts"), OK)
    checks |= ails(gateway, now) | _files(gateway)
    for worker, told in alive.items():
        checks |= {f"{name} (worker {worker})": text for name, text in told.items() if checks.get(name) != text}
    return Ready(written == OK and bool(alive), checks, paused)


def ails(gateway: Gateway, now_ms: int) -> dict[str, str]:
    """What this process cannot do here, by its name; empty when all is well."""
    found = _run_directory(gateway)
    off_ms = abs(now_ms - int(time.time() * 1000)) if gateway.store.has_own_clock else 0
    if off_ms > CLOCK_MS:
        found["clock"] = f"{off_ms // 1000} s off the database server's: switch time synchronisation on (timedatectl)"
    blind = [name for name in gateway.sources.names() if _without_secret(gateway, name)]
    if blind:
        found["secrets"] = f"no value for the secret of {', '.join(blind)}: put it into the environment or SECRETS_FILE"
    if unreadable := gateway.secrets_problem():
        found["secrets"] = unreadable
    if gateway.sources.broken:
        said = "; ".join(f"{name}: {why}" for name, why in gateway.sources.broken.items())
        found["sources"] = f"{said}: this machine runs an older release"
    return found


def _run_directory(gateway: Gateway) -> dict[str, str]:
    try:
        folder = gateway.journal.directory
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except (OSError, StoreUnavailable, OtherDatabase) as why:
        return {"journal": f"the run directory cannot be made ({type(why).__name__}): see RUN_DIR"}
    if not os.access(folder, os.W_OK | os.X_OK):
        return {"journal": f"{folder} cannot be written: no call is placed; see RUN_DIR and its owner"}
    if free < ROOM_BYTES:
        return {"disk": f"{free // 1_000_000} MB are left for {folder}: make room"}
    return {}


def _without_secret(gateway: Gateway, name: str) -> bool:
    known = gateway.sources.get(name)
    if known is None or not known.source.auth.secrets:
        return False
    return not any(gateway.secrets(reference) for reference in known.source.auth.secrets)


def _files(gateway: Gateway) -> dict[str, str]:
    """A file with a mistake: what is in force goes on."""
    files, found = gateway.sources.files, {}
    if files is not None and files.broken:
        found["files"] = f"mistakes in {', '.join(sorted(files.broken))}; what is in force goes on: flask sources check"
    if gateway.broken_accounts:
        found["accounts"] = f"mistakes in {', '.join(sorted(gateway.broken_accounts))}: mend them, start all again"
    return found
