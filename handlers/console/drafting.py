"""A source's file as somebody is changing it: the form, the text that it makes, and what that would have changed."""

import difflib
import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask import request
from flask_babel import gettext as _

from core.expressions.expression import BadExpression
from core.field_setup import Setup, setup_of, value_of
from core.lead import Lead
from core.ports import CheckedText
from core.problem_words import in_words
from core.source import Source
from flow import compare
from flow.compare import Change
from handlers.console.door import the_gateway
from handlers.console.sources import in_force, the_files
from handlers.console.words import language
from store import versions as rows

BACKTEST = 200  # leads are asked before anything is saved
PREVIEW = 100  # while somebody types
MOST_RULES = 20
KINDS = ("lost", "number", "gained", "text", "held")  # the weightiest first


@dataclass
class Draft:
    """`before` is the file's text as it stands, `text` what the form makes of it; `wrong` is what keeps it from
    being a source."""

    setup: Setup
    before: str
    text: str
    checked: CheckedText
    wrong: list[str] = field(default_factory=list)
    has_file: bool = True

    @property
    def source(self) -> Source | None:
        return None if self.wrong else self.checked.source

    @property
    def is_changed(self) -> bool:
        return self.before != self.text


@dataclass
class Backtest:
    """What the draft would make of the newest leads of the source: `leads` were looked at, `erased` could not be."""

    changes: list[Change]
    leads: int
    erased: int

    @property
    def counts(self) -> Mapping[str, int]:
        return Counter(kind(change) for change in self.changes)

    @property
    def needs_tick(self) -> bool:
        return bool(self.counts["lost"] + self.counts["number"])

    def weightiest(self, most: int) -> list[Change]:
        return sorted(self.changes, key=lambda one: (KINDS.index(kind(one)), -one.lead.no))[:most]


def kind(change: Change) -> str:
    before, after = change.before, change.after
    if after.state == "ready" and before.state != "ready":
        return "gained"
    if before.state != "ready":
        return "held"
    if after.state != "ready":
        return "lost"
    return "number" if before.number != after.number else "text"


def backtest(newest: list[Lead], before: Source, after: Source | None) -> Backtest:
    leads: list[Lead] = [lead for lead in newest if lead.erased_at is None]
    changes = [] if after is None else compare.against(leads, before, after)
    return Backtest(changes, len(leads), len(newest) - len(leads))


def draft(name: str) -> Draft:
    """What the request's form says; without one, the file as it stands. A whole text wins over the form's fields."""
    files, current = the_files(), in_force(name)
    there = files.read(name)
    before = there if there is not None else _canonical(name)
    was = setup_of(files.source(name, before) or current.source)  # the file may differ from the version in force
    given = request.form
    if given.get("mode") == "text":
        text = given.get("text", "").replace("\r\n", "\n")
        checked = files.check(name, text)
        setup = setup_of(checked.source) if checked.source else was
        return Draft(setup, before, text, checked, _told(checked), there is not None)
    now = _given(was) if "number" in given else was
    text, wrong = before, _unreadable(now)
    if not wrong:
        try:
            text = files.edited(before, was, now)
        except ValueError as why:
            wrong.append(in_words(str(why), language()))
    checked = files.check(name, text)
    return Draft(now, before, text, checked, wrong + _told(checked), there is not None)


def _given(was: Setup) -> Setup:
    given = request.form
    lines = tuple(line.strip() for line in given["number"].splitlines() if line.strip())
    pairs = zip(given.getlist("when"), given.getlist("value"), strict=False)
    rules = tuple((when.strip(), value.strip()) for when, value in pairs if when.strip() and value.strip())
    sms = given.get("sms", "").replace("\r\n", "\n").strip()
    return replace(was, number=lines, rules=rules[:MOST_RULES], default=given.get("default", "").strip(), sms=sms)


def _told(checked: CheckedText) -> list[str]:
    return [one.said(language()) for one in checked.problems]


def _unreadable(now: Setup) -> list[str]:
    found = [] if now.number else [_("The number needs a field.")]
    for line in now.number:
        try:
            value_of(line)
        except BadExpression as why:
            expected = in_words(why.expected, language())
            what = f"{expected}; {why.write}" if why.write else expected
            found.append(_("“%(line)s”: expected is %(what)s", line=line, what=what))
    return found


def _canonical(name: str) -> str:
    with the_gateway().store.read() as tx:
        n = rows.in_force(tx, [name]).get(name)
        return "{}" if n is None else rows.version(tx, name, n).text


def diff(before: str, after: str) -> list[tuple[str, str]]:
    """Every line of the text with its kind: empty, minus or plus."""
    kinds = {" ": "", "-": "minus", "+": "plus"}
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [(kinds[line[0]], line) for line in lines if line[0] in kinds]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
