"""A lead's story in the reader's words: the verdict, what each field became, what each rule said."""

import json
from typing import Any

from flask_babel import gettext as _

from core.fact_words import rule
from core.numbers.hiding import hide_numbers
from core.reason import reasons_of
from core.state_words import SENTENCES
from handlers.console.shown import CHIPS, advice, phone, reason, rule_facts, veiled, why
from handlers.console.words import at, language, moment, money, seconds

Row = dict[str, Any]
VERDICTS = {"allow": "yes", "suppress": "cross", "hold": "cross", "defer": "clock", "set_aside": "no"}


def verdict(row: Row, attempts: list[Row], history: list[Row]) -> Row:
    """One sentence on where the lead stands, coloured by its state; `lead` is another one that it names."""
    state = row["state"]
    colour, picture = CHIPS[state]
    found = reasons_of(row)
    other = next((one["params"].get("no") for one in found if one["params"].get("no")), None)
    text = _TELLING.get(state, _by_reason)(row, attempts, history)
    return {"colour": colour, "icon": picture, "title": _(SENTENCES[state]), "text": text, "lead": other}


def _by_reason(row: Row, attempts: list[Row], history: list[Row]) -> str:
    found = reasons_of(row)
    if not found:
        return ""
    todo = advice(found[0]["code"]) if row["state"] == "held" else ""
    return ". ".join(filter(None, (why(row), todo))) + "."


def _waiting(row: Row, attempts: list[Row], history: list[Row]) -> str:
    told = _by_reason(row, attempts, history)
    return told or _("It is called %(at)s, or as soon as it is its turn.", at=at(row["due_at"], exact=False))


def _unknown(row: Row, attempts: list[Row], history: list[Row]) -> str:
    last = attempts[-1] if attempts else None
    began = _("The request left %(at)s.", at=at(last["started_at"])) if last else ""
    return " ".join(
        filter(
            None,
            (
                began,
                why(row) + "." if why(row) else "",
                _("The machine does not repeat it: the person could be called twice."),
            ),
        )
    )


def _accepted(row: Row, attempts: list[Row], history: list[Row]) -> str:
    last = history[-1] if history else None
    if last is not None and last["transition"] == "resolve":
        return _("%(who)s looked and marked that it rang, %(at)s.", who=last["who"], at=at(last["at"]))
    took = next((one for one in reversed(attempts) if one["outcome"] == "accepted"), None)
    if took is None:
        return ""
    waited = seconds(took["started_at"] - row["received_at"])
    text = _("The provider took it %(at)s, %(waited)s after the lead came.", at=at(took["ended_at"]), waited=waited)
    if took["price"] is not None:
        text += " " + _("It costs at most %(price)s.", price=money(took["price"]))
    return text + " " + _("Whether the person answered is in the provider's panel.")


def _cancelled(row: Row, attempts: list[Row], history: list[Row]) -> str:
    last = next((one for one in reversed(history) if one["transition"] == "cancel"), None)
    return (
        "" if last is None else _("%(who)s, %(at)s: %(why)s", who=last["who"], at=moment(last["at"]), why=last["why"])
    )


_TELLING = {
    "ready": _waiting,
    "received": _waiting,
    "unknown": _unknown,
    "accepted": _accepted,
    "cancelled": _cancelled,
}


def evidence(history: list[Row]) -> Row:
    """What the newest mapping saw, with the newest verdict of every rule, and when: `mapped_at`, `ruled_at`."""
    traces = [(row["at"], json.loads(row["trace"])) for row in reversed(history)]
    nothing: tuple[int | None, Row] = (None, {})
    mapped_at, mapped = next((one for one in traces if "number" in one[1] or "lead_when" in one[1]), nothing)
    ruled_at, ruled = next((one for one in traces if "rules" in one[1]), nothing)
    return {**mapped, "rules": ruled.get("rules", []), "mapped_at": mapped_at, "ruled_at": ruled_at}


def stations(received_at: int, seen: Row, attempts: list[Row]) -> dict[Any, tuple[int, int]]:
    """Station -> milliseconds since the lead came, and since the station before it: `fields`, `rules`, and of attempt
    n `(n, "sent")` and `(n, "ended")`. Those that were never reached are not in it."""
    moments: list[tuple[Any, int | None]] = [("fields", seen["mapped_at"]), ("rules", seen["ruled_at"])]
    for one in attempts:
        moments += [((one["n"], "sent"), one["started_at"]), ((one["n"], "ended"), one["ended_at"])]
    found, before = {}, received_at
    for station, reached in moments:
        if reached is not None:
            found[station] = (reached - received_at, max(0, reached - before))
            before = max(before, reached)
    return found


def fields(seen: Row, texts: bool) -> list[Row]:
    """A row for each expression that was tried: what it was for, what it saw, what came of it."""
    rows: list[Row] = []

    def put(part: str, expression: Any, saw: Any, result: Any, good: bool = True) -> None:
        rows.append(
            {
                "part": part,
                "expression": str(expression or ""),
                "saw": veiled(saw, texts),
                "result": hide_numbers(result),
                "good": good,
            }
        )

    if when := seen.get("lead_when"):
        put(_("Is it a lead"), when.get("when"), "", _("yes") if when.get("held") else _("no"), bool(when.get("held")))
    if number := seen.get("number"):
        read = number.get("read")
        result = phone(read) if read else reason({"code": number.get("problem") or "number_missing", "params": {}})
        put(
            _("Number"),
            number.get("field") or ", ".join(number.get("fields", [])),
            number.get("saw"),
            result,
            bool(read),
        )
    if script := seen.get("script"):
        for rule in script.get("rules", []):
            if isinstance(rule, dict):
                put(
                    _("Script"), rule.get("when"), "", _("yes") if rule.get("held") else _("no"), bool(rule.get("held"))
                )
        chose = script.get("chose")
        put(
            _("Script"),
            script.get("field") or _by(script.get("by", "")),
            script.get("saw"),
            chose or _("none"),
            bool(chose),
        )
    if person := seen.get("person"):
        put(_("Person"), person.get("field"), person.get("saw"), person.get("saw"))
    if sms := seen.get("sms"):
        put(_("SMS"), "", "", sms.get("text", "") if texts else veiled(sms.get("text", ""), texts))
    return rows


def _by(how: str) -> str:
    if how.startswith("rule "):
        return _("rule %(n)s", n=how.removeprefix("rule "))
    return {"default": _("otherwise"), "nothing": _("nothing fitted")}.get(how, how)


def reply(raw: bytes, texts: bool) -> str:
    """A provider's answer as it came, its numbers hidden; for a viewer no more than how it begins."""
    return veiled(bytes(raw).decode("utf-8", "replace"), texts)


def rules(seen: Row) -> list[Row]:
    """A row for each rule that was asked."""
    return [
        {
            "icon": VERDICTS.get(one.get("verdict", ""), "no"),
            "name": rule(one["rule"], language()),
            "facts": rule_facts(one),
        }
        for one in seen["rules"]
        if isinstance(one, dict) and "rule" in one
    ]


def window(attempts: list[Row]) -> tuple[int, int] | None:
    """The time to look for in the provider's panel: from the last unknown call's start to its deadline."""
    lost = next((one for one in reversed(attempts) if one["outcome"] == "unknown"), None)
    return None if lost is None else (lost["started_at"], lost["deadline_at"])


def tree_of(payload: Any, *, whole: bool, texts: bool) -> list[Row]:
    """A payload as nested rows; each value as its reader may see it."""
    pairs = payload.items() if isinstance(payload, dict) else enumerate(payload)
    return [_branch(str(key), value, whole, texts) for key, value in list(pairs)[:300]]


def _branch(key: str, value: Any, whole: bool, texts: bool) -> Row:
    if isinstance(value, dict | list) and value:
        return {
            "key": hide_numbers(key),
            "below": tree_of(value, whole=whole, texts=texts),
            "value": "",
            "count": len(value),
        }
    shown = (
        (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) if whole else veiled(value, texts)
    )
    return {"key": hide_numbers(key), "below": None, "value": shown or "–", "count": 0}
