"""Which sources are silent: their habits are learnt once a day, and each look asks how many leads are missing."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from core import hours
from core.alarm import Silent
from core.durations import DAY_MS, HOUR_MS
from core.silence import DAYS, NEWEST, Habit, Habits, Span, judge, learn
from core.source import Policy, Source
from flow.gateway import Gateway
from store import alarms, arrivals
from store.engine import Tx

HOUSE = ""  # all sources together
UNHEARD = frozenset({"no_watch", "web_silent"})  # while these stood, leads could not come, or nobody knows
OF_HOUSE, OF_SOURCE = "house_silent", "source_silent"


def look(gateway: Gateway, tx: Tx, now: int, longest_ms: Mapping[str, int] | None = None) -> tuple[Silent, ...]:
    """Each source that ever had a lead, and all together where there are several, under the name "". `longest_ms`:
    source -> the longest silence that its owner accepts, 0 for any."""
    longest_ms = longest_ms or {}
    spans = alarms.spans(tx, {*UNHEARD, OF_HOUSE, OF_SOURCE}, now - (DAYS + 1) * DAY_MS, now)
    found, newest_of = [], {}
    served = {one.name: one for one in _served(gateway)}
    newest_leads = arrivals.newest(tx, list(served), NEWEST)
    for source in served.values():
        newest = newest_leads[source.name]
        if newest and longest_ms.get(source.name) != 0:
            newest_of[source.name] = newest
            gone = _gone(spans, OF_SOURCE, source.name)
            habit = _habit(tx, gateway.habits, source.name, [source.name], _zone(source), gone, now)
            found.append(_silent(source, habit, newest, gone, longest_ms.get(source.name), now))
    if len(newest_of) > 1:
        newest = sorted((at for each in newest_of.values() for at in each), reverse=True)[:NEWEST]
        gone = _gone(spans, OF_HOUSE, HOUSE)
        one = served[min(newest_of)]
        habit = _habit(tx, gateway.habits, HOUSE, list(newest_of), _zone(one), gone, now)
        together = _silent(Source(HOUSE, policy=one.policy), habit, newest, gone, None, now)
        awake = any(hours.is_open(served[name].policy.hours, _zone(served[name]), now) for name in newest_of)
        found.append(replace(together, awake=awake))
    return tuple(found)


def learning(tx: Tx, source: Source, now: int) -> tuple[int, int]:
    """(which day of it this is, leads of the whole days before) of a source whose habit is not known yet."""
    first, end = _span(_zone(source), now)
    counts = arrivals.by_hour(tx, source.name, first, end)
    return (end - _first_day(counts, first, end)) // DAY_MS + 1, sum(counts.values())


def _served(gateway: Gateway) -> Iterable[Source]:
    for name in sorted(gateway.sources.names()):
        current = gateway.sources.get(name)
        if current is not None and not current.removed and current.source.enabled:
            yield current.source


def _zone(source: Source) -> ZoneInfo:
    return ZoneInfo(source.policy.timezone)


def _gone(spans: list[alarms.Stood], kind: str, subject: str) -> list[Span]:
    """When no lead could come: nobody was there to take it, or this alarm rang (and may ring still)."""
    mine = [one for one in spans if one.kind in UNHEARD or (one.kind, one.subject) == (kind, subject)]
    return [(one.since, one.until) for one in mine if one.since < one.until]


def _habit(
    tx: Tx, habits: Habits, name: str, of: list[str], zone: ZoneInfo, gone: list[Span], now: int
) -> Habit | None:
    first, end = _span(zone, now)
    if name in habits and habits[name][0] == end:
        return habits[name][1]
    counts: Counter[int] = Counter()
    for source in of:
        counts.update(arrivals.by_hour(tx, source, first, end))
    habit = learn(counts, (_first_day(counts, first, end), end), zone, gone)
    habits[name] = (end, habit)
    return habit


def _span(zone: ZoneInfo, now: int) -> Span:
    """The whole days that are learnt from, the last of them yesterday."""
    midnight = hours.local(zone, now).replace(hour=0, minute=0, second=0, microsecond=0)
    first, end = (int(at.timestamp()) * 1000 for at in (midnight - timedelta(days=DAYS), midnight))
    return first - first % HOUR_MS, end - end % HOUR_MS


def _first_day(counts: Mapping[int, int], first: int, end: int) -> int:
    """Whole days back from `end`, those since the first lead."""
    if not counts:
        return end
    days = (end - max(first, min(counts))) // DAY_MS
    return max(first, end - days * DAY_MS)


def _silent(
    source: Source, habit: Habit | None, newest: list[int], gone: list[Span], longest_ms: int | None, now: int
) -> Silent:
    policy = source.policy
    gone = [(since, until) for since, until in gone if since != newest[0]]  # the silence that is asked about is none
    awake = hours.is_open(policy.hours, _zone(source), now)
    too_long = longest_ms is not None and _open_ms(policy, newest[0], gone, now, longest_ms) > longest_ms
    if habit is None:
        return Silent(source.name, newest[0], awake=awake, too_long=too_long)
    quiet = judge(habit, newest, now, gone)
    return Silent(source.name, newest[0], quiet.missing, quiet.line, quiet.usual, awake, too_long)


def _open_ms(policy: Policy, newest: int, gone: list[Span], now: int, enough_ms: int) -> int:
    """How long nothing has come, in hours in which people may be called."""
    since = max([newest, *(until for _, until in gone if until <= now)])
    return hours.open_ms(policy.hours, ZoneInfo(policy.timezone), since, now, enough_ms)
