"""What the commands share: the wired gateway, the settings, who asks and why, exit codes.

Exit codes: 0 done; 1 the answer is no; 2 wrong usage."""

import getpass
import os
import sys
from collections.abc import Callable
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import click
from dotenv import dotenv_values
from flask import current_app

from cli.typed import TEXT
from cli.words import _
from config import logs
from config.settings import ROOT, Places, Settings, SettingsError, places, read
from flow.gateway import Gateway
from store import migrate
from store.engine import StoreUnavailable

WHAT_TO_DO = "; see whether it runs and whether DATABASE_URL is right"
RUN_ENV = ROOT / "var/run.env"  # what `make run` keeps for itself


def the_gateway() -> Gateway:
    """The wired parts for a person's command, with the sources in force read: in which country a number is
    written, how long a repeat is one, whether a source is known at all. Ends with 1 and the list of problems
    when the settings are wrong; where nothing is set it works on what `make run` started."""
    gateway = wired_gateway(of_make_run=True)
    try:
        with gateway.store.read() as tx:
            if not migrate.is_current(tx):
                fail(_("the database is not at this code's migrations; run: flask release"))
    except StoreUnavailable as why:
        told = _("the database cannot be read: %(why)s; see whether it runs and whether DATABASE_URL is right", why=why)
        fail(told)
    gateway.sources.refresh()
    return gateway


def wired_gateway(*, of_make_run: bool = False) -> Gateway:
    """The wired parts as they are: of a command that makes the database, or keeps the sources fresh itself."""
    if problems := current_app.extensions.pop("problems", None):
        if not (of_make_run and RUN_ENV.is_file()):
            fail(problems)
        try:
            settings = read({**_dotenv(), **os.environ}, dotenv=RUN_ENV)
        except SettingsError:
            fail(problems)
        logs.set_up(quiet=True)
        current_app.config["SETTINGS"] = settings
        current_app.extensions["gateway"] = current_app.extensions["wire"](settings)
    gateway: Gateway = current_app.extensions["gateway"]
    return gateway


def _dotenv() -> dict[str, str]:
    """What stands in .env, which wins over what `make run` keeps for itself."""
    return {name: value for name, value in dotenv_values(ROOT / ".env").items() if value}


def the_settings() -> Settings:
    """The settings of `the_gateway`, which comes first."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings


def the_zone() -> ZoneInfo:
    """What people read times in. Behind `the_gateway`."""
    config = current_app.config
    if "ZONE" not in config:
        config["ZONE"] = current_app.extensions["zone"](the_settings())
    found: ZoneInfo = config["ZONE"]
    return found


def a_gateway() -> Gateway | None:
    """The wired parts where the settings allow it, for commands that work without."""
    if "problems" in current_app.extensions:
        if not RUN_ENV.is_file():
            return None
        try:
            read(dotenv=RUN_ENV)
        except SettingsError:
            return None
    return wired_gateway(of_make_run=True)


def the_places() -> Places:
    """Where the owner's files lie; ends with 1 when one of these settings is wrong."""
    if settings := current_app.config.get("SETTINGS"):
        url = settings.public_url or f"http://127.0.0.1:{settings.port}"
        return Places(settings.sources_dir, settings.accounts_dir, settings.policy_file, settings.secrets_file, url)
    try:
        return places()
    except SettingsError as why:
        fail(str(why))


def fail(text: str) -> NoReturn:
    """The answer is no: say why on stderr, exit 1."""
    click.echo(text, err=True)
    sys.exit(1)


def who_and_why(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--who` and `--why` of every command that changes something."""
    command = click.option("--why", type=TEXT, required=True, help="Why; it is kept, or logged.")(command)
    return click.option("--who", type=TEXT, default=login, help="Who asks (default: the login name).")(command)


def login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "operator"
