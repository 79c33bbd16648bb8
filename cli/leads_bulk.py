"""`flask leads bulk`: one wish for many leads, told before it is done."""

import sys
from datetime import UTC, datetime

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, who_and_why
from core.policy import DESPITE
from core.states import FOR_MANY, STATES
from flow import bulk, operate
from store.queries import Wanted

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]


class _Place(click.ParamType):
    name = "place"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bulk.Place:
        at, dot, no = str(value).partition(".")
        if not (dot and at.isascii() and at.isdigit() and no.isascii() and no.isdigit() and len(at + no) < 30):
            self.fail(f"{value!r} is no place; a go before said one, such as 1795597200000.118", param, ctx)
        return int(at), int(no)


PLACE = _Place()


@click.command("bulk")
@click.argument("change", type=click.Choice(FOR_MANY))
@click.option("--state", type=click.Choice(STATES), required=True, help="Leads in this state only.")
@click.option("--source", default="", help="Of this source only.")
@click.option("--how", default="", help="With this reason only; of unknown leads, the kind of it.")
@click.option("--since", type=click.DateTime(MOMENTS), help="Received at or after this time, UTC.")
@click.option("--until", type=click.DateTime(MOMENTS), help="Received before this time, UTC.")
@click.option("--despite", multiple=True, type=click.Choice(sorted(DESPITE)), help="For rearm: a rule to set aside.")
@click.option("--limit", type=click.IntRange(1, bulk.A_GO), default=bulk.A_GO, show_default=True)
@click.option("--after", type=PLACE, help="Go on behind this place, as a go before said it.")
@click.option("--do", "really", is_flag=True, help="Do it; without this it is only told.")
@who_and_why
@with_appcontext
def command(
    change: str,
    state: str,
    source: str,
    how: str,
    since: datetime | None,
    until: datetime | None,
    despite: tuple[str, ...],
    limit: int,
    after: bulk.Place | None,
    really: bool,
    who: str,
    why: str,
) -> None:
    """CHANGE (cancel, rearm or remap) many leads, newest first, at most 500 a go.

    Says first how many it would take, of which sources and for which reasons; --do carries it out.
    Rearmed leads are rung at the account's pace."""
    gateway = the_gateway()
    wanted = Wanted(state=state, source=source, how=how, since=ms(since), until=ms(until))
    try:
        planned = bulk.plan(gateway, wanted, change, after, limit)
        _tell(planned, change)
        if not really:
            _foretell(planned)
            return
        done = bulk.carry_out(gateway, planned, change, who, why, despite)
    except operate.Refused as refusal:
        fail(str(refusal))
    click.echo(f"{done.changed} changed, {len(done.refused)} left as they were")
    for lead in done.refused:
        click.echo(f"  lead {lead['no']}: {lead['text']}")
    if planned.next is not None:
        click.echo(f"more are waiting: go on with --after {_told(planned.next)}")
    if not done.changed:
        sys.exit(1)


def ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _foretell(planned: bulk.Plan) -> None:
    for lead in planned.refused:
        click.echo(f"  lead {lead['no']}: {lead['text']}")
    behind = f" --after {_told(planned.place)}" if planned.place else ""
    click.echo(f"nothing was changed; to carry it out for these leads:{behind} --do")


def _told(place: bulk.Place) -> str:
    return f"{place[0]}.{place[1]}"


def _tell(planned: bulk.Plan, change: str) -> None:
    more = "" if planned.next is None else " (and more behind them)"
    click.echo(f"{change}: {len(planned.leads)} leads{more}")
    for title, counts in (("source", planned.sources), ("reason", planned.kinds)):
        for name, count in sorted(counts.items()):
            click.echo(f"  {title} {name}: {count}")
