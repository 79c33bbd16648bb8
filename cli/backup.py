"""`flask backup` and `flask restore --check`: a copy of everything, and the proof that it can be put back."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, the_settings
from cli.moments import moment
from cli.words import Command, _, language, ngettext
from config.settings import ROOT
from core.problem_words import in_words
from flow import backup
from store.backup import BackupFailed
from store.engine import StoreUnavailable

MOST_SHOWN = 50


@click.command("backup", cls=Command)
@with_appcontext
def command() -> None:
    """Copy database, journals and the owner's files into BACKUP_DIR while everything runs; keep 14 daily, 8 weekly."""
    gateway, settings = the_gateway(), the_settings()
    beside = {
        "sources": settings.sources_dir,
        "accounts": settings.accounts_dir,
        "policy.yaml": settings.policy_file,
        "alarms.yaml": settings.alarms_file,
        "secrets.env": settings.secrets_file,
        "env": ROOT / ".env",
    }
    try:
        made = backup.make(gateway, settings.backup_dir, beside)
    except (BackupFailed, StoreUnavailable) as why:
        fail(_("no backup was made: %(why)s", why=in_words(str(why), language())))
    kept = len(backup.made_of(settings.backup_dir))
    click.echo(_("%(folder)s: database, journals and configuration, read back well", folder=made))
    click.echo(ngettext("%(num)d backup is kept", "%(num)d backups are kept", kept))


@click.command("restore", cls=Command)
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--check", is_flag=True, required=True, help="Only look: the living database stays as it is.")
@with_appcontext
def restore(folder: Path | None, check: bool) -> None:
    """Open a copy of a backup (FOLDER, else the newest), count it and say who would be rung again by it.

    Putting one back is written down step by step: docs/how-to/the-database-was-restored.md."""
    gateway, settings = the_gateway(), the_settings()
    made = backup.made_of(settings.backup_dir) if folder is None else {}
    if folder is None and not made:
        fail(_("there is no backup in %(folder)s; run: flask backup", folder=settings.backup_dir))
    try:
        found = backup.check(gateway, folder or made[max(made)])
    except (BackupFailed, StoreUnavailable) as why:
        fail(_("it cannot be put back: %(why)s", why=in_words(str(why), language())))
    click.echo(_("%(folder)s: made %(at)s, opened", folder=found.folder, at=moment(found.made_at)))
    counts = {name: found.rows[name] for name in ("leads", "attempts", "deliveries")}
    click.echo(_("leads %(leads)s, attempts %(attempts)s, deliveries %(deliveries)s", **counts))
    for line in found.at_risk[:MOST_SHOWN]:
        click.echo(f"! {_who(line)}")
    if len(found.at_risk) > MOST_SHOWN:
        click.echo(_("! and %(n)s more", n=len(found.at_risk) - MOST_SHOWN))
    said = ngettext("%(num)d call is younger than it", "%(num)d calls are younger than it", len(found.at_risk))
    known = _("the workers' journals know of them and ring none of them twice")
    click.echo(f"{said}; {known}" if found.at_risk else said)


def _who(lost: backup.Forgotten) -> str:
    facts = {"source": lost.source, "at": moment(lost.at)}
    if lost.no is None:
        return _("a lead of %(source)s that is not in it, rung at %(at)s", **facts)
    number = lost.number or _("no number")
    return _("lead %(no)s of %(source)s, %(number)s, rung at %(at)s", no=lost.no, number=number, **facts)
