"""`flask users`: who may sign in to the console."""

import click
from flask.cli import with_appcontext

from cli.context import fail, login, the_gateway, the_places
from cli.moments import moment
from cli.words import Group, _, language
from core.people import ROLES, key_of
from flow import people
from flow.gateway import Gateway
from flow.people import Wrong
from store import people as rows
from store.people import User

_who = click.option("--who", default=login, help="Who asks (default: the login name).")


@click.group("users", cls=Group)
def command() -> None:
    """Who may sign in to the console."""


@command.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="viewer reads, operator decides, owner sets up.")
@_who
@with_appcontext
def add(name: str, role: str, who: str) -> None:
    """A new user; prints the link that lets them in once, for 24 hours."""
    gateway = the_gateway()
    try:
        user = people.add(gateway, name, role, who, "command")
        click.echo(_link(gateway, user, who))
    except Wrong as why:
        fail(why.said(language()))


@command.command("list")
@with_appcontext
def list_() -> None:
    """Every user: role, since when, and the newest sign-in."""
    with the_gateway().store.read() as tx:
        known = rows.all_users(tx)
    if not known:
        click.echo(_("nobody yet: flask users add NAME --role owner"))
    for user in known:
        off = _("disabled") if user.disabled else ""
        seen = _("seen %(at)s", at=moment(user.seen_at))
        click.echo(f"{user.name:<24} {user.role:<9} {seen}  {off}".rstrip())


@command.command("link")
@click.argument("name")
@_who
@with_appcontext
def link(name: str, who: str) -> None:
    """Another link that lets a user in once, for 24 hours: a forgotten password."""
    gateway = the_gateway()
    try:
        click.echo(_link(gateway, _named(gateway, name), who))
    except Wrong as why:
        fail(why.said(language()))


@command.command("disable")
@click.argument("name")
@click.option("--back", is_flag=True, help="Let them in again.")
@_who
@with_appcontext
def disable(name: str, back: bool, who: str) -> None:
    """End a user's sessions and links at once, and let them in no more."""
    gateway = the_gateway()
    change = people.enable if back else people.disable
    try:
        change(gateway, _named(gateway, name), who, "command")
    except Wrong as why:
        fail(why.said(language()))
    said = _("%(name)s may sign in again", name=name)
    click.echo(said if back else _("%(name)s is disabled and signed out everywhere", name=name))


def _named(gateway: Gateway, name: str) -> User:
    with gateway.store.read() as tx:
        user = rows.named(tx, key_of(name))
    if user is None:
        fail(_("there is no user called %(name)r; see flask users list", name=name))
    return user


def _link(gateway: Gateway, user: User, who: str) -> str:
    token = people.link(gateway, user, who, place="command")
    return _("good once, for 24 hours:") + f"\n{the_places().public_url}/console/enter?t={token}"
