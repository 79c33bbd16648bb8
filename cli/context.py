"""What the commands share: the wired gateway, the settings, who asks and why, exit codes.

Exit codes: 0 done; 1 the answer is no; 2 wrong usage; 130 Ctrl-C (`cli.interrupted`)."""

import getpass
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn
from zoneinfo import ZoneInfo

import click
from dotenv import dotenv_values
from flask import current_app

from cli.typed import TEXT
from cli.words import _
from config.settings import ROOT, Places, Settings, SettingsError, places, read
from core.overall import POLICY, TIMEZONE
from store import migrate, people, versions
from store.engine import Store, StoreUnavailable
from store.place import opened

if TYPE_CHECKING:
    from flow.gateway import Gateway

WHAT_TO_DO = "; see whether it runs and whether DATABASE_URL is right"
RUN_ENV = ROOT / "var/run.env"  # what `make run` keeps for itself


def the_gateway() -> "Gateway":
    """The wired parts for a person's command, with the sources in force read: in which country a number is
    written, how long a repeat is one, whether a source is known at all. Ends with 1 and the list of problems
    when the settings are wrong; where nothing is set it works on what `make run` started."""
    gateway = wired_gateway(of_make_run=True)
    _be_current(gateway.store)
    gateway.sources.refresh()
    return gateway


def wired_gateway(*, of_make_run: bool = False) -> "Gateway":
    """The wired parts as they are: of a command that makes the database, or keeps the sources fresh itself."""
    parts = current_app.extensions
    if "gateway" not in parts:
        from config import logs  # whoever only shows what is stored does without

        logs.set_up(quiet=True)
        try:
            parts["gateway"] = parts["wire"](the_settings(of_make_run=of_make_run))
        except SettingsError as why:
            fail(str(why))
    gateway: Gateway = parts["gateway"]
    return gateway


def the_store() -> Store:
    """The database alone, for a command that only shows what is stored. Ends as `the_gateway` does."""
    parts = current_app.extensions
    if "gateway" in parts:
        store: Store = parts["gateway"].store
    else:
        if "store" not in parts:
            try:
                parts["store"] = opened(the_settings().database_url)
            except ValueError as why:
                fail(str(SettingsError([f"DATABASE_URL: {why}"])))
        store = parts["store"]
    _be_current(store)
    return store


def _be_current(store: Store) -> None:
    try:
        with store.read() as tx:
            if not migrate.is_current(tx):
                fail(_("the database is not at this code's migrations; run: flask release"))
    except StoreUnavailable as why:
        told = _("the database cannot be read: %(why)s; see whether it runs and whether DATABASE_URL is right", why=why)
        fail(told)


def the_settings(*, of_make_run: bool = True) -> Settings:
    """This command's; what `make run` keeps where nothing else is set. Ends with 1 and the list of problems."""
    try:
        return _settings(of_make_run)
    except SettingsError as why:
        fail(str(why))


def _settings(of_make_run: bool) -> Settings:
    config = current_app.config
    if "SETTINGS" not in config:
        try:
            config["SETTINGS"] = read()
        except SettingsError as own:
            if not (of_make_run and RUN_ENV.is_file()):
                raise
            try:
                config["SETTINGS"] = read({**_dotenv(), **os.environ}, dotenv=RUN_ENV)
            except SettingsError:
                raise own from None
    settings: Settings = config["SETTINGS"]
    return settings


def _dotenv() -> dict[str, str]:
    """What stands in .env, which wins over what `make run` keeps for itself."""
    return {name: value for name, value in dotenv_values(ROOT / ".env").items() if value}


def the_zone() -> ZoneInfo:
    """What people read times in. Only a policy that names one has to be read for it."""
    config = current_app.config
    if "ZONE" not in config:
        said = the_settings().console.timezone
        if not said:
            with the_store().read() as tx:
                said = "" if versions.newest(tx, POLICY) else TIMEZONE
        config["ZONE"] = ZoneInfo(said) if said else the_gateway().zone
    found: ZoneInfo = config["ZONE"]
    return found


def a_gateway() -> "Gateway | None":
    """The wired parts where the settings allow it, for commands that work without."""
    if "gateway" not in current_app.extensions:
        try:
            _settings(of_make_run=True)
        except SettingsError:
            return None
    return wired_gateway(of_make_run=True)


def the_places() -> Places:
    """Where the owner's files lie; ends with 1 when one of these settings is wrong."""
    try:
        settings = _settings(of_make_run=False)
    except SettingsError:
        try:
            return places()
        except SettingsError as why:
            fail(str(why))
    url = settings.public_url or f"http://127.0.0.1:{settings.port}"
    return Places(settings.sources_dir, settings.accounts_dir, settings.policy_file, settings.secrets_file, url)


def fail(text: str) -> NoReturn:
    """The answer is no: say why on stderr, exit 1."""
    click.echo(text, err=True)
    sys.exit(1)


def note(store: Store, who: str, what: str, about: str) -> None:
    """Write into the audit what somebody looked at or took away."""
    with store.write() as tx:
        people.note(tx, store.now_ms(tx), who, what, about, "", "command")


def who_and_why(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--who` and `--why` of every command that changes something."""
    command = click.option("--why", type=TEXT, required=True, help="Why; it is kept, or logged.")(command)
    return click.option("--who", type=TEXT, default=login, help="Who asks (default: the login name).")(command)


def login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "operator"
