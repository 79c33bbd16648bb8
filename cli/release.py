"""`flask release`: migrations, then the differing source files put into force."""

import click
from flask.cli import with_appcontext

from cli.context import WHAT_TO_DO, fail, the_settings, wired_gateway
from cli.sources_apply import apply_files
from config.settings import ConsoleSettings, Settings
from flow import people
from flow.gateway import Gateway
from store import epoch, migrate
from store.engine import Busy, StoreUnavailable

BUSY = "for two minutes something held a table: end it (pg_stat_activity says what it is) and run flask release again"


@click.command("release")
@with_appcontext
def command() -> None:
    """Bring the database to this code and take the source files (run before web and worker start).

    A file that is refused is named and does not end the release: its version in force stays."""
    carry_out(wired_gateway(), the_settings())


def carry_out(gateway: Gateway, settings: Settings) -> None:
    """Migrations, the first epoch of a new database, the source files; says what it did.

    A database that cannot be brought to this code ends it with 1 and what to do."""
    try:
        before, after = migrate.upgrade(gateway.store)
    except Busy:
        fail(f"nothing was changed: {BUSY}")
    except (migrate.OtherTables, StoreUnavailable) as why:
        fail(f"nothing was changed: {why}{WHAT_TO_DO if isinstance(why, StoreUnavailable) else ''}")
    with gateway.store.write() as tx:
        epoch.begin(gateway.store, tx)
    click.echo(f"database at {after}" + ("" if before == after else f" (was {before or 'empty'})"))
    _first_owner(gateway, settings.console)
    apply_files(gateway, settings)


def _first_owner(gateway: Gateway, console: ConsoleSettings) -> None:
    """CONSOLE_OWNER, while there is no user: for places without a shell."""
    if not console.owner:
        return
    try:
        made = people.first_owner(gateway, console.owner, console.owner_password)
    except people.Wrong as why:
        fail(f"CONSOLE_OWNER: {why}")
    click.echo(f"console: the owner {console.owner} was made" if made else "console: there are users already")
