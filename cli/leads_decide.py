"""`flask leads cancel`, `remap`, `rearm`, `resolve`: a person's way on for one lead."""

from collections.abc import Callable

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, who_and_why
from cli.moments import moment
from cli.state_words import state_name
from cli.typed import LEAD
from cli.words import Command, _, language
from core.lead import Lead
from core.policy import DESPITE
from flow import operate


def _said(name: str, change: Callable[[], Lead]) -> None:
    """Run a change and say where the lead is now, or why it was refused."""
    try:
        lead = change()
    except operate.Refused as refusal:
        fail(refusal.said(language(), moment))
    except operate.NoSuchLead:
        fail(_("no lead has the id or number %(lead)r", lead=name))
    click.echo(_("lead %(no)s is %(state)s", no=lead.no, state=state_name(lead.state)))


@click.command("cancel", cls=Command)
@click.argument("lead", type=LEAD)
@who_and_why
@with_appcontext
def cancel(lead: str, who: str, why: str) -> None:
    """End a LEAD: it will not be called."""
    gateway = the_gateway()
    _said(lead, lambda: operate.cancel(gateway, lead, who, why))


@click.command("remap", cls=Command)
@click.argument("lead", type=LEAD)
@who_and_why
@with_appcontext
def remap(lead: str, who: str, why: str) -> None:
    """Map a LEAD again after its source or data was mended; only one that was never claimed."""
    gateway = the_gateway()
    _said(lead, lambda: operate.remap(gateway, lead, who, why))


@click.command("rearm", cls=Command)
@click.argument("lead", type=LEAD)
@click.option("--despite", multiple=True, type=click.Choice(sorted(DESPITE)), help="A rule to set aside; repeatable.")
@click.option(
    "--again",
    type=click.IntRange(1),
    metavar="ROUND",
    help="It was accepted in this round, so it rang; ring it once more all the same.",
)
@who_and_why
@with_appcontext
def rearm(lead: str, despite: tuple[str, ...], again: int | None, who: str, why: str) -> None:
    """Ring for a LEAD (again), in a new round.

    What was accepted rings again by --again and the round that `show` names: the same line typed twice rings once."""
    gateway = the_gateway()
    once_more = again is not None
    _said(lead, lambda: operate.rearm(gateway, lead, who, why, despite, again=once_more, after_round=again))


@click.command("resolve", cls=Command)
@click.argument("lead", type=LEAD)
@click.option("--provider-id", default="", help="The provider's id of the call, if you found it.")
@who_and_why
@with_appcontext
def resolve(lead: str, provider_id: str, who: str, why: str) -> None:
    """You looked in the provider's panel: the unknown call of this LEAD was accepted."""
    gateway = the_gateway()
    _said(lead, lambda: operate.resolve(gateway, lead, who, why, provider_id))
