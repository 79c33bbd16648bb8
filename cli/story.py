"""The story of a lead in words: what came, what was decided and why, what was sent and answered."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from core.lead import Lead
from core.numbers.hiding import hide_numbers
from core.reason import words
from core.states import a_person_may
from store.personal import shown
from store.tables import attempts, history, leads


def line(row: dict[str, Any]) -> str:
    """One lead of a list."""
    why = f"  {row['reason']}" if row["reason"] else ""
    number = row["number"] or "-"
    return f"{row['no']:>6}  {moment(row['received_at'])}  {row['source']:<20} {number:<14} {row['state']}{why}"


def moment(at_ms: int | None) -> str:
    """RFC 3339 in UTC, to the millisecond."""
    if at_ms is None:
        return "-"
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tell(found: dict[str, Any]) -> str:
    """The whole story, a line a fact; the number is masked."""
    lead: Lead = found["lead"]
    seen = shown(leads, asdict(lead))
    lines = [
        f"lead {lead.no} ({lead.id}) of source {lead.source}: {lead.state}"
        + (f" ({lead.reason})" if lead.reason else "")
    ]
    lines += [f"  why: {hide_numbers(words(r['code'], r['params']))}" for r in json.loads(seen["reasons"])]
    if seen["number"]:
        sms = "the SMS set with the script" if seen["sms"] is None else repr(seen["sms"])
        lines.append(f"  call: {seen['number']}, script {lead.script!r}, SMS: {sms}")
    if lead.erased_at is not None:
        lines.append(f"  its personal data was erased {moment(lead.erased_at)}")
    if lead.changed_after_call:
        lines.append("  its data changed after the call was claimed")
    if may := a_person_may(lead.state):
        lines.append(f"  a person may: {', '.join(may)}")
    lines.append(f"  mapped by version {lead.version if lead.version is not None else '-'}, round {lead.round}")
    lines += ["deliveries:"] + [f"  {moment(d['received_at'])} {d['kind']} {d['id']}" for d in found["deliveries"]]
    lines += ["attempts:"] + ([_attempt(shown(attempts, a)) for a in found["attempts"]] or ["  none"])
    lines += ["history:"] + [_step(shown(history, h)) for h in found["history"]]
    return "\n".join(lines)


def _attempt(a: dict[str, Any]) -> str:
    text = f"  {a['n']}. round {a['round']}, started {moment(a['started_at'])}: {a['outcome'] or 'open'}"
    if a["how"]:
        text += f" ({a['how']})"
    for name, label in (("http_status", "HTTP"), ("provider_id", "provider's id"), ("price", "price at most")):
        if a[name] is not None:
            text += f", {label} {a[name]}"
    if a["irregular"]:
        text += ", irregular reply"
    if a["error"]:
        text += f", said: {a['error']}"
    return text


def _step(h: dict[str, Any]) -> str:
    text = f"  {h['n']}. {moment(h['at'])} {h['transition']}: {h['origin'] or '(new)'} -> {h['target']} by {h['who']}"
    if h["why"]:
        text += f": {h['why']}"
    trace = json.loads(h["trace"])
    against = [r for r in trace.get("rules", ()) if r.get("verdict") not in ("allow", None)]
    if against:
        text += "; " + ", ".join(f"{r['rule']}: {r['verdict']}" for r in against)
    return text
