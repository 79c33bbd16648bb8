"""Looks from outside: whether PUBLIC_URL leads to us, and the sign of life for whoever notices that all died."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from core.alarms import is_missed
from core.ports import Question
from flow.gateway import Gateway
from store import alarms, outbox, workers

INSTANCE = "instance"
BEAT_MS = 60_000


def instance(gateway: Gateway) -> str:
    """What tells this gateway from any other one; the same in all its processes, and no secret."""
    return gateway.digest(INSTANCE)[:16]


def outside(gateway: Gateway, public_url: str) -> str:
    """What is wrong with our address as the world sees it; empty for nothing, and where none is set."""
    if not public_url:
        return ""
    answer = gateway.crm.ask(Question("GET", public_url, "/healthz"))
    if answer.kind != "told":
        return f"HTTP {answer.status}" if answer.status else answer.how or answer.kind
    try:
        told = json.loads(answer.body)
        found = told.get(INSTANCE) if isinstance(told, dict) else None
    except ValueError:
        found = None
    return "" if found == instance(gateway) else "another server answers there"


@dataclass
class Heartbeat:
    """A GET of `url` where everything works, of `url`/fail where it does not; once a minute at most."""

    gateway: Gateway
    url: str
    beaten_at: int = -BEAT_MS

    def beat(self, clock_ms: int, trouble: str) -> None:
        """`clock_ms` only goes forward. `trouble`: why this is no sign of life."""
        if not self.url or clock_ms - self.beaten_at < BEAT_MS:
            return
        self.beaten_at = clock_ms
        if trouble:
            self.gateway.log.warning("work_not_proven", why=trouble)
        parts = urlsplit(self.url)
        path = parts.path.rstrip("/") + ("/fail" if trouble else "")
        answer = self.gateway.crm.ask(Question("GET", f"{parts.scheme}://{parts.netloc}", path or "/"))
        if answer.status is None or answer.status >= 300:
            self.gateway.log.warning("heartbeat_not_taken", how=answer.how or answer.kind, status=answer.status)


def trouble(gateway: Gateway, away: str, seen_outside: str, channels: Collection[str] = ()) -> str:
    """Why there is no proof of work; empty where there is one. The row that the watch has just written and read is
    proven by `away` being empty. A worker that lives and gets nothing done is none: leads are due and wait, calls are
    not settled (what waits for a pause is not among them: no fault of this machine). `channels`: by which alarms are
    told."""
    if away:
        return "the database is away"
    with gateway.store.read() as tx:
        seen = workers.last_able(tx, now := gateway.store.now_ms(tx))
        ring, dead = {kind for kind, _ in alarms.ringing(tx)}, outbox.dead(tx)
    if is_missed(seen, now):
        return "no worker that can ring is seen"
    if "calls_stuck" in ring:
        return "calls are not settled"
    if "leads_waiting" in ring:
        return "leads are due and wait"
    if channels and dead.keys() >= set(channels):
        return "no channel gets an alarm out"
    return seen_outside
