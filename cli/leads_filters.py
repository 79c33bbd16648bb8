"""Which leads: the options of every command that looks for leads, and what they mean to the store."""

import difflib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from cli.context import fail, the_gateway, the_zone
from cli.moments import WHEN, Asked, moment
from cli.state_words import state_name, state_of
from cli.typed import SAID
from cli.words import _, language
from core.reason import Reason, words
from core.reason_words import TABLE
from core.states import STATES
from store import queries, versions
from store.engine import Store
from store.queries import Wanted


class _State(click.ParamType):
    name = "state"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        found = state_of(str(value))
        if found is None:
            known = ", ".join(name if state == name else f"{state} ({name})" for state, name in _state_names())
            self.fail(_("%(got)r is no state; expected one of %(known)s", got=str(value), known=known), param, ctx)
        return found


class _Reason(click.ParamType):
    name = "reason"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        code = str(value).strip().lower()
        if code not in TABLE:
            near = ", ".join(difflib.get_close_matches(code, TABLE, 5, 0.5)) or ", ".join(sorted(TABLE))
            self.fail(_("%(got)r is no reason; expected one like %(near)s", got=str(value), near=near), param, ctx)
        return code


STATE, REASON = _State(), _Reason()


def _state_names() -> list[tuple[str, str]]:
    return [(state, state_name(state)) for state in STATES]


SINCE = click.option("--since", type=WHEN, help="Came at or after this time: yesterday, 7d, 24h, 29.11.2026, 09:30.")
UNTIL = click.option("--until", type=WHEN, help="Came before this time; a day alone means its beginning.")
SOURCE = click.option("--source", type=SAID, help="Of this source only.")
FILTERS = (
    SINCE,
    UNTIL,
    SOURCE,
    click.option("--state", "states", type=STATE, multiple=True, help="In this state; repeatable: in any of them."),
    click.option("--reason", type=REASON, help="With this reason (its code) only."),
    click.option("--number", type=SAID, help="Of this phone number, in any spelling; `-`: from the standard input."),
    click.option("--name", type=SAID, help="Whose name has these words, or parts of words, in it."),
)


def filters(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options, given to the command as keywords for `read`."""
    for option in reversed(FILTERS):
        command = option(command)
    return command


@dataclass(frozen=True)
class Looked:
    """What was asked for, as the store understands it."""

    wanted: Wanted
    states: tuple[str, ...]
    now: int

    @property
    def any_lead(self) -> bool:
        return self.wanted == Wanted() and not self.states

    def span(self) -> str:
        """From when until when, as it was understood."""
        since, until = self.wanted.since, self.wanted.until
        parts = [
            _("since %(at)s", at=moment(since)) if since is not None else "",
            _("until %(at)s", at=moment(until)) if until is not None else "",
        ]
        return "; ".join(filter(None, parts))

    def said(self) -> str:
        """In words, without number and name: for the audit and for who wonders what was looked for."""
        wanted = self.wanted
        parts = [
            self.span(),
            _("source %(name)s", name=wanted.source) if wanted.source else "",
            ", ".join(map(state_name, self.states)),
            wanted.how,
            _("one number") if wanted.numbers else "",
            _("a name") if wanted.name else "",
        ]
        return "; ".join(filter(None, parts))


def read(
    store: Store,
    since: Asked | None,
    until: Asked | None,
    source: str | None,
    states: tuple[str, ...],
    reason: str | None,
    number: str | None = None,
    name: str | None = None,
) -> Looked:
    """The options' meaning now. Ends with 2 for what cannot be meant, with 1 for a source that never was."""
    with store.read() as tx:
        now = store.now_ms(tx)
    first = None if since is None else since.at(now, the_zone())
    last = None if until is None else until.at(now, the_zone(), late=True)
    if first is not None and last is not None and first >= last:
        raise click.UsageError(
            _(
                "--since (%(since)s) is not before --until (%(until)s): nothing lies between",
                since=moment(first),
                until=moment(last),
            )
        )
    if source:
        _be_a_source(store, source)
    wanted = Wanted(
        source=source or "",
        since=first,
        until=last,
        how=reason or "",
        numbers=_numbers(number) if number else (),
        name=name or "",
    )
    return Looked(wanted, tuple(dict.fromkeys(states)), now)


def _numbers(text: str) -> tuple[str, ...]:
    from flow import numbers  # with the numbering plans

    said = sys.stdin.readline() if text == "-" else text  # so that it stands in no history of commands
    found = numbers.readings(said.strip(), numbers.regions(the_gateway()))
    if isinstance(found, Reason):
        raise click.BadParameter(words(found.code, found.params, language()), param_hint="--number")
    return found


def _be_a_source(store: Store, name: str) -> None:
    """A source that was removed still has its leads."""
    with store.read() as tx:
        known = sorted(each for each, row in versions.sources_standing(tx).items() if not row.removed)
        if name in known or queries.page(tx, Wanted(source=name), 1)[0]:
            return
    fail(_("there is no source %(name)r; there is: %(known)s", name=name, known=", ".join(known) or "-"))
