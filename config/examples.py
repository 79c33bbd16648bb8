"""Runs the example requests that lie beside a YAML file: what the whole walk up to a call makes of them.

Nothing is stored and nobody is rung. The example's clock is its `at`, and the rules that depend on
the hour are set aside, so that an example passes at night too.
"""

import base64
import json
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from config.load import PRESETS, Loaded, Problem, Problems, Text, load_text, preset_names, read_preset
from core import decision, fetching, identity, mapping
from core.policy import Facts
from core.proofs import authentic, handshake
from core.reading.delivery import Delivery
from core.reading.request_text import read as read_request
from core.source import Example, Source
from core.states import READY

CLOCK = "2026-08-01T13:20:00Z"  # when the signed examples were signed
SECRET = "test-secret"  # noqa: S105 - what they were signed with
SET_ASIDE = frozenset({"hours", "max_age"})


@dataclass(frozen=True)
class Result:
    """What came of one lead of an example, or of the whole request (`handshake`, `nothing`, `refused`)."""

    state: str  # ready | held | suppressed | handshake | nothing | refused
    call: dict[str, str] | None = None
    reasons: tuple[str, ...] = ()
    event_key: tuple[str, ...] = ()


def run_examples(source: Source, folder: Path) -> list[str]:
    """Every example of the source that does not come out as it says, in words; empty when all do."""
    return [
        f"{example.request}: {said}" for example in source.examples for said in run_example(source, example, folder)
    ]


def run_example(source: Source, example: Example, folder: Path) -> list[str]:
    """What differs from what the example says. `folder` holds the request files."""
    try:
        delivery = read_request((folder / example.request).read_bytes())
    except (OSError, ValueError) as error:
        return [f"cannot be read as a request ({type(error).__name__})"]
    if absent := [file for file in example.answers.values() if not (folder / file).is_file()]:
        return [f"there is no file {', '.join(absent)} of what the CRM says"]
    results = results_of(source, example, delivery, folder)
    first = results[0]
    wrong = []
    if example.state and (first.state != example.state or (example.reason and example.reason not in first.reasons)):
        wrong.append(f"expected {example.state} {example.reason}".rstrip() + f", got {_told(first)}")
    if example.call is not None and first.call != example.call:
        wrong.append(f"expected the call {_json(example.call)}, got {_told(first)}")
    if example.calls and [result.call or {} for result in results] != list(example.calls):
        wrong.append(f"expected the calls {_json(example.calls)}, got " + "; ".join(map(_told, results)))
    if example.event_key and first.event_key != example.event_key:
        wrong.append(f"expected the event key {_json(example.event_key)}, got {_json(first.event_key)}")
    return wrong


def results_of(source: Source, example: Example, delivery: Delivery, folder: Path = PRESETS) -> tuple[Result, ...]:
    """What becomes of each lead in the request; never empty. `folder` holds what the CRM answers."""
    now_ms = int(datetime.fromisoformat(example.at or CLOCK).timestamp() * 1000)
    secret = example.secret or SECRET
    if not example.secret:
        delivery = with_token(delivery, source, secret)
    proof = authentic.check(delivery, source, lambda reference: secret, now_ms)
    if handshake.answer(delivery, source, lambda reference: secret, proof.ok) is not None:
        return (Result("handshake"),)
    if not proof.ok:
        return (Result("refused", reasons=(proof.cause,)),)
    pieces = identity.split(delivery, source, proof)
    pieces = tuple(replace(piece, payload=with_answers_of(source, example, piece.payload, folder)) for piece in pieces)
    return tuple(_result(source, piece, now_ms) for piece in pieces) or (Result("nothing"),)


def preset_source(name: str, presets: Path = PRESETS) -> Loaded | Problems:
    """The preset as an owner would use it, with the least that he has to say, and with its own examples."""
    preset = read_preset(name, presets)
    if not isinstance(preset, Text):
        return preset or Problems((Problem(name, 0, "", "one of " + ", ".join(preset_names(presets))),))
    least = {
        "preset": name,
        "auth": {"secret": "env:EXAMPLE", "handshake": "env:EXAMPLE"},
        "mapping": {"script": "Заявка с сайта"},
        "examples": preset.value.get("examples", []),
    }
    if "fetch" in preset.value:
        least["fetch"] = {"base": "https://crm.example", "token": "env:EXAMPLE"}
    return load_text(name, Text(preset.file, least), presets=presets)


def with_token(delivery: Delivery, source: Source, secret: str) -> Delivery:
    """The request with the owner's own token where his URL or the sender's settings put it, unless it is
    there: the example files of senders do not know it. What a sender signs is never touched."""
    auth = source.auth
    if auth.scheme == "basic" and delivery.header("authorization") is None:
        login = base64.b64encode(f"{auth.user}:{secret}".encode()).decode()
        return replace(delivery, headers=(*delivery.headers, ("authorization", f"Basic {login}")))
    if auth.scheme != "token":
        return delivery
    if auth.place == "query" and auth.name not in dict(delivery.query_pairs):
        query = f"{delivery.query}&" if delivery.query else ""
        return replace(delivery, query=f"{query}{auth.name}={quote(secret)}")
    if auth.place == "path":
        return replace(delivery, rest=f"{secret}/{delivery.rest}".rstrip("/"))
    if auth.place == "header" and delivery.header(auth.name) is None:
        return replace(delivery, headers=(*delivery.headers, (auth.name.lower(), secret)))
    return delivery


def with_answers_of(source: Source, example: Example, payload: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The payload with what the CRM said to the questions that the source asks. No network is touched."""
    answers: dict[str, Any] = {}
    if source.fetch is None or not fetching.needs_asking(payload, source):
        return payload
    while isinstance(ask := fetching.next_question(payload, source, answers, SECRET), fetching.Ask):
        file = example.answers.get(ask.step)
        answers[ask.step] = fetching.tree_of((folder / file).read_bytes()) if file else None
    return fetching.with_answers(payload, source.fetch, answers)


def _result(source: Source, piece: identity.Piece, now_ms: int) -> Result:
    key = tuple(json.loads(piece.event_key)) if piece.event_key else ()
    mapped = mapping.map_call(piece.payload, source)
    move = decision.decide(mapped, source, Facts(now_ms, payload=piece.payload, despite=SET_ASIDE), now_ms)
    if isinstance(mapped, mapping.Unmapped) or move.target != READY or move.reason:
        first = move.reasons if isinstance(mapped, mapping.Unmapped) else move.reasons[:1]
        return Result(move.target, reasons=tuple(reason.code for reason in first), event_key=key)
    call = {"number": mapped.call.number, "script": mapped.call.script}
    return Result("ready", call | ({"sms": mapped.call.sms} if mapped.call.sms is not None else {}), event_key=key)


def _told(result: Result) -> str:
    if result.call is not None:
        return f"the call {_json(result.call)}"
    return f"{result.state} ({', '.join(result.reasons)})" if result.reasons else result.state


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
