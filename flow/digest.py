"""The figures of the daily message: what came, what became of it, what waits for a person. Nothing of a person."""

from collections import Counter

from core.alarms import BACKUP
from core.durations import DAY_MS
from core.telling import Manners, moment
from flow.gateway import Gateway
from store import alarms, overview, stamps
from store import figures as counted
from store.engine import Tx

NAMES = {
    "en": (
        "Leads",
        "Calls",
        "From lead to call",
        "Waits for a person",
        "Alarms",
        "Last backup",
        "nothing",
        "never",
        "s",
    ),
    "ru": (
        "Лиды",
        "Звонки",
        "От лида до звонка",
        "Ждут человека",
        "Тревоги",
        "Резервная копия",
        "ничего",
        "не было",
        "с",
    ),
}


def figures(gateway: Gateway, tx: Tx, manners: Manners, now: int) -> dict[str, str]:
    """A name -> what is said, in the order in which they are told."""
    leads, calls, speed, person, rings, backup, nothing, never, second = NAMES[manners.language]
    since = now - DAY_MS
    by_source: dict[str, Counter[str]] = {}
    for source, _, state, n in overview.by_hour(tx, list(gateway.sources.standing()), since):
        by_source.setdefault(source, Counter())[state] += n
    said = {leads: str(sum(each.total() for each in by_source.values()))}
    for source, each in sorted(by_source.items()):
        said[f"  {source}"] = ", ".join(f"{state} {n}" for state, n in sorted(each.items()))
    tried: Counter[str] = Counter()
    for outcome, _, n in counted.attempts_since(tx, since):
        tried[outcome] += n
    said[calls] = ", ".join(f"{outcome} {n}" for outcome, n in sorted(tried.items())) or "0"
    count, half, most = counted.waits(tx, since)
    if count and half is not None and most is not None:
        said[speed] = f"p50 {half / 1000:.1f} {second}, p95 {most / 1000:.1f} {second}"
    waits = sorted((+counted.needing_a_person(tx)).items())
    said[person] = ", ".join(f"{state} {n}" for state, n in waits) or nothing
    last = stamps.known(tx).get(BACKUP)
    ringing = sorted(alarms.ringing(tx))
    said[rings] = ", ".join(f"{kind} {subject}".strip() for kind, subject in ringing) or nothing
    said[backup] = moment(last.at, manners.zone) if last is not None else never
    return said
