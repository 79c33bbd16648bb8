"""create_app(): the one place of wiring. No logic lives here."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import Flask

from cli import commands
from config import load, logs
from config.accounts import load_accounts, main_account
from config.secrets import Secrets
from config.settings import ROOT, Settings, SettingsError, read
from config.watch import Watcher
from core.account.wanted import WantedAccount
from core.ports import Account, Channel
from core.telling import Manners
from flow import weak
from flow.gateway import Gateway
from flow.in_force import InForce
from flow.refusals import Refusals
from flow.telling import Help
from flow.ticker import Look, Ticker
from store import epoch, place
from store.bell import open_bell, run_dir
from store.engine import POOL, Store
from store.journal import Journal
from voice import PROVIDERS
from voice.provider import Provider, account_of
from wire.certificate import ends_at_ms
from wire.fetch import GuardedCrm
from wire.post import Trace

VAR = ROOT / "var"


class Web(Flask):
    """Flask, but that it does not ask each function of each request whether it is a coroutine: none of ours is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings | None = None, gateway: Gateway | None = None) -> Flask:
    """The web application and the commands. Wrong settings end a web process with exit code 1 and the
    list of problems; the commands that need none still work."""
    app = Web(__name__, static_folder=None, template_folder="handlers/templates")
    commands.register(app)
    app.extensions["wire"] = wire  # for the commands that bring settings of their own
    app.extensions["help"] = call_for_help
    app.extensions["certificate"] = ends_at_ms
    app.extensions["zone"] = zone_of
    try:
        settings = settings or read()
        check_place(settings)
        logs.set_up(quiet=click.get_current_context(silent=True) is not None)
        gateway = gateway or wire(settings)
    except SettingsError as why:
        if click.get_current_context(silent=True) is None:
            print(why, file=sys.stderr)  # noqa: T201 - gunicorn's own log would wrap it in a traceback
            sys.exit(1)
        app.extensions["problems"] = str(why)
        return app
    app.config.update(
        SECRET_KEY=settings.secret_key,
        API_TOKEN=settings.api_token,
        PUBLIC_URL=settings.public_url,
        SETTINGS=settings,
    )
    app.extensions["gateway"] = gateway
    if not commands.is_one_of_ours():
        serve(app, settings)
    return app


def serve(app: Flask, settings: Settings) -> None:
    """What answers requests. Its libraries are imported here: no command of ours waits for them."""
    from werkzeug.middleware.proxy_fix import ProxyFix

    from config.save import Files
    from handlers import console, errors, health, hooks, metrics
    from handlers.api import description as api

    app.wsgi_app = hooks.Hooks(app, app.wsgi_app)  # type: ignore[method-assign]
    app.extensions["sorts"] = hooks.sorts(app.extensions["gateway"])
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    for part in (hooks, health, metrics):
        app.register_blueprint(part.blueprint)
    api.register(app)
    console.register(
        app,
        Files(settings.sources_dir, settings.policy_file, settings.secrets_file, may_save=settings.console.saves),
        https=settings.public_url.startswith("https://"),
        zone=zone_of(settings),
        panel_url=settings.console.panel_url,
    )
    errors.register(app)
    app.before_request(lambda: app.extensions["gateway"].ticker.start())


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


def accounts(
    settings: Settings, secrets: Secrets, providers: Mapping[str, Provider], trace: Trace | None = None
) -> tuple[dict[str, Account], dict[str, str]]:
    """Those that can ring, and what is wrong with the files of the others. Raises SettingsError for `main`."""
    ways_in = {name: provider.ways_in for name, provider in providers.items()}

    def make(wanted: WantedAccount) -> Account:
        return account_of(providers[wanted.provider], wanted, trace=trace)

    found = {"main": main_account(settings.main_account, ways_in, make)}
    read = load_accounts(settings.accounts_dir, ways_in, secrets, make, insecure=settings.voice_insecure)
    broken = {name: str(each) for name, each in read.items() if isinstance(each, load.Problems)}
    return found | {name: each for name, each in read.items() if isinstance(each, Account)}, broken


def channel(kind: str, said: Mapping[str, Any]) -> Channel:
    """The channel of this kind; raises ValueError for what cannot be."""
    from wire.tell import Chat, Telegram, Webhook
    from wire.tell_email import Email

    kinds: dict[str, Callable[..., Channel]] = {"email": Email, "telegram": Telegram, "chat": Chat, "webhook": Webhook}
    return kinds[kind](**said)


def call_for_help(gateway: Gateway, settings: Settings) -> tuple[Help, Callable[[], bool]]:
    """The channels of ALARMS_FILE and how to use them, and what reads the file anew where it has changed: it tells
    whether it has. What is wrong with the file stands in `gateway.broken_alarms`."""
    from config.alarms import AlarmsFileLook

    file = AlarmsFileLook(settings.alarms_file, gateway.secrets, channel)
    link = f"{settings.public_url}/console/alarms" if settings.public_url else ""
    help_ = Help()

    def look() -> bool:
        if not file.look():
            return False
        said = file.now.said
        help_.channels, help_.silence_ms = file.now.channels, said.silence
        help_.manners = Manners(said.language, zone_of(settings), said.quiet, said.digest, frozenset(said.off), link)
        gateway.broken_alarms = file.now.problems
        return True

    look()
    return help_, look


def opened(url: str, pool: int) -> Store:
    """The database's parts; nobody is asked yet. Raises SettingsError where its file's folder cannot be."""
    try:
        return Store(url, pool=pool)
    except OSError as why:
        said = f"its folder cannot be made ({why.strerror}): name one on a disk that this user may write"
        raise SettingsError([f"DATABASE_URL: {said}"]) from why


def wire(settings: Settings, trace: Trace | None = None, providers: Mapping[str, Provider] = PROVIDERS) -> Gateway:
    """The parts of a running gateway, as the settings say; raises SettingsError where the account `main` cannot be.
    `trace` is for fault trials: see `wire.post.Post`."""
    secrets = Secrets(settings.secrets_file)
    if said := secrets.problem():
        logs.say(said)
    able, broken = accounts(settings, secrets, providers, trace)
    for problems in broken.values():
        logs.say(problems)
    store = opened(settings.database_url, pool=max(POOL, sum(account.slots for account in able.values()) + 8))
    sources = InForce(store, load.from_text)
    sources.files = watcher = Watcher(settings.sources_dir, settings.policy_file, sources, secrets=secrets)
    gateway = Gateway(
        store=store,
        sources=sources,
        bell=open_bell(store, settings.run_dir, settings.database_direct_url, logs.say),
        refusals=Refusals(store),
        secrets=secrets,
        secrets_problem=secrets.problem,
        crm=GuardedCrm(),
        journal=Journal(run_dir(store, settings.run_dir) or (lambda: VAR / "run" / epoch.store_id(store))),
        digest_key=settings.digest_key,
        accounts=able,
        broken_accounts=broken,
        retention_days=settings.retention_days,
    )
    gateway.ticker = Ticker(
        [
            Look("versions", 500, sources.refresh, at_once=True),
            Look("files", 500, watcher.look),  # behind the versions, to which it compares them
            Look("secrets", 500, secrets.look),
            Look("weak proofs", 10_000, weak.WeakProofs(gateway).look),
        ]
    )
    return gateway
