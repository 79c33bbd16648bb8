"""From a lead's payload to a call, or to the reasons why it cannot be one."""

import json
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from core.asked_at import moment_ms
from core.expressions import sms
from core.expressions.expression import Failed, Found, Path, first, is_empty
from core.lead import Lead
from core.number_rules import may_ring
from core.numbers import phone
from core.numbers.phone_in_text import numbers_in
from core.ports import Call
from core.reading.payload import CALL, UNREADABLE, as_it_came, proven
from core.reason import Reason
from core.source import NumberRule, Policy, ScriptChoice, Source

TRACE = 1200  # bytes of JSON; the history row has 2 kB, the rest is the policy's verdicts
PERSON = 100
SCRIPT = 200


@dataclass(frozen=True)
class Mapped:
    """A whole call. `reasons` names expressions that failed on the way and changed nothing."""

    call: Call
    person: str = ""
    asked_at_ms: int | None = None
    trace: dict[str, Any] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Unmapped:
    """No call: `reasons` is never empty, and its first is what a person mends first. `is_lead` is False
    where the source's `lead_when` says that this is no lead at all: suppressed, not held."""

    reasons: tuple[Reason, ...]
    trace: dict[str, Any] = field(default_factory=dict)
    person: str = ""
    asked_at_ms: int | None = None
    is_lead: bool = True


def map_call(payload: dict[str, Any], source: Source, *, traced: bool = True) -> Mapped | Unmapped:
    """What `source` makes of the payload. Never raises, whatever the payload. `trace` says what each
    expression saw and what came of it, at most 1,200 bytes as JSON; it is empty where nobody wants it `traced`.
    What no proof covers is seen by `lead_when` alone. Policy is asked elsewhere: only which of several numbers is
    meant depends on it."""
    if UNREADABLE in payload:  # the query of such a delivery may hold a number, but not what was meant with it
        return Unmapped((Reason("unreadable"), Reason(str(payload[UNREADABLE]))))
    notes, whole, payload = _Notes(), as_it_came(payload), proven(payload)
    reading = _number(payload, source.mapping.number, source.policy, notes)
    if reading.number is None and whole is not payload:
        _tell_unsigned(whole, source.mapping.number, notes)
    if not _is_lead(whole | {CALL: {"number": reading.number}}, source, notes):
        trace = _fitted(notes.trace) if traced else {}
        return Unmapped((Reason("not_a_lead", notes.trace["lead_when"]),), trace, is_lead=False)
    script = _script(payload, source.mapping.script, notes)
    text = _sms(payload, source, notes)
    person = _person(payload, source.mapping.person, notes)
    asked_at = _asked_at(payload, source, notes)
    trace = _fitted(notes.trace) if traced else {}
    if reading.number is None or script is None or notes.against:
        return Unmapped((*notes.against, *notes.failed), trace, person, asked_at)
    return Mapped(Call(reading.number, script, text), person, asked_at, trace, tuple(notes.failed))


def as_mapped(lead: Lead) -> Mapped:
    """The call that was made of a lead before, as its row keeps it."""
    return Mapped(Call(str(lead.number), str(lead.script), lead.sms), lead.person or "", lead.asked_at)


def is_lead(payload: dict[str, Any], source: Source) -> bool:
    """What the source's `lead_when` says of the payload; a condition that fails counts as yes."""
    mapped = map_call(payload, source)
    return isinstance(mapped, Mapped) or mapped.is_lead


def callable_number(payload: dict[str, Any], source: Source) -> str | None:
    """The number that the mapping finds, when the policy's rules about numbers let it be called."""
    reading = _number(proven(payload), source.mapping.number, source.policy, _Notes())
    return reading.number if may_ring(reading, source.policy) else None


class _Notes:
    """What is written down on the way: the trace, what stands against a call, what failed."""

    def __init__(self) -> None:
        self.trace: dict[str, Any] = {}
        self.against: list[Reason] = []
        self.failed: list[Reason] = []

    def first(self, where: str, paths: tuple[Path, ...], payload: Any) -> tuple[Path | None, Any]:
        path, value, failures = first(paths, payload)
        for failing, failed in failures:
            self.fail(where, failing.text, failed)
        return path, value

    def fail(self, where: str, text: str, failed: Failed) -> None:
        self.failed.append(Reason("expression_failed", {"where": where, "expression": text[:80], "why": failed.why}))


def _is_lead(payload: Any, source: Source, notes: _Notes) -> bool:
    """An expression that fails counts as a lead: a person would rather look at one too many."""
    if source.lead_when is None:
        return True
    holds = source.lead_when.holds(payload)
    notes.trace["lead_when"] = {"when": source.lead_when.text, "held": holds is True}
    if isinstance(holds, Failed):
        notes.fail("lead_when", source.lead_when.text, holds)
    return holds is not False


def _number(payload: Any, rule: NumberRule, policy: Policy, notes: _Notes) -> phone.Reading:
    region = rule.region or policy.countries[0]
    path, value = notes.first("mapping.number", rule.fields, payload)
    if path is None:
        path, value = _in_text(rule.in_text, payload, region)
    if path is None:  # a variable that the sender left unfilled is told apart from nothing at all
        path, value = _unfilled(rule.fields, payload)
    if path is None:
        names = [p.text for p in (*rule.fields, *rule.in_text)]
        notes.trace["number"] = {"fields": names, "saw": None}
        notes.against.append(Reason("no_number", {"fields": ", ".join(names[:8])}))
        return phone.Reading()
    reading = phone.read(value, region, lambda one: may_ring(one, policy))
    notes.trace["number"] = {
        "field": path.text,
        "saw": _shown(value),
        "region": region,
        "read": reading.number,
        "country": reading.country,
        "types": sorted(reading.types),
        "problem": reading.problem,
        "rest": list(reading.rest),
    }
    if reading.problem:
        notes.against.append(Reason(reading.problem, {"field": path.text}))
    return reading


def _tell_unsigned(whole: Any, rule: NumberRule, notes: _Notes) -> None:
    """Behind the reason why there is no number: there is one where no signature reaches."""
    path, _, _ = first(rule.fields, whole)
    if path is not None and any(reason.code == "no_number" for reason in notes.against):
        notes.against.append(Reason("number_unsigned", {"field": path.text}))


def _in_text(paths: tuple[Path, ...], payload: Any, region: str) -> tuple[Path | None, Any]:
    for path in paths:
        seen = path.read(payload)
        if isinstance(seen, Found) and (numbers := numbers_in(seen.value, region)):
            return path, numbers
    return None, None


def _unfilled(paths: tuple[Path, ...], payload: Any) -> tuple[Path | None, Any]:
    for path in paths:
        seen = path.read(payload)
        if isinstance(seen, Found) and isinstance(seen.value, str) and seen.value.strip():
            return path, seen.value
    return None, None


def _script(payload: Any, choice: ScriptChoice, notes: _Notes) -> str | None:
    script, how = (_of_form if choice.fields else _of_rules)(payload, choice, notes)
    notes.trace["script"] = {"chose": script, **how}
    return script


def _of_rules(payload: Any, choice: ScriptChoice, notes: _Notes) -> tuple[str | None, dict[str, Any]]:
    asked: list[dict[str, Any]] = []
    for n, rule in enumerate(choice.rules):
        holds = rule.when.holds(payload)
        asked.append({"when": rule.when.text, "held": holds is True})
        if isinstance(holds, Failed):
            asked[-1]["failed"] = holds.why
            notes.fail(f"mapping.script.rules.{n}", rule.when.text, holds)
        elif holds:
            return _name(rule.value), {"by": f"rule {n + 1}", "rules": asked}
    if choice.default is None:
        notes.against.append(Reason("no_script_rule", {"rules": len(choice.rules)}))
        return None, {"by": "nothing", "rules": asked}
    return _name(choice.default), {"by": "default", **({"rules": asked} if asked else {})}


def _of_form(payload: Any, choice: ScriptChoice, notes: _Notes) -> tuple[str | None, dict[str, Any]]:
    path, value = notes.first("mapping.script", choice.fields, payload)
    wanted = _name(value) if isinstance(value, str) else ""
    saw = {"field": path.text if path else choice.fields[0].text, "saw": _shown(value)}
    if wanted in {_name(name) for name in choice.allow}:
        return wanted, {"by": "form", **saw}
    if choice.default is not None:
        return _name(choice.default), {"by": "default", **saw}
    code = "script_not_allowed" if path else "no_script_named"
    params = {"field": saw["field"], "script": wanted[:80], "allowed": ", ".join(choice.allow)[:200]}
    notes.against.append(Reason(code, params))
    return None, {"by": "nothing", **saw}


def _sms(payload: Any, source: Source, notes: _Notes) -> str | None:
    template = source.mapping.sms
    text = sms.write(template, payload) if template else ""
    if not text:
        return None
    count, most = sms.segments(text), source.policy.sms_segments
    notes.trace["sms"] = {"text": text, "segments": count}
    if count > most:
        notes.against.append(Reason("sms_too_long", {"segments": count, "allowed": most, "characters": len(text)}))
    return text


def _person(payload: Any, paths: tuple[Path, ...], notes: _Notes) -> str:
    path, value = notes.first("mapping.person", paths, payload)
    if path is None:
        return ""
    parts = value if isinstance(value, list) else [value]
    words = (str(part) for part in parts if isinstance(part, str | int) and not isinstance(part, bool))
    person = _clean(" ".join(word for word in words if not is_empty(word)))[:PERSON].strip()
    notes.trace["person"] = {"field": path.text, "saw": person}
    return person


def _asked_at(payload: Any, source: Source, notes: _Notes) -> int | None:
    path, value = notes.first("mapping.asked_at", source.mapping.asked_at, payload)
    if path is None:
        return None
    moment = moment_ms(value, source.policy.timezone)
    notes.trace["asked_at"] = {"field": path.text, "saw": _shown(value), "read_ms": moment}
    return moment


def _name(text: str) -> str:
    """A script's name as it is compared and sent."""
    return _clean(unicodedata.normalize("NFC", text[:SCRIPT]))


def _clean(text: str) -> str:
    """One line without what a database or an eye stumbles over: controls as blanks, half surrogates dropped."""
    if text.isascii() and text.isprintable():
        return " ".join(text[:1000].split())
    kept = (" " if unicodedata.category(sign) in ("Cc", "Zl", "Zp") else sign for sign in text[:1000])
    return " ".join("".join(sign for sign in kept if unicodedata.category(sign) not in ("Cs", "Cf")).split())


def _shown(value: Any) -> Any:
    """A payload's value for the trace: scalars as they are, anything deeper as its JSON's beginning."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)[:200]


def _fitted(trace: dict[str, Any]) -> dict[str, Any]:
    """The trace with its texts and lists cut until its JSON fits, as few as have to be."""
    for longest, items in ((120, 8), (60, 6), (30, 4), (15, 2), (8, 1)):
        cut: dict[str, Any] = _cut(trace, longest, items)
        if len(json.dumps(cut)) <= TRACE:
            return cut
    return {key: {} for key in trace}


def _cut(value: Any, longest: int, items: int) -> Any:
    if isinstance(value, str):
        return value if len(value) <= longest else value[: longest - 1] + "…"
    if isinstance(value, list):
        kept = [_cut(item, longest, items) for item in value[:items]]
        return kept if len(value) <= items else [*kept, "…"]
    if isinstance(value, dict):
        return {key: _cut(item, longest, items) for key, item in value.items()}
    return value
