"""What someone should look at: computed from the store, kept as rows that are raised once and cleared."""

import time

from core.account.trouble import pauses_of
from core.reason import words
from flow.gateway import Gateway
from store import accounts as trouble
from store import alarms, caps, epoch, figures, workers
from store.alarms import Alarm

WORKER_SEEN_MS = 30_000
WAITS_MS = 60_000
LOOK_S = 5.0
CLEARED_SHOWN_MS = 24 * 3_600_000


class Keeper:
    """Keeps the rows true from any process that is often asked to `look`; one look in 5 s counts."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._looked_at = time.monotonic()  # a worker that starts beside us has checked in by then

    def look(self) -> None:
        if time.monotonic() - self._looked_at >= LOOK_S:
            self._looked_at = time.monotonic()
            keep(self._gateway)


def keep(gateway: Gateway) -> None:
    """Make the rows say what rings now: raised once, cleared when all is well, each with a log line."""
    found = ringing(gateway)
    with gateway.store.read() as tx:
        known = alarms.ringing(tx)
    if {a.name: (a.text, a.count) for a in found} == {a.name: (a.text, a.count) for a in known.values()}:
        return
    with gateway.store.write() as tx:
        raised, cleared = alarms.keep(tx, found, gateway.store.now_ms(tx))
    for name in raised:
        gateway.log.warning("alarm_raised", alarm=name)
    for name in cleared:
        gateway.log.info("alarm_cleared", alarm=name)


def told(gateway: Gateway) -> list[Alarm]:
    """What rings now, since when it was raised, then what was cleared in the last day."""
    found = ringing(gateway)
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        known = alarms.ringing(tx)
        gone = alarms.cleared(tx, now - CLEARED_SHOWN_MS)
    since = {alarm.name: alarm.since for alarm in known.values()}
    return [Alarm(a.name, a.text, a.since if a.since is not None else since.get(a.name), a.count) for a in found] + gone


def ringing(gateway: Gateway) -> list[Alarm]:
    """The alarms of this moment, the weightiest first; empty when all is well."""
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        seen = workers.last_seen(tx)
        late = figures.due_before(tx, gateway.accounts, now - WAITS_MS)
        oldest = figures.oldest_due(tx, gateway.accounts, now)
        unknown, unknown_since = figures.unknowns(tx)
        hour = now - now % figures.HOUR_MS
        refused = figures.refused_per_hour(tx, hour - figures.HOUR_MS)
        in_force = figures.in_force_since(tx)
        accounts = trouble.all_accounts(tx)
        full = caps.reached(tx)
        changed_since = epoch.suspect_since(tx)
    found = []
    if seen is None or now - seen > WORKER_SEEN_MS:
        found.append(Alarm("no_worker", "No worker has been seen for 30 seconds: nobody is being called", seen, 1))
    if changed_since:
        text = "The database is not the one the workers knew (restored, cloned, failed over): calls wait"
        found.append(Alarm("database_changed", text, changed_since, 1))
    if late:
        text = "Leads are due for more than a minute and still wait"
        found.append(Alarm("leads_waiting", text, min(oldest.values()), late))
    paused = [pair for name in sorted(accounts) for pair in pauses_of(accounts[name], name)]
    if paused:
        told = "; ".join(f"{what}: {words(pause.cause, {})}" for what, pause in paused)
        found.append(Alarm("paused", f"Calls wait ({told})", min(pause.since for _, pause in paused), len(paused)))
    if full:
        said = "; ".join(f"{cap.whose} {cap.cap} ({cap.limit})" for cap in full)
        found.append(Alarm("cap_reached", f"Leads wait for room: {said}", min(cap.since for cap in full), len(full)))
    if unknown:
        text = "Calls whose fate is unknown: look in the provider's panel, then resolve, rearm or cancel them"
        found.append(Alarm("unknown_calls", text, unknown_since, unknown))
    if refused:
        names = ", ".join(sorted({source for source, *_ in refused}))
        text = f"Requests without a right proof since the last hour began ({names}): a mistyped token loses leads"
        found.append(Alarm("refused_proofs", text, min(h for _, h, *_ in refused), sum(n for *_, n in refused)))
    files = gateway.sources.files.broken if gateway.sources.files is not None else {}
    if files:
        text = f"Source files with mistakes (the version in force stays): {', '.join(sorted(files))}"
        found.append(Alarm("broken_files", text, None, len(files)))
    if gateway.broken_accounts:
        text = "Account files with mistakes; leads wait or are held until they are mended and all is started again: "
        text += ", ".join(sorted(gateway.broken_accounts))
        found.append(Alarm("broken_accounts", text, None, len(gateway.broken_accounts)))
    if broken := gateway.sources.broken:
        text = f"Versions of sources that cannot be read here: {', '.join(sorted(broken))}"
        since = min((in_force[name] for name in broken if name in in_force), default=None)
        found.append(Alarm("broken_sources", text, since, len(broken)))
    return found
