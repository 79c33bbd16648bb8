"""What someone should look at now, computed when asked: nothing here is stored."""

from dataclasses import dataclass

from core.reason import words
from core.trouble import pauses_of
from flow.house import House
from store import figures, trouble
from store import house as workers

WORKER_SEEN_MS = 30_000
WAITS_MS = 60_000


@dataclass(frozen=True)
class Alarm:
    """`since` in milliseconds, None where it cannot be known; `count` of what the text speaks of."""

    name: str
    text: str
    since: int | None
    count: int


def ringing(house: House) -> list[Alarm]:
    """The alarms of this moment, the weightiest first; empty when all is well."""
    with house.store.read() as tx:
        now = house.store.now_ms(tx)
        seen = workers.last_seen(tx)
        late = figures.due_before(tx, house.voices, now - WAITS_MS)
        oldest = figures.oldest_due(tx, house.voices)
        unknown, unknown_since = figures.unknowns(tx)
        hour = now - now % figures.HOUR_MS
        refused = figures.refused_per_hour(tx, hour - figures.HOUR_MS)
        in_force = figures.in_force_since(tx)
        accounts = trouble.all_accounts(tx)
    found = []
    if seen is None or now - seen > WORKER_SEEN_MS:
        found.append(Alarm("no_worker", "No worker has been seen for 30 seconds: nobody is being called", seen, 1))
    if late:
        text = "Leads are due for more than a minute and still wait"
        found.append(Alarm("leads_waiting", text, min(oldest.values()), late))
    paused = [pair for name in sorted(accounts) for pair in pauses_of(accounts[name], name)]
    if paused:
        told = "; ".join(f"{what}: {words(pause.cause, {})}" for what, pause in paused)
        found.append(Alarm("paused", f"Calls wait ({told})", min(pause.since for _, pause in paused), len(paused)))
    if unknown:
        text = "Calls whose fate is unknown: look in the provider's panel, then resolve, rearm or cancel them"
        found.append(Alarm("unknown_calls", text, unknown_since, unknown))
    if refused:
        names = ", ".join(sorted({source for source, *_ in refused}))
        text = f"Requests without a right proof since the last hour began ({names}): a mistyped token loses leads"
        found.append(Alarm("refused_proofs", text, min(h for _, h, *_ in refused), sum(n for *_, n in refused)))
    if broken := house.sources.broken:
        text = f"Versions of sources that cannot be read here: {', '.join(sorted(broken))}"
        since = min((in_force[name] for name in broken if name in in_force), default=None)
        found.append(Alarm("broken_sources", text, since, len(broken)))
    return found
