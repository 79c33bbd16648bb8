"""What a fact of a sentence is called where it is a word of ours: a state, a person's act, a rule, a cap, a kind of
number. Whatever says such a sentence asks here, so that no code stands in it."""

import re
from collections.abc import Mapping
from typing import Any

from core.state_words import NAMES, RUSSIAN

# act -> English behind "cannot be", Russian behind "нельзя:"
ACTS: dict[str, tuple[str, str]] = {
    "cancel": ("ended", "отменить"),
    "remap": ("recomputed", "пересчитать поля"),
    "rearm": ("called again", "позвонить"),
    "resolve": ("closed as called", "отметить, что звонок был"),
}
RULES: dict[str, tuple[str, str]] = {
    "test_when": ("Not a test of the form", "Не проверка формы"),
    "do_not_call": ("Not on the do-not-call list", "Нет в списке «Не звонить»"),
    "forgotten": ("No call that the database forgot", "Нет звонка, забытого базой"),
    "countries": ("Country", "Страна"),
    "number_types": ("Kind of number", "Вид номера"),
    "never_prefixes": ("Not in a range that is never called", "Не из тех, куда не звоним никогда"),
    "max_wait": ("Has not waited too long", "Не ждал слишком долго"),
    "max_age": ("Is not too old in calling hours", "Не устарел за часы звонков"),
    "once_per_number": ("One call per number", "Один звонок на номер"),
    "number_cap": ("Calls to the number in 24 hours", "Звонки на номер за сутки"),
    "hours": ("Calling hours", "Часы звонков"),
    "number_busy": ("Nobody is calling the number now", "На номер сейчас не звонят"),
    "dry_run": ("The source is no dry run", "Источник не в пробном режиме"),
}
CAPS = {
    "calls_per_hour": "звонков в час",
    "calls_per_day": "звонков в день",
    "spend_per_day": "денег в день",
    "calls_per_number_per_day": "звонков на номер в день",
}
KINDS = {
    "mobile": "мобильный",
    "fixed": "городской",
    "toll_free": "бесплатный",
    "premium": "платный",
    "shared_cost": "с общей оплатой",
    "voip": "интернет-телефон",
    "personal": "личный",
    "pager": "пейджер",
    "uan": "номер организации",
    "voicemail": "голосовая почта",
    "unknown": "неизвестный",
}
_SPAN = re.compile(r"([0-9]{1,6})([dhms])")
_UNITS = {"d": "д", "h": "ч", "m": "мин", "s": "с"}


def state(name: str, language: str) -> str:
    """As the pages call it; empty: any."""
    if not name:
        return "любое" if language == "ru" else "Any"
    return (RUSSIAN if language == "ru" else NAMES)[name]


def act(name: str, language: str) -> str:
    return ACTS[name][1 if language == "ru" else 0]


def rule(name: str, language: str) -> str:
    """As the pages call it; a rule that is none of ours as it is."""
    known = RULES.get(name)
    return name if known is None else known[1 if language == "ru" else 0]


def in_russian(params: Mapping[str, Any]) -> dict[str, Any]:
    """A reason's facts, those that are words of ours or spans in Russian. (In English a rule and a cap stand in a text
    as the file has them.)"""
    of_kinds = params.get("rule") == "number_types"
    return {name: _in_russian(name, value, of_kinds) for name, value in params.items()}


def _in_russian(name: str, value: Any, of_kinds: bool) -> Any:
    if not isinstance(value, str):
        return value
    if name == "rule":
        return rule(value, "ru")
    if name == "cap":
        return CAPS.get(value, value)
    if of_kinds and name in ("found", "allowed"):
        return ", ".join(KINDS.get(kind, kind) for kind in value.split(", "))
    found = _SPAN.fullmatch(value)
    return f"{found[1]} {_UNITS[found[2]]}" if found and name in ("limit", "window") else value
