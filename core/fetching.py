"""What to ask a CRM for a lead that came as an id only, one question after the other.

Pure: from the payload and the answers so far to the next `Question`, until the answers hold what the
mapping needs. The mapping then reads them at `_fetched.<step>`.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from core import policy
from core.expressions.expression import Condition, Found, Path, first
from core.expressions.slots import NoId, NothingThere, Slot
from core.ports import Question
from core.reading import body as bodies
from core.reading.payload import FETCHED, as_it_came, proven
from core.source import Body, Fetch, Join, Source, Step

_JSON = Body(format="json")
Answers = dict[str, Any]


@dataclass(frozen=True)
class Ask:
    """`question` is to be asked; what it answers is `step`'s."""

    step: str
    question: Question


@dataclass(frozen=True)
class Complete:
    """The answers hold what is needed, or there is nothing to ask with: the lead may be mapped."""


@dataclass(frozen=True)
class NotYet:
    """Every question was answered, and what is needed is not there (yet)."""


Next = Ask | Complete | NotYet | NoId


def next_question(payload: dict[str, Any], source: Source, answers: Answers, secret: str) -> Next:
    """What comes after `answers` (step -> the tree it answered, None for nothing). A step is passed over
    when its `when` does not fit or the payload has nothing for one of its slots. Never raises."""
    fetch = source.fetch
    if fetch is None:
        return Complete()
    seen = with_answers(proven(payload), fetch, answers)
    if _is_ready(seen, source, fetch):
        return Complete()
    for step in fetch.steps:
        if step.name in answers or not (step.when is None or _fits(step.when, seen)):
            continue
        question = _question(fetch, step, seen, secret)
        if isinstance(question, Question):
            return Ask(step.name, question)
        if isinstance(question, NoId):
            return question
    return NotYet() if answers else Complete()  # nothing to ask with: the mapping says what is missing


def needs_asking(payload: dict[str, Any], source: Source) -> bool:
    """Whether the source's CRM has to be asked before this payload, as it was posted, can be mapped."""
    if source.fetch is None:
        return False
    if source.lead_when is not None and source.lead_when.holds(as_it_came(payload)) is False:
        return False  # it is no lead at all
    if policy.is_test(source.policy, payload):
        return False
    return not isinstance(next_question(payload, source, {}, ""), Complete)


def with_answers(payload: dict[str, Any], fetch: Fetch, answers: Answers) -> dict[str, Any]:
    """The payload with what the CRM said, in place of what it said before."""
    seen = {**payload, FETCHED: answers}
    if fetch.join is None:
        return seen
    return {**payload, FETCHED: {**answers, fetch.join.name: _joined(fetch.join, seen)}}


def as_posted(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload without anything that a CRM said."""
    return {key: value for key, value in payload.items() if key != FETCHED}


def tree_of(body: bytes) -> Any | None:
    """What a CRM's JSON says, as a delivery's would be read (numbers as text); None when it is none."""
    read = bodies.parse(body, "application/json", "", _JSON)
    return None if read.problem or not body.strip() else read.value


def _is_ready(seen: dict[str, Any], source: Source, fetch: Fetch) -> bool:
    if fetch.ready_when is not None:
        return _fits(fetch.ready_when, seen)
    return first(source.mapping.number.fields, seen)[0] is not None


def _joined(join: Join, seen: dict[str, Any]) -> list[Any]:
    beside = {one[join.by]: one for one in _objects(join.beside, seen) if isinstance(one.get(join.by), str)}
    return [beside.get(str(one.get(join.by)), {}) | one for one in _objects(join.each, seen)]


def _objects(path: Path, seen: dict[str, Any]) -> list[dict[str, Any]]:
    found = path.read(seen)
    listed = found.value if isinstance(found, Found) and isinstance(found.value, list) else []
    return [one for one in listed if isinstance(one, dict)]


def _fits(condition: Condition, payload: Any) -> bool:
    return condition.holds(payload) is True


def _question(fetch: Fetch, step: Step, payload: Any, secret: str) -> Question | NothingThere | NoId:
    path = step.path.fill(payload, secret, encode=True)
    if not isinstance(path, str):
        return path
    pairs: list[str] = []
    for name, text in step.query:
        value = text.fill(payload, secret)
        if not isinstance(value, str):
            return value
        pairs.append(f"{quote(name, safe='')}={quote(value, safe='')}")
    headers: list[tuple[str, str]] = []
    for name, text in fetch.headers:
        value = text.fill(payload, secret)
        if not isinstance(value, str):
            return value
        headers.append((name, value))
    body = None if step.body is None else _filled(step.body, payload, secret)
    if isinstance(body, NothingThere | NoId):
        return body
    target = path + ("?" + "&".join(pairs) if pairs else "")
    return Question(
        step.method, fetch.base, target, tuple(headers), None if body is None else json.dumps(body).encode("ascii")
    )


def _filled(value: Any, payload: Any, secret: str) -> Any | NothingThere | NoId:
    """A JSON body with its slots filled."""
    if isinstance(value, Slot):
        return value.read(payload, secret)
    if not isinstance(value, dict | list):
        return value
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    made: dict[Any, Any] = {}
    for key, below in pairs:
        made[key] = _filled(below, payload, secret)
        if isinstance(made[key], NothingThere | NoId):
            return made[key]
    return made if isinstance(value, dict) else list(made.values())
