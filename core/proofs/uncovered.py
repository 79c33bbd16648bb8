"""Which expressions of a source read what its proof does not cover: they will find nothing there, ever."""

from collections.abc import Iterator
from typing import Any

from core.expressions.expression import Condition, Path, Template
from core.expressions.reads import Way, reads
from core.expressions.slots import Slot, Slotted
from core.proofs.authentic import covers_of
from core.source import Fetch, Mapping, Source

Keys = tuple[str, ...]
Expression = Path | Condition | Template


def uncovered(source: Source) -> Iterator[tuple[Keys, Expression, Way]]:
    """(the way down to it in the source's text, the expression, what it reads). Not `lead_when` and
    `test_when`: what may only stop a lead sees everything."""
    covers = covers_of(source)
    for keys, expression in _expressions(source):
        for way in sorted(reads(expression)):
            if not covers.reaches(way):
                yield keys, expression, way


def _expressions(source: Source) -> Iterator[tuple[Keys, Expression]]:
    yield from (((*keys, str(n)), path) for keys, paths in _lists(source) for n, path in enumerate(paths))
    mapping = source.mapping
    yield from (
        (("mapping", "script", "rules", str(n), "when"), rule.when) for n, rule in enumerate(mapping.script.rules)
    )
    if mapping.sms is not None:
        yield ("mapping", "sms", "template"), mapping.sms
    for n, split in enumerate(source.splits):
        yield ("split", str(n), "each"), split.each
    if source.fetch is not None:
        yield from ((("fetch", *keys), expression) for keys, expression in _of_fetch(source.fetch))


def _lists(source: Source) -> Iterator[tuple[Keys, tuple[Path, ...]]]:
    mapping: Mapping = source.mapping
    yield ("mapping", "number", "field"), mapping.number.fields
    yield ("mapping", "number", "in_text"), mapping.number.in_text
    yield ("mapping", "script", "field"), mapping.script.fields
    yield ("mapping", "person", "field"), mapping.person
    yield ("mapping", "asked_at", "field"), mapping.asked_at
    yield ("event_key", "all"), source.event_key


def _of_fetch(fetch: Fetch) -> Iterator[tuple[Keys, Expression]]:
    for n, step in enumerate(fetch.steps):
        texts = [step.path, *(text for _, text in step.query), step.body]
        yield from ((("steps", str(n)), path) for text in texts for path in _slots(text))
        if step.when is not None:
            yield ("steps", str(n), "when"), step.when
    if fetch.ready_when is not None:
        yield ("ready_when",), fetch.ready_when


def _slots(value: Any) -> Iterator[Path]:
    if isinstance(value, Slotted):
        yield from (path for part in value.parts for path in _slots(part))
    elif isinstance(value, Slot) and value.path is not None:
        yield value.path
    elif isinstance(value, dict | list):
        yield from (path for below in (value.values() if isinstance(value, dict) else value) for path in _slots(below))
