"""What someone should look at: read, asked of `core.alarms`, and kept as rows by the watch alone."""

from dataclasses import replace

from core import alarms as rules
from core.alarm import PAGE, Alarm, Facts, Seen, Stamp
from core.alarms import WATCH
from core.durations import CLOCKS_DIFFER_MS
from core.telling import TOLD_KINDS
from flow import held, silence
from flow.gateway import Gateway
from store import alarm_facts, alarms, caps, quiets, stamps
from store.engine import Tx

CLEARED_SHOWN_MS = 24 * 3_600_000
CALM_MS = 5 * 60_000
WATCH_SEEN_MS = 60_000
GAP_MS = 5 * 60_000  # a restart is shorter
ALL = "all"


def keep(gateway: Gateway, seen: Seen | None = None, times: dict[tuple[str, str], int] | None = None) -> None:
    """Make the rows say what rings now: raised once, cleared when all has been well for five minutes, each with a
    log line; and say that somebody watches. `times`: what was seen how often in a row, the caller's memory."""
    found = rules.ringing(facts(gateway, seen or Seen()))
    if times is not None:
        found = rules.steady(found, times)
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        _note_gap(tx, now)
        stamps.put(tx, WATCH, Stamp(now, True))
        raised, cleared = alarms.keep(tx, found, now, CALM_MS)
    for alarm in raised:
        gateway.log.warning("alarm_raised", alarm=alarm.kind, subject=alarm.subject, severity=alarm.severity)
    for alarm in cleared:
        gateway.log.info("alarm_cleared", alarm=alarm.kind, subject=alarm.subject)


def _note_gap(tx: Tx, now: int) -> None:
    """Nobody has watched for long: that stands in the list, and what could not come then is not missed."""
    last = stamps.known(tx).get(WATCH)
    if last is not None and now - last.at > GAP_MS:
        alarms.note(tx, nobody_watches(last, now)[0], now)


def told(gateway: Gateway) -> list[Alarm]:
    """What rings now, the weightiest first, then what was cleared in the last day. That nobody watches comes first:
    then the rest is as old as the last look."""
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        watched = stamps.known(tx).get(WATCH)
        known = alarms.ringing(tx).values()
        gone = alarms.cleared(tx, now - CLEARED_SHOWN_MS)
    return nobody_watches(watched, now) + sorted(known, key=_weight) + gone


def nobody_watches(watched: Stamp | None, now: int) -> list[Alarm]:
    """The one alarm that no watch can raise."""
    if watched is not None and -CLOCKS_DIFFER_MS <= now - watched.at <= WATCH_SEEN_MS:
        return []
    text = "Nobody watches: no alarm is raised or told until a watch runs (flask watch)"
    return [Alarm("no_watch", PAGE, text, watched.at if watched else None, 1)]


def facts(gateway: Gateway, seen: Seen) -> Facts:
    """Whatever alarms are of, at this moment."""
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        known = alarm_facts.facts(tx, gateway.account_names(), gateway.broken_accounts, now)
        near = caps.near(tx, gateway.capped(), gateway.remembered_near, now)
        held_long, other_person = held.waiting(gateway, tx, now)
        silent = silence.look(gateway, tx, now, seen.silence_ms)
    files, standing = gateway.sources.files, gateway.sources.standing()
    return replace(
        known,
        near=near,
        silent=silent,
        held_long=held_long,
        other_person=other_person,
        broken_files=frozenset(files.broken if files is not None else ())
        | frozenset(["alarms.yaml"] if gateway.broken_alarms else ()),
        broken_accounts=frozenset(gateway.broken_accounts),
        unreadable={name: standing[name].since if name in standing else None for name in gateway.sources.broken},
        seen=seen,
    )


def acknowledge(gateway: Gateway, kind: str, subject: str, who: str) -> bool:
    """Somebody takes care of it: no reminder comes any more. False where it does not ring, or somebody did before."""
    with gateway.store.write() as tx:
        done = quiets.acknowledge(tx, kind, subject, who, gateway.store.now_ms(tx))
    if done:
        gateway.log.info("alarm_acknowledged", alarm=kind, subject=subject, who=who)
    return done


def quiet(gateway: Gateway, kind: str, subject: str, until_ms: int, who: str, why: str) -> None:
    """Nothing is told of this kind (`all`: of none) and subject (empty: of any) until then; lists show it."""
    if kind != ALL and kind not in TOLD_KINDS:
        raise ValueError(f"expected all, or one of {', '.join(TOLD_KINDS)}; got {kind!r}")
    with gateway.store.write() as tx:
        quiets.put(tx, quiets.Quiet(kind, subject, until_ms, who, why))
    gateway.log.info("alarm_quiet", alarm=kind, subject=subject, until=until_ms, who=who, why=why)


def _weight(alarm: Alarm) -> tuple[int, str]:
    kinds = list(rules.ALARMS)
    return kinds.index(alarm.kind) if alarm.kind in kinds else len(kinds), alarm.subject
