"""Whom we ring and when: every rule of a source's policy, asked about one call at one moment.

`RULES` is the whole of it, in order of weight: the first rule that objects gives the verdict, and
all are asked, so that a person sees everything that stands in the way. Caps (calls and money per
hour and day, `core.account.caps`) are no rules of this table: only the claim's own transaction can count them.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from core import hours
from core.account.caps import TOTALS, line_of
from core.expressions.expression import Failed
from core.number_rules import NUMBER_RULES, Finding
from core.numbers import phone
from core.ports import Call
from core.reading.payload import CALL, as_it_came
from core.reason import Reason
from core.source import Policy
from core.states import RECEIVED

ALLOW = "allow"
DEFER = "defer"
SUPPRESS = "suppress"
HOLD = "hold"
SET_ASIDE = "set_aside"  # in the trace only: a person's rearm left this rule out

# What a rearm may set aside, and the rules that each word covers. Nothing else: never do-not-call or countries.
DESPITE: dict[str, frozenset[str]] = {
    "once_per_number": frozenset({"once_per_number"}),
    "max_age": frozenset({"max_age", "max_wait"}),
    "hours": frozenset({"hours"}),
}
BUSY_AGAIN_MS = 2_000  # a call is decided in a second or two; its end rings no bell for the others


@dataclass(frozen=True)
class Ring:
    """A call of ANOTHER lead that may have rung the number: its outcome is `accepted` or `unknown`, or
    still open. `no` is that lead's short number, `lead` its id."""

    at_ms: int
    script: str
    lead: str
    no: int = 0


@dataclass(frozen=True)
class Facts:
    """What the store knows at this moment about a lead and its number.

    `asked_at_ms` is when the sender says that the person asked. `payload` is for `test_when`. `state` and
    `waits_for` are the lead's own, `despite` the words of `DESPITE` that a person's rearm set aside.

    `rings` are those to the number by other leads, whichever source and account, at least the newest of each
    script inside `once_per_number`. `number_busy`: a call to it is in flight."""

    received_at_ms: int
    asked_at_ms: int | None = None
    payload: dict[str, Any] = field(default_factory=dict)
    state: str = RECEIVED
    waits_for: str = ""
    despite: frozenset[str] = frozenset()
    version: int = 0  # of the source, that is in force
    mapped_by: int = 0  # the version that mapped a ready lead
    behind: bool = False  # this process has not read the version in force yet
    account_known: bool = True
    do_not_call: bool = False
    rings: tuple[Ring, ...] = ()
    number_busy: bool = False
    number_cap: int = 0  # the totals' `calls_per_number_per_day`
    number_room_ms: int | None = None  # when one more call to the number fits under it; None: now
    forgotten: bool = False  # an older database has forgotten a call for this very event

    @property
    def since_ms(self) -> int:
        """When the lead's age begins. A sender's clock can make a lead older, never younger."""
        if self.asked_at_ms is None:
            return self.received_at_ms
        return max(0, min(self.asked_at_ms, self.received_at_ms))


@dataclass(frozen=True)
class Ruling:
    """One rule's answer. `seen` is what it looked at, short enough for the trace."""

    kind: str = ALLOW
    reason: Reason | None = None
    until_ms: int | None = None
    seen: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """`kind` is allow, defer (until `until_ms`), suppress or hold. `rules` has one entry for each rule,
    `{"rule", "verdict", ...what it saw}`, also after the first no."""

    kind: str
    reason: Reason | None
    until_ms: int | None
    rules: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class Case:
    """One call at one moment, with everything a rule may look at."""

    call: Call
    facts: Facts
    policy: Policy
    now_ms: int
    reading: phone.Reading
    zone: ZoneInfo
    dry_run: bool = False


def check(call: Call, facts: Facts, policy: Policy, now_ms: int, *, dry_run: bool = False) -> Verdict:
    """Whether `call` may be placed at `now_ms`. Unknown words in `facts.despite` change nothing.

    Allowed means allowed at this very moment: ask again when it is later. `dry_run`: the source rings nobody."""
    zone = callee_zone(call.number, policy)
    case = Case(call, facts, policy, now_ms, phone.of(call.number), zone, dry_run)
    left_out = frozenset[str]().union(*(DESPITE.get(word, frozenset()) for word in facts.despite))
    first = Ruling()
    rows: list[dict[str, Any]] = []
    for name, rule in RULES.items():
        ruling = Ruling(SET_ASIDE) if name in left_out else rule(case)
        rows.append({"rule": name, "verdict": ruling.kind, **ruling.seen})
        if first.kind == ALLOW and ruling.kind != SET_ASIDE:
            first = ruling
    return Verdict(first.kind, first.reason, first.until_ms, tuple(rows))


def callee_zone(number: str, policy: Policy) -> ZoneInfo:
    """The zone whose clock counts: the callee's where the number tells it, else the policy's own."""
    try:
        return ZoneInfo(phone.zone(number) or policy.timezone)
    except (OSError, ValueError):  # a zone the number plan knows and this machine's zone database does not
        return ZoneInfo(policy.timezone)


def longest_wait(policy: Policy) -> int:
    """The longest time in milliseconds that the policy's hours can make a lead wait."""
    return hours.longest_closed(policy.hours, ZoneInfo(policy.timezone))


def never_rings(policy: Policy) -> bool:
    """Whether a lead of some minute of the week could never be rung: the hours are shut for longer
    than it may wait."""
    return 0 < policy.max_wait_ms < longest_wait(policy)


def outwaited(policy: Policy, since_ms: int, now_ms: int) -> Reason | None:
    """Why a lead whose number is not known yet has waited too long to be welcome; None while it has not."""
    zone = ZoneInfo(policy.timezone)
    by_age = _too_old("max_age", _open_ms(policy, zone, since_ms, now_ms), policy.max_age_ms)
    return by_age.reason or _too_old("max_wait", now_ms - since_ms, policy.max_wait_ms).reason


def is_test(policy: Policy, payload: dict[str, Any]) -> bool:
    """Whether the payload fits `test_when`; a condition that fails on it is no match."""
    return policy.test_when is not None and policy.test_when.holds(as_it_came(payload)) is True


def _test_when(case: Case) -> Ruling:
    if case.policy.test_when is None:
        return Ruling()
    number = case.call.number
    sees = as_it_came(case.facts.payload) | {CALL: {"number": number, "sample": phone.looks_like_sample(number)}}
    fits = case.policy.test_when.holds(sees)
    if isinstance(fits, Failed):
        return Ruling(seen={"failed": fits.why})
    return Ruling(SUPPRESS, Reason("test")) if fits else Ruling()


def _forgotten(case: Case) -> Ruling:
    return Ruling(HOLD, Reason("may_have_rung")) if case.facts.forgotten else Ruling()


def _do_not_call(case: Case) -> Ruling:
    return Ruling(SUPPRESS, Reason("do_not_call")) if case.facts.do_not_call else Ruling()


def _of_number(rule: Callable[[phone.Reading, Policy], Finding]) -> Callable[[Case], Ruling]:
    def ask(case: Case) -> Ruling:
        finding = rule(case.reading, case.policy)
        seen = {"found": finding.found} if finding.found else {}
        return Ruling(SUPPRESS if finding.against else ALLOW, finding.against, seen=seen)

    return ask


def _max_wait(case: Case) -> Ruling:
    waited_ms = case.now_ms - case.facts.since_ms
    return _too_old("max_wait", waited_ms, case.policy.max_wait_ms)


def _max_age(case: Case) -> Ruling:
    """Only waiting while people may be called counts: a lead of the night is as young in the morning."""
    if not case.policy.max_age_ms:
        return Ruling()
    waited_ms = _open_ms(case.policy, case.zone, case.facts.since_ms, case.now_ms)
    return _too_old("max_age", waited_ms, case.policy.max_age_ms)


def _open_ms(policy: Policy, zone: ZoneInfo, since_ms: int, until_ms: int) -> int:
    """How much of that time people may be called; counting ends where `max_age` is passed."""
    return hours.open_ms(policy.hours, zone, since_ms, until_ms, policy.max_age_ms)


def _too_old(rule: str, waited_ms: int, limit_ms: int) -> Ruling:
    seen = {"waited_s": waited_ms // 1000}
    if not limit_ms or waited_ms <= limit_ms:
        return Ruling(seen=seen)
    return Ruling(HOLD, Reason("too_old", {"rule": rule, "limit": span(limit_ms)}), seen=seen)


def _once_per_number(case: Case) -> Ruling:
    window = case.policy.once_per_number_ms
    same = (r for r in case.facts.rings if not case.policy.once_per_script or r.script == case.call.script)
    last = max(same, key=lambda ring: ring.at_ms, default=None)
    if not window or last is None or case.now_ms - last.at_ms >= window:
        return Ruling()
    params = {
        "lead": last.lead,
        "no": last.no or "(forgotten by the database)",
        "at": _shown(case.zone, last.at_ms),
        "window": span(window),
    }
    return Ruling(SUPPRESS, Reason("called_recently", params), seen={"lead": last.lead, "at": params["at"]})


def _number_cap(case: Case) -> Ruling:
    room_ms, most = case.facts.number_room_ms, case.facts.number_cap
    if room_ms is None or room_ms <= case.now_ms:
        return Ruling()
    at, line = _shown(case.zone, room_ms), line_of(TOTALS, "calls_per_number_per_day")
    return Ruling(DEFER, Reason("number_cap", {"limit": most, "at": at, "line": line}), room_ms, seen={"at": at})


def _hours(case: Case) -> Ruling:
    opens_ms = hours.next_opening(case.policy.hours, case.zone, case.now_ms)
    if opens_ms == case.now_ms:
        return Ruling(seen={"zone": case.zone.key})
    params = {"opens": _shown(case.zone, opens_ms), "zone": case.zone.key}
    return Ruling(DEFER, Reason("quiet_hours", params), opens_ms, seen=params)


def _shown(zone: ZoneInfo, at_ms: int) -> str:
    return hours.local(zone, at_ms).isoformat(timespec="minutes")


def _number_busy(case: Case) -> Ruling:
    if not case.facts.number_busy:
        return Ruling()
    return Ruling(DEFER, Reason("number_busy"), case.now_ms + BUSY_AGAIN_MS)


def _dry_run(case: Case) -> Ruling:
    return Ruling(SUPPRESS, Reason("dry_run")) if case.dry_run else Ruling()


def span(ms: int) -> str:
    """A duration as a policy writes it: `90s`, `15m`, `12h`; days are told in hours."""
    for unit, size in (("h", 3_600_000), ("m", 60_000)):
        if ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms // 1000}s"


RULES: dict[str, Callable[[Case], Ruling]] = {
    "test_when": _test_when,
    "do_not_call": _do_not_call,
    "forgotten": _forgotten,
    **{name: _of_number(rule) for name, rule in NUMBER_RULES.items()},
    "max_wait": _max_wait,
    "max_age": _max_age,
    "once_per_number": _once_per_number,
    "number_cap": _number_cap,
    "hours": _hours,
    "number_busy": _number_busy,
    "dry_run": _dry_run,  # the last: what it stops is what would have rung
}
