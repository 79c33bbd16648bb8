"""A reason is a code with its facts; its words are made from them, in the reader's language."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.fact_words import in_russian
from core.reason_words import TABLE


@dataclass(frozen=True)
class Reason:
    """Why a lead is where it is. `params` holds what the words need; numbers in it are masked."""

    code: str
    params: dict[str, Any] = field(default_factory=dict)


# A hold that protects a person from a second, a forged or an unwanted call. No repeat, no bulk and no recompute lifts
# it: one person does, for one lead, by a rearm where the call is whole, else by a remap. A cancelled lead keeps it.
PROTECTING = frozenset({"late_signature", "signature_seen", "same_id_other_number", "may_have_rung", "dry_run"})


WORDS: dict[str, str] = {code: said.en for code, said in TABLE.items()}
RUSSIAN: dict[str, str] = {code: said.ru for code, said in TABLE.items()}


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return f"({key}?)"


def words(code: str, params: dict[str, Any], language: str = "en") -> str:
    """The sentence for a person, in English or Russian (`ru`); the code itself where no words are known."""
    if language == "ru":
        return RUSSIAN.get(code, code).format_map(_Facts(in_russian(params)))
    return WORDS.get(code, code).format_map(_Facts(params))


def moment_of(name: str, value: Any) -> int | None:
    """The moment in milliseconds that a reason's fact is; None for any other fact."""
    if name not in ("at", "opens", "until") or not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if at.tzinfo is None else int(at.timestamp() * 1000)


def advice(code: str, language: str = "en") -> str:
    """What a person may do about it; empty where the code is not known."""
    said = TABLE.get(code)
    return "" if said is None else said.advice[1 if language == "ru" else 0]


def reasons_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reasons of a lead's row, as code and facts; the one that holds now first."""
    found: list[dict[str, Any]] = json.loads(row["reasons"])
    if row["reason"] and (not found or found[0]["code"] != row["reason"]):
        found = [{"code": row["reason"], "params": {}}, *found]
    return found
