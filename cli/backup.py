"""`flask backup` and `flask restore --check`: a copy of everything, and the proof that it can be put back."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, the_settings
from cli.moments import moment
from config.settings import ROOT
from flow import backup
from store.backup import BackupFailed
from store.engine import StoreUnavailable

MOST_SHOWN = 50


@click.command("backup")
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
        fail(f"no backup was made: {why}")
    kept = len(backup.made_of(settings.backup_dir))
    click.echo(f"{made}: database, journals and configuration, read back well; {kept} backups are kept")


@click.command("restore")
@click.argument("folder", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--check", is_flag=True, required=True, help="Only look: the living database stays as it is.")
@with_appcontext
def restore(folder: Path | None, check: bool) -> None:
    """Open a copy of a backup (FOLDER, else the newest), count it and say who would be rung again by it.

    Putting one back is written down step by step: docs/how-to/the-database-was-restored.md."""
    gateway, settings = the_gateway(), the_settings()
    made = backup.made_of(settings.backup_dir) if folder is None else {}
    if folder is None and not made:
        fail(f"there is no backup in {settings.backup_dir}; run: flask backup")
    try:
        found = backup.check(gateway, folder or made[max(made)])
    except (BackupFailed, StoreUnavailable) as why:
        fail(f"it cannot be put back: {why}")
    click.echo(f"{found.folder}: made {moment(found.made_at)}, opened, {found.rows['leads']} leads, ")
    click.echo(f"{found.rows['attempts']} attempts, {found.rows['deliveries']} deliveries")
    for line in found.at_risk[:MOST_SHOWN]:
        click.echo(f"! {line}")
    if len(found.at_risk) > MOST_SHOWN:
        click.echo(f"! and {len(found.at_risk) - MOST_SHOWN} more")
    known = "the workers' journals know of them and ring none of them twice"
    click.echo(f"{len(found.at_risk)} calls are younger than it" + (f"; {known}" if found.at_risk else ""))
