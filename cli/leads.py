"""`flask leads`: list them, tell the whole story of one, and a person's way on."""

import click
from flask.cli import with_appcontext

from cli import account, leads_bulk, leads_erase, leads_export, story
from cli.context import fail, the_gateway, who_and_why
from core.alarms import WORKER_SEEN_MS
from core.lead import Lead
from core.policy import DESPITE
from core.states import STATES
from flow import operate
from flow.gateway import Gateway
from store import accounts as trouble
from store import queries, workers


@click.group("leads")
def command() -> None:
    """The leads: list, show, cancel, remap, rearm, resolve; many at once with bulk; export and erase."""


for part in (leads_bulk.command, leads_export.command, leads_erase.command, leads_erase.erasures):
    command.add_command(part)


@command.command("list")
@click.option("--state", type=click.Choice(STATES))
@click.option("--source")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@with_appcontext
def list_(state: str | None, source: str | None, limit: int) -> None:
    """The newest leads, a line each; numbers are masked. What is paused stands above them."""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        rows = queries.newest(tx, limit, state=state, source=source, now=gateway.store.now_ms(tx))
    say_no_worker(gateway)
    account.say_paused(gateway)
    for row in rows:
        click.echo(story.line(row))
    if not rows:
        click.echo("no leads")


@command.command("show")
@click.argument("lead")
@with_appcontext
def show(lead: str) -> None:
    """The whole story of a LEAD (its id or short number) in words."""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        found = queries.story(tx, lead)
        if found is not None:
            found["lead"] = trouble.with_pause(tx, found["lead"], gateway.store.now_ms(tx))
    if found is None:
        fail(f"no lead has the id or number {lead!r}")
    say_no_worker(gateway)
    click.echo(story.tell(found))


def say_no_worker(gateway: Gateway) -> None:
    """Nobody is rung meanwhile, whatever the leads' states say."""
    with gateway.store.read() as tx:
        seen, now = workers.last_seen(tx), gateway.store.now_ms(tx)
    if seen is None or now - seen > WORKER_SEEN_MS:
        click.echo("! no worker is running: nobody is rung; start one: flask worker")


def _said(change: object) -> None:
    """Run a change and say where the lead is now, or why it was refused."""
    try:
        lead: Lead = change()  # type: ignore[operator]
    except (operate.Refused, operate.NoSuchLead) as why:
        fail(str(why))
    click.echo(f"lead {lead.no} is {lead.state}")


@command.command("cancel")
@click.argument("lead")
@who_and_why
@with_appcontext
def cancel(lead: str, who: str, why: str) -> None:
    """End a LEAD: it will not be called."""
    gateway = the_gateway()
    _said(lambda: operate.cancel(gateway, lead, who, why))


@command.command("remap")
@click.argument("lead")
@who_and_why
@with_appcontext
def remap(lead: str, who: str, why: str) -> None:
    """Map a LEAD again after its source or data was mended; only one that was never claimed."""
    gateway = the_gateway()
    _said(lambda: operate.remap(gateway, lead, who, why))


@command.command("rearm")
@click.argument("lead")
@click.option("--despite", multiple=True, type=click.Choice(sorted(DESPITE)), help="A rule to set aside; repeatable.")
@click.option("--again", is_flag=True, help="It was accepted, so it rang; ring it once more all the same.")
@who_and_why
@with_appcontext
def rearm(lead: str, despite: tuple[str, ...], again: bool, who: str, why: str) -> None:
    """Ring for a LEAD (again), in a new round."""
    gateway = the_gateway()
    _said(lambda: operate.rearm(gateway, lead, who, why, despite, again=again))


@command.command("resolve")
@click.argument("lead")
@click.option("--provider-id", default="", help="The provider's id of the call, if you found it.")
@who_and_why
@with_appcontext
def resolve(lead: str, provider_id: str, who: str, why: str) -> None:
    """You looked in the provider's panel: the unknown call of this LEAD was accepted."""
    gateway = the_gateway()
    _said(lambda: operate.resolve(gateway, lead, who, why, provider_id))
