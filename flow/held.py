"""Held leads that nobody decides on: longer than an hour of their source's calling time, or because one id came for two
people."""

from bisect import bisect_left
from collections import defaultdict
from functools import partial
from zoneinfo import ZoneInfo

from core import hours
from core.alarm import Waiting
from core.durations import HOUR_MS
from core.source import Policy
from flow.gateway import Gateway
from store import inbox
from store.engine import Tx

OTHER_PERSON = "same_id_other_number"


def waiting(gateway: Gateway, tx: Tx, now: int) -> tuple[tuple[Waiting, ...], tuple[Waiting, ...]]:
    """By source: those that wait so long, and those of two people. Of at most the 1,000 oldest held ones."""
    since: dict[str, list[int]] = defaultdict(list)
    others: dict[str, list[int]] = defaultdict(list)
    for source, reason, at in inbox.held_since(tx):
        since[source].append(at)
        if reason == OTHER_PERSON:
            others[source].append(at)
    long = []
    for source, moments in sorted(since.items()):
        current = gateway.sources.get(source)
        policy = Policy() if current is None else current.source.policy
        moments.sort()
        count = bisect_left(moments, True, key=partial(_is_short, policy, now))
        if count:
            long.append(Waiting(source, count, moments[0]))
    return tuple(long), tuple(Waiting(source, len(found), min(found)) for source, found in sorted(others.items()))


def _is_short(policy: Policy, now: int, at: int) -> bool:
    zone = ZoneInfo(policy.timezone)
    return hours.open_ms(policy.hours, zone, at, now, HOUR_MS) < HOUR_MS
