"""Whether the gateway can do its work: whatever keeps it from that is named, with what to do."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.alarm import Stamp
from core.alarms import CLOCK, CLOCK_MS, CLOCK_TOLD_MS, WORKER_SEEN_MS
from flow.gateway import Gateway
from flow.worker_sight import BLIND
from store import accounts as trouble
from store import epoch, migrate, stamps, workers
from store.engine import Refused, StoreUnavailable, Tx, this_machine

OK = "ok"
# Without these nothing can be stored or nobody is rung: the only ones for which a balancer should take somebody else.
NEEDED = frozenset({"database", "migrations", "worker"})
DEGRADED, NOT_READY = "degraded", "not ready"


@dataclass(frozen=True)
class Ready:
    """`checks`: each is `ok`, or what is wrong and what to do. `paused`: what waits, which is no failure: leads are
    taken. `files`: what is wrong with the owner's files or differs there: the versions in force go on."""

    checks: Mapping[str, str]
    paused: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> str:
        if any(self.checks.get(name, OK) != OK for name in NEEDED):
            return NOT_READY
        return DEGRADED if self.files or any(said != OK for said in self.checks.values()) else OK


def look(gateway: Gateway) -> Ready:
    """Everything that can be asked here; never raises, whatever the database says."""
    paused: Mapping[str, str] = {}
    try:
        gateway.sources.refresh()
        checks, paused = _of_the_database(gateway)
    except StoreUnavailable as why:
        checks = {"database": f"cannot be read ({why}): see whether it runs and DATABASE_URL is right"}
    except Refused as why:
        gateway.log.exception("bug", kind=type(why).__name__)
        checks = {"database": f"refuses what it is asked ({type(why.orig).__name__}): the log says what"}
    broken = "; ".join(f"{name}: {why}" for name, why in sorted(gateway.sources.broken.items()))
    return Ready({**checks, "sources": broken or OK}, paused, _files(gateway))


def _of_the_database(gateway: Gateway) -> tuple[dict[str, str], Mapping[str, str]]:
    """The checks, and what is paused."""
    with gateway.store.read() as tx:
        if not migrate.is_current(tx):
            return {"database": OK, "migrations": "missing: run the release command (flask release)"}, {}
        if not epoch.has_begun(tx):
            return {"database": OK, "migrations": epoch.NONE_BEGUN}, {}
        known, paused = _known(gateway, tx), trouble.what_is_paused(tx)
    return {"database": _writable(gateway), "migrations": OK, **known}, paused


def _writable(gateway: Gateway) -> str:
    """Only a write proves that a lead can be stored."""
    why = gateway.probe.why(gateway.store, time.monotonic_ns() // 1_000_000)
    if not why:
        return OK
    todo = "make room on its disk, or let it be written again (a standby, a read-only disk, a user without the right)"
    return f"cannot be written ({why}): no lead is stored; {todo}"


def _known(gateway: Gateway, tx: Tx) -> dict[str, str]:
    now, known = gateway.store.now_ms(tx), stamps.known(tx)
    seen = workers.last_seen(tx, now)
    alive = seen is not None and now - seen <= WORKER_SEEN_MS
    unwritable = workers.unwritable_journals(tx, now - WORKER_SEEN_MS, now)
    blind = {machine: stamp.said for machine, stamp in _by_machine(known, BLIND, now - WORKER_SEEN_MS).items()}
    return {
        "worker": OK if alive else "no worker has looked at this database in the last 30 s: start one (flask worker)",
        "journal": _joined(
            f"cannot be written on {machine} ({why}): nobody is rung from there; make room on its disk or mend RUN_DIR"
            for machine, why in sorted(unwritable.items())
        ),
        "worker sees": _joined(f"the worker on {machine} {why}" for machine, why in sorted(blind.items())),
        "clock": _clock(gateway, known, now),
    }


def _clock(gateway: Gateway, known: Mapping[str, Stamp], now: int) -> str:
    off = {machine: int(stamp.said) for machine, stamp in _by_machine(known, CLOCK, now - CLOCK_TOLD_MS).items()}
    if gateway.store.has_own_clock and abs(own := now - time.time_ns() // 1_000_000) > CLOCK_MS:
        off[this_machine()] = own
    todo = "signatures are refused, calls wait; switch time synchronisation on (timedatectl)"
    return _joined(f"that of {machine} is {abs(ms) // 1000} s off: {todo}" for machine, ms in sorted(off.items()))


def _by_machine(known: Mapping[str, Stamp], name: str, since: int) -> dict[str, Stamp]:
    """Machine -> what is wrong there and was said since then."""
    found = {key.partition(" ")[2]: stamp for key, stamp in known.items() if key.partition(" ")[0] == name}
    return {machine: stamp for machine, stamp in found.items() if machine and not stamp.well and stamp.at >= since}


def _files(gateway: Gateway) -> dict[str, str]:
    files = gateway.sources.files
    unreadable = gateway.secrets_problem()
    secrets = {"SECRETS_FILE": unreadable} if unreadable else {}
    if files is None:
        return secrets
    return (
        {name: f"differs from what is in force: {why}" for name, why in files.differing.items()}
        | files.broken
        | secrets
    )


def _joined(said: Iterable[str]) -> str:
    return "; ".join(said) or OK
