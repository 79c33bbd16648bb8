"""create_app(): the one place of wiring. No logic lives here."""

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from cli import commands
from config import load, logs
from config.secrets import Secrets
from config.settings import ROOT, Settings, SettingsError, VoiceSettings, read
from config.watch import Watcher
from core.account.trouble import MOST_IN_FLIGHT
from core.ports import Account
from flow import alarms
from flow.gateway import Gateway
from flow.in_force import InForce
from flow.refusals import Refusals
from handlers import console, errors, health, hooks, metrics, read_off
from handlers.api import description as api
from store import epoch, place
from store.bell import open_bell, run_dir
from store.engine import Store
from store.journal import Journal
from wire.fetch import GuardedCrm
from wire.mobilgroup import Mobilgroup
from wire.post import Trace

VAR = ROOT / "var"


def create_app(settings: Settings | None = None, gateway: Gateway | None = None) -> Flask:
    """The web application and the commands. Wrong settings end a web process with exit code 1 and the
    list of problems; the commands that need none still work."""
    app = Flask(__name__, static_folder=None, template_folder="handlers/templates")
    commands.register(app)
    app.extensions["wire"] = wire  # for the commands that bring settings of their own
    try:
        settings = settings or read()
        check_place(settings)
    except SettingsError as why:
        if click.get_current_context(silent=True) is None:
            print(why, file=sys.stderr)  # noqa: T201 - gunicorn's own log would wrap it in a traceback
            sys.exit(1)
        app.extensions["problems"] = str(why)
        return app
    logs.set_up(quiet=click.get_current_context(silent=True) is not None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        API_TOKEN=settings.api_token,
        PUBLIC_URL=settings.public_url,
        SETTINGS=settings,
    )
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions["gateway"] = gateway or wire(settings)
    for part in (hooks, health, metrics):
        app.register_blueprint(part.blueprint)
    api.register(app)
    console.register(app, https=settings.public_url.startswith("https://"), zone=zone_of(settings))
    errors.register(app)
    read_off.register(app)
    app.before_request(lambda: app.extensions["gateway"].sources.keep_fresh())
    return app


def zone_of(settings: Settings) -> ZoneInfo:
    """What people read times in: TIMEZONE, else the policy file's."""
    policy = load.load_policy(settings.policy_file)
    return ZoneInfo(
        settings.console.timezone or (policy.policy.timezone if isinstance(policy, load.PolicyText) else "UTC")
    )


def check_place(settings: Settings) -> None:
    """A SQLite file on a network file system does not start; a doubtful place is said."""
    if settings.database_url.startswith("sqlite:///"):
        kind, text = place.of(Path(settings.database_url.removeprefix("sqlite:///")))
        if kind == "refused":
            raise SettingsError([f"DATABASE_URL: {text}"])
        if kind:
            logs.say(text)


def main_account(voice: VoiceSettings, trace: Trace | None) -> Account:
    """The account of the environment."""
    speaks = Mobilgroup(
        voice.url,
        "body" if voice.login else voice.auth,
        key=voice.key or None,
        login=voice.login or None,
        password=voice.password or None,
        connect_timeout=voice.connect_timeout,
        total_timeout=voice.total_timeout,
        ca_file=voice.ca_file or None,
        proxy=voice.proxy or None,
        trace=trace,
    )
    return Account(
        "main",
        speaks,
        calls_per_s=voice.rate,
        total_timeout_ms=round(voice.total_timeout * 1000),
        slots=voice.concurrency,
        most_in_flight=max(MOST_IN_FLIGHT, voice.concurrency),
    )


def wire(settings: Settings, trace: Trace | None = None) -> Gateway:
    """The parts of a running gateway, as the settings say. `trace` is for fault trials: see `wire.post.Post`."""
    accounts = {"main": main_account(settings.voice, trace)}
    store = Store(settings.database_url, pool=sum(account.slots for account in accounts.values()) + 34)
    policy = load.load_policy(settings.policy_file)
    if isinstance(policy, load.Problems):
        policy = load.PolicyText()  # the watcher names what is wrong with it
    sources = InForce(store, load.from_text)
    secrets = Secrets(settings.secrets_file)
    sources.files = watcher = Watcher(settings.sources_dir, settings.policy_file, sources)
    sources.beside.append(secrets.look)
    gateway = Gateway(
        store=store,
        sources=sources,
        bell=open_bell(store, settings.run_dir, settings.database_direct_url, logs.say),
        refusals=Refusals(store),
        secrets=secrets,
        crm=GuardedCrm(),
        journal=Journal(run_dir(store, settings.run_dir) or (lambda: VAR / "run" / epoch.store_id(store))),
        digest_key=settings.digest_key,
        accounts=accounts,
        retention_days=settings.retention_days,
        totals=policy.totals,
        account_trouble=policy.account_trouble,
    )

    def obey() -> None:
        if watcher.policy is not None:
            gateway.totals, gateway.account_trouble = watcher.policy.totals, watcher.policy.account_trouble

    sources.beside.append(obey)
    sources.beside.append(alarms.Keeper(gateway).look)
    return gateway
