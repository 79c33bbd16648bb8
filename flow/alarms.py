"""What someone should look at: read, asked of `core.alarms`, and kept as rows that are raised once and cleared."""

from dataclasses import replace

from core import alarms as rules
from core.alarms import Alarm
from flow.gateway import Gateway
from store import alarms

CLEARED_SHOWN_MS = 24 * 3_600_000


def keep(gateway: Gateway) -> None:
    """Make the rows say what rings now: raised once, cleared when all is well, each with a log line."""
    found = ringing(gateway)
    with gateway.store.read() as tx:
        known = alarms.ringing(tx)
    if len(found) == len(known) and all(a.key in known and alarms.same(a, known[a.key]) for a in found):
        return
    with gateway.store.write() as tx:
        raised, cleared = alarms.keep(tx, found, gateway.store.now_ms(tx))
    for alarm in raised:
        gateway.log.warning("alarm_raised", alarm=alarm.kind, subject=alarm.subject, severity=alarm.severity)
    for alarm in cleared:
        gateway.log.info("alarm_cleared", alarm=alarm.kind, subject=alarm.subject)


def told(gateway: Gateway) -> list[Alarm]:
    """What rings now, since when it was raised, then what was cleared in the last day."""
    found = ringing(gateway)
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        known = alarms.ringing(tx)
        gone = alarms.cleared(tx, now - CLEARED_SHOWN_MS)
    return [_as_raised(alarm, known.get(alarm.key)) for alarm in found] + gone


def ringing(gateway: Gateway) -> list[Alarm]:
    """The alarms of this moment, the weightiest first; empty when all is well."""
    with gateway.store.read() as tx:
        facts = alarms.facts(tx, gateway.account_names(), gateway.store.now_ms(tx))
    files, standing = gateway.sources.files, gateway.sources.standing()
    facts = replace(
        facts,
        broken_files=frozenset(files.broken if files is not None else ()),
        broken_accounts=frozenset(gateway.broken_accounts),
        unreadable={name: standing[name].since if name in standing else None for name in gateway.sources.broken},
    )
    return rules.ringing(facts)


def _as_raised(alarm: Alarm, row: Alarm | None) -> Alarm:
    if row is None:
        return alarm
    return replace(alarm, since=row.since if alarm.since is None else alarm.since, raised_at=row.raised_at)
