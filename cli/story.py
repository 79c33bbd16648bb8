"""The story of a lead in words: what came, what was decided and why, what was sent and answered, and what to do."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from cli import next_steps
from cli.columns import plain
from cli.moments import moment
from cli.state_words import state_name
from cli.why import told
from cli.words import _, language
from core.lead import Lead
from core.numbers.hiding import hide_numbers
from core.outcome import UNKNOWN
from core.reading.payload import OURS, as_it_came
from core.reason import advice, reasons_of
from core.states import ACCEPTED, HELD, a_person_may
from core.ways_on import SETTLING_MS, mends_fields
from store.personal import shown
from store.tables import attempts, history, leads

Row = dict[str, Any]
FIELDS = 60  # of what came are named


@dataclass(frozen=True)
class Reading:
    """How the story is told: `now` is the store's clock, `settles_at` the deadline after which a late answer still
    comes, `reveal` shows whole numbers and what came, `panel_url` is the provider's."""

    now: int
    settles_at: int | None = None
    reveal: bool = False
    panel_url: str = ""


def tell(found: Row, how: Reading) -> str:
    """The whole story, a line a fact; the number is masked unless it is revealed."""
    lead: Lead = found["lead"]
    row = asdict(lead)
    seen = row if how.reveal else shown(leads, row)
    lines = [
        _head(lead),
        *_about(lead, seen),
        *_came(lead, how.reveal),
        *_to_look_for(found, seen, how),
        *_next(lead, how),
    ]
    lines += [
        _("deliveries:"),
        *(f"  {moment(d['received_at'], exact=True)} {d['kind']} {d['id']}" for d in found["deliveries"]),
    ]
    tried = [_attempt(one if how.reveal else shown(attempts, one)) for one in found["attempts"]]
    lines += [_("attempts:"), *(tried or [_("  none")])]
    lines += [_("history:"), *(_step(shown(history, one)) for one in found["history"])]
    return "\n".join(map(plain, lines))


def _head(lead: Lead) -> str:
    state = lead.state if language() == "en" else f"{state_name(lead.state)} ({lead.state})"
    reason = f" ({lead.reason})" if lead.reason else ""
    return _("lead %(no)s (%(id)s) of source %(source)s: ", no=lead.no, id=lead.id, source=lead.source) + state + reason


def _about(lead: Lead, seen: Row) -> Iterator[str]:
    reasons = reasons_of(asdict(lead))
    yield from (_("  why: %(text)s", text=told(one)) for one in reasons)
    if reasons and (todo := advice(reasons[0]["code"], language())):
        yield _("  what to do: %(text)s", text=todo)
    if seen["person"]:
        yield _("  name: %(name)s", name=seen["person"])
    if seen["number"]:
        sms = _("the SMS set with the script") if seen["sms"] is None else repr(seen["sms"])
        yield _(
            "  call: %(number)s, script %(script)s, SMS: %(sms)s",
            number=seen["number"],
            script=repr(lead.script),
            sms=sms,
        )
    if lead.erased_at is not None:
        yield _("  its personal data was erased %(at)s", at=moment(lead.erased_at))
    if lead.changed_after_call:
        yield _("  its data changed after the call was claimed")
    if lead.state == ACCEPTED:
        yield _("  whether the person picked up is in the provider's panel")
    version = lead.version if lead.version is not None else "-"
    yield _("  mapped by version %(version)s, round %(round)s", version=version, round=lead.round)


def _came(lead: Lead, reveal: bool) -> Iterator[str]:
    """The names of the fields that came, where a mistake among them may be the cause; revealed, with their values."""
    if lead.erased_at is not None or not (reveal or (lead.state == HELD and mends_fields(lead.reason))):
        return
    payload = {name: value for name, value in as_it_came(json.loads(lead.payload)).items() if name not in OURS}
    leaves = list(_leaves(payload, ""))
    names = [hide_numbers(name) + ("" if filled else _(" (empty)")) for name, _value, filled in leaves[:FIELDS]]
    more = _(" and %(n)s more", n=len(leaves) - FIELDS) if len(leaves) > FIELDS else ""
    named = ", ".join(names) or _("no field at all")
    yield _("  came: %(names)s", names=named + more)
    if reveal:
        yield from (f"    {name} = {value}" for name, value, _filled in leaves)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str, bool]]:
    """(name, value as text, whether there is something in it) of everything that holds no others."""
    if isinstance(value, dict | list) and value:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, below in pairs:
            yield from _leaves(below, f"{name}.{key}" if name else str(key))
    elif name:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield name, text, value is not None and value not in ("", [], {}) and text.strip() != ""


def _to_look_for(found: Row, seen: Row, how: Reading) -> Iterator[str]:
    """Of a call whose fate only the provider knows: what to look for there, and between which times."""
    lead: Lead = found["lead"]
    lost = next((one for one in reversed(found["attempts"]) if one["outcome"] == UNKNOWN), None)
    if lead.state != UNKNOWN or lost is None:
        return
    yield _(
        "  look in the provider's panel%(url)s for a call to %(number)s, script %(script)s, from %(first)s to %(last)s",
        url=" " + how.panel_url if how.panel_url else "",
        number=seen["number"] or _("a number that was erased"),
        script=repr(lead.script),
        first=moment(lost["started_at"]),
        last=moment(lost["deadline_at"]),
    )
    if not how.reveal and seen["number"]:
        yield _("  the whole number: flask leads show %(no)s --reveal", no=lead.no)


def _next(lead: Lead, how: Reading) -> list[str]:
    until = None if how.settles_at is None else how.settles_at + SETTLING_MS
    steps = next_steps.lines(lead, until if until is not None and how.now < until else None)
    if steps:
        return [_("next, one of these:"), *steps]
    may = () if lead.erased_at is not None else a_person_may(lead.state)
    return [_("  a person may: %(what)s", what=", ".join(may))] if may else []


def _attempt(a: Row) -> str:
    text = _(
        "  %(n)s. round %(round)s, started %(at)s: %(outcome)s",
        n=a["n"],
        round=a["round"],
        at=moment(a["started_at"], exact=True),
        outcome=a["outcome"] or _("under way"),
    )
    if a["how"]:
        text += f" ({a['how']})"
    for name, label in (("http_status", "HTTP"), ("provider_id", _("provider's id")), ("price", _("price at most"))):
        if a[name] is not None:
            text += f", {label} {a[name]}"
    if a["irregular"]:
        text += _(", irregular reply")
    if a["error"]:
        text += _(", said: %(text)s", text=a["error"])
    return text


def _step(h: Row) -> str:
    origin = state_name(h["origin"]) if h["origin"] else _("(new)")
    text = _(
        "  %(n)s. %(at)s %(move)s: %(origin)s -> %(target)s by %(who)s",
        n=h["n"],
        at=moment(h["at"], exact=True),
        move=h["transition"],
        origin=origin,
        target=state_name(h["target"]),
        who=h["who"],
    )
    if h["why"]:
        text += f": {h['why']}"
    trace = json.loads(h["trace"])
    against = [r for r in trace.get("rules", ()) if r.get("verdict") not in ("allow", None)]
    if against:
        text += "; " + ", ".join(f"{r['rule']}: {r['verdict']}" for r in against)
    return text
