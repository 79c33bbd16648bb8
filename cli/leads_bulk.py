"""`flask leads bulk`: one wish for many leads, told before it is done."""

import sys
from dataclasses import replace
from typing import Any

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, who_and_why
from cli.leads_filters import REASON, SINCE, SOURCE, STATE, UNTIL, read
from cli.moments import moment
from cli.words import Command, _, language, ngettext
from core.policy import DESPITE
from core.states import FOR_MANY
from flow import bulk, operate


class _Place(click.ParamType):
    name = "place"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bulk.Place:
        at, dot, no = str(value).partition(".")
        if not (dot and at.isascii() and at.isdigit() and no.isascii() and no.isdigit() and len(at + no) < 30):
            expected = _("expected what a go before said, such as 1795597200000.118")
            self.fail(_("%(got)r is no place; %(expected)s", got=str(value), expected=expected), param, ctx)
        return int(at), int(no)


PLACE = _Place()


@click.command("bulk", cls=Command)
@click.argument("change", type=click.Choice(FOR_MANY))
@click.option("--state", type=STATE, required=True, help="Leads in this state only.")
@SOURCE
@click.option("--how", "--reason", "reason", type=REASON, help="With this reason (its code) only.")
@SINCE
@UNTIL
@click.option("--despite", multiple=True, type=click.Choice(sorted(DESPITE)), help="For rearm: a rule to set aside.")
@click.option("--limit", type=click.IntRange(1, bulk.A_GO), default=bulk.A_GO, show_default=True)
@click.option("--after", type=PLACE, help="Go on behind this place, as a go before said it.")
@click.option("--do", "really", is_flag=True, help="Do it; without this it is only told.")
@who_and_why
@with_appcontext
def command(
    change: str,
    state: str,
    despite: tuple[str, ...],
    limit: int,
    after: bulk.Place | None,
    really: bool,
    who: str,
    why: str,
    **given: Any,
) -> None:
    """CHANGE (cancel, rearm or remap) many leads, newest first, at most 500 a go.

    Says first how many it would take, of which sources and for which reasons; --do carries it out.
    Rearmed leads are rung at the account's pace."""
    gateway = the_gateway()
    looked = read(gateway.store, states=(state,), **given)
    try:
        planned = bulk.plan(gateway, replace(looked.wanted, state=state), change, after, limit)
        if looked.span():
            click.echo(looked.span())
        _tell(planned, change)
        if not really:
            _foretell(planned)
            return
        done = bulk.carry_out(gateway, planned, change, who, why, despite)
    except operate.Refused as refusal:
        fail(refusal.said(language(), moment))
    click.echo(_("%(done)s changed, %(left)s left as they were", done=done.changed, left=len(done.refused)))
    for lead in done.refused:
        click.echo(_("  lead %(no)s: %(text)s", no=lead["no"], text=lead["why"].said(language(), moment)))
    if planned.next is not None:
        click.echo(_("more are waiting: go on with --after %(place)s", place=_told(planned.next)))
    if not done.changed:
        sys.exit(1)


def _foretell(planned: bulk.Plan) -> None:
    for lead in planned.refused:
        click.echo(_("  lead %(no)s: %(text)s", no=lead["no"], text=lead["why"].said(language(), moment)))
    behind = f" --after {_told(planned.place)}" if planned.place else ""
    click.echo(_("nothing was changed; to carry it out for these leads:%(behind)s --do", behind=behind))


def _told(place: bulk.Place) -> str:
    return f"{place[0]}.{place[1]}"


def _tell(planned: bulk.Plan, change: str) -> None:
    more = "" if planned.next is None else _(" (and more behind them)")
    count = ngettext("%(num)d lead", "%(num)d leads", len(planned.leads))
    click.echo(f"{change}: {count}{more}")
    for title, counts in ((_("source"), planned.sources), (_("reason"), planned.kinds)):
        for name, number in sorted(counts.items()):
            click.echo(f"  {title} {name}: {number}")
