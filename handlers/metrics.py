"""Operators' /metrics: Prometheus text, read from the database at each scrape.

All web processes tell the same, because nothing is counted in them. No label holds personal data,
and every label's values are few: sources, states, outcomes, causes. What a stranger can make us read
is bounded: a scrape is kept for a few seconds, and for so long that reading takes no more than a twentieth of the time.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, current_app, request
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily as Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from core.account.trouble import Trouble
from core.alarm import Silent
from core.alarms import WORKER_SEEN_MS
from core.durations import HOUR_MS
from core.release import RELEASE
from core.states import NEEDS_A_PERSON
from flow import silence
from flow.gateway import Gateway
from handlers.errors import problem
from handlers.metrics_today import ANSWERED_MS, CALLED_MS, families
from handlers.nearby import may_look
from store import accounts as trouble
from store import alarms, figures, stamps, today, workers
from store.engine import Tx

blueprint = Blueprint("metrics", __name__)
KEPT_S = 5.0
SHARE = 20


class Figures(Collector):
    """What the database says at this moment."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def collect(self) -> Iterator[Metric]:
        gateway = self._gateway
        with gateway.store.read() as tx:
            now = gateway.store.now_ms(tx)
            hour = now - HOUR_MS
            by_source = figures.counts_by_source(tx)
            tried = figures.attempts_since(tx, hour)
            refused = figures.refused_per_hour(tx, hour - now % HOUR_MS)
            accounts = trouble.all_accounts(tx)
            due = _due(gateway, tx, accounts, now)
            seen = workers.how_many(tx, now - WORKER_SEEN_MS, now)
            beside = figures.refused_beside(tx, hour - now % HOUR_MS)
            ringing = alarms.ringing(tx)
            stamped = stamps.known(tx)
            silent = silence.look(gateway, tx, now)
            worker_seen = workers.last_seen(tx, now)
            counted = today.read(tx, sorted(gateway.sources.names()), now, CALLED_MS, ANSWERED_MS)
        leads = {(source, state): n for source, states in by_source.items() for state, n in states.items()}
        attempts = {(outcome, how): n for outcome, how, n in tried}
        proofs: Counter[tuple[str, str]] = Counter()
        for source, _, cause, n in refused:
            proofs[source, cause] += n
        waits = {(state,): (now - at) / 1000 for state, at in due.items()}
        paused = {(name,): int(known.pause is not None) for name, known in accounts.items()}
        broken = len(gateway.sources.broken)
        yield _gauge("leads", "Leads by source and state", ("source", "state"), leads)
        yield _gauge("attempts_last_hour", "Attempts started in the last hour", ("outcome", "how"), attempts)
        yield _gauge("refused_proofs", "Of this hour and the one before", ("source", "cause"), proofs)
        yield _gauge(
            "oldest_due_seconds",
            "How long the longest waiting lead is due, but for pauses, full caps and CRMs that fail",
            ("state",),
            waits,
        )
        yield _gauge("account_paused", "1 while the account's calls wait", ("account",), paused)
        yield _gauge("workers", "Workers seen in the last 30 seconds", (), {(): seen})
        unread = {(source, cause): n for cause, counts in beside.items() for source, n in counts.items()}
        yield _gauge("refused_unread", "Of this hour and the one before", ("source", "cause"), unread)
        yield _gauge(
            "alarms",
            "1 while it rings",
            ("kind", "subject", "severity"),
            {(one.kind, one.subject, one.severity): 1 for one in ringing.values()},
        )
        ages = {(name,): (now - stamp.at) / 1000 for name, stamp in stamped.items() if " " not in name}  # a machine's
        yield _gauge("stamp_age_seconds", "Since what happens by itself last happened", ("name",), ages)
        yield from _waits(leads, silent, worker_seen, now)
        yield _gauge("broken_sources", "Sources whose version in force this process cannot read", (), {(): broken})
        build = {(RELEASE, gateway.store.url.get_backend_name()): 1}
        yield _gauge("build_info", "Always 1", ("release", "database"), build)
        yield from families(counted)


def _due(gateway: Gateway, tx: Tx, accounts: Mapping[str, Trouble], now: int) -> dict[str, int]:
    """State -> since when the longest waiting lead is due; what something else explains is no delay."""
    return figures.oldest_due(tx, {*gateway.account_names(), *accounts}, now, figures.resting_now(tx, accounts))


def _waits(
    leads: Mapping[tuple[str, str], int], silent: Iterable[Silent], worker_seen: int | None, now: int
) -> Iterator[Gauge]:
    """Who is waited for: leads that should have come, a person, a worker."""
    ratios = {(one.source,): one.missing / one.line for one in silent if one.line and one.source}
    yield _gauge("silence_ratio", "Leads that are missing, of those at which the alarm rings", ("source",), ratios)
    persons: Counter[tuple[str]] = Counter()
    for (_, state), n in leads.items():
        if state in NEEDS_A_PERSON:
            persons[(state,)] += n
    yield _gauge("waiting_for_person", "Leads that need a person", ("state",), persons)
    ago = {} if worker_seen is None else {(): (now - worker_seen) / 1000}
    yield _gauge("worker_seen_age_seconds", "Since a worker last looked at this database", (), ago)


def _gauge(name: str, what: str, labels: tuple[str, ...], values: Mapping[Any, float]) -> Gauge:
    family = Gauge(f"gateway_{name}", what, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


class _Kept:
    """The newest scrape, made again when it is older than a few seconds; one at a time."""

    def __init__(self, gateway: Gateway) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Figures(gateway))
        self._lock = threading.Lock()
        self._until, self._text = 0.0, b""

    def text(self) -> bytes:
        with self._lock:
            if (began := time.monotonic()) >= self._until:
                self._text = generate_latest(self._registry)
                ended = time.monotonic()
                self._until = ended + max(KEPT_S, SHARE * (ended - began))
            return self._text


@blueprint.get("/metrics")
def metrics() -> Response:
    """For a token, or on this machine (`handlers.nearby`): it shows counts and the names of sources, nothing of a
    person."""
    if not may_look(request):
        return problem(401, "send the header Authorization: Bearer <API_TOKEN>, or ask on the machine itself")
    kept = current_app.extensions.setdefault("metrics", _Kept(current_app.extensions["gateway"]))
    return Response(kept.text(), content_type=CONTENT_TYPE_LATEST)
