"""create_app(): the one place of wiring. No logic lives here.

What rings, decides and answers is imported by the functions that need it: a command that only looks waits for none."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click
from flask import Flask

from cli import commands, interrupted
from config.settings import ROOT, Settings, SettingsError, read

if TYPE_CHECKING:
    from config.secrets import Secrets
    from core.ports import Account, Channel
    from core.problem import Problems
    from flow.gateway import Gateway
    from flow.telling import Help
    from flow.ticker import Ticker
    from voice.provider import Provider
    from wire.post import Trace

VAR = ROOT / "var"


class Web(Flask):
    """Flask, but that it does not ask each function of each request whether it is a coroutine: none of ours is."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(settings: Settings | None = None, gateway: "Gateway | None" = None) -> Flask:
    """The web application, or the commands alone where one of them is looked up: each reads the settings and wires
    what it needs itself (`cli.context`). Wrong settings end a web process with exit code 1 and the list of problems."""
    app = Web(__name__, static_folder=None, template_folder="handlers/templates")
    commands.register(app)
    app.extensions.update(wire=wire, help=call_for_help, certificate=certificate)
    if commands.is_one_of_ours():
        return app
    from config import logs

    typed = click.get_current_context(silent=True) is not None  # `flask run`, `flask shell`
    if typed:
        interrupted.hear()
    try:
        settings = settings or read()
        logs.set_up(quiet=typed)
        app.extensions["gateway"] = gateway or wire(settings)
    except SettingsError as why:
        print(why, file=sys.stderr)  # noqa: T201 - gunicorn's own log would wrap it in a traceback
        sys.exit(1)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        API_TOKEN=settings.api_token,
        PUBLIC_URL=settings.public_url,
        SETTINGS=settings,
    )
    serve(app, settings)
    return app


def serve(app: Flask, settings: Settings) -> None:
    """What answers requests."""
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
        panel_url=settings.console.panel_url,
    )
    errors.register(app)
    app.before_request(lambda: app.extensions["gateway"].ticker.start())


def wire(
    settings: Settings, trace: "Trace | None" = None, providers: "Mapping[str, Provider] | None" = None
) -> "Gateway":
    """The parts of a running gateway, as the settings say; nobody is asked anything yet. Raises SettingsError where
    the account `main` or the database's file cannot be. `trace` is for fault trials: see `wire.post.Post`."""
    from config import load, logs
    from config.secrets import Secrets
    from config.watch import Watcher
    from flow.gateway import Gateway
    from flow.in_force import InForce
    from flow.refusals import Refusals
    from store import epoch
    from store.bell import open_bell, run_dir
    from store.engine import POOL
    from store.journal import Journal
    from store.place import opened
    from voice import PROVIDERS
    from wire.fetch import GuardedCrm

    secrets = Secrets(settings.secrets_file)
    if said := secrets.problem():
        logs.say(said)
    able, broken = accounts(settings, secrets, providers or PROVIDERS, trace)
    for problems in broken.values():
        logs.say(str(problems))
    try:
        store = opened(settings.database_url, pool=max(POOL, sum(account.slots for account in able.values()) + 8))
    except ValueError as why:
        raise SettingsError([f"DATABASE_URL: {why}"]) from why
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
        timezone=settings.console.timezone,
        accounts=able,
        broken_accounts=broken,
        retention_days=settings.retention_days,
    )
    gateway.ticker = ticker(gateway, watcher.look, secrets.look)
    return gateway


def ticker(gateway: "Gateway", files: Callable[[], Any], secrets: Callable[[], Any]) -> "Ticker":
    """What looks around in this process, each at its own pace."""
    from flow import wishes
    from flow.ticker import Look, Ticker
    from flow.weak import WeakProofs

    return Ticker(
        [
            Look("versions", 500, gateway.sources.refresh, at_once=True),
            Look("files", 500, files),  # behind the versions, to which it compares them
            Look("secrets", 500, secrets),
            Look("wishes", 1_000, lambda: wishes.look(gateway), at_once=True),
            Look("weak proofs", 10_000, WeakProofs(gateway).look),
        ]
    )


def accounts(
    settings: Settings, secrets: "Secrets", providers: "Mapping[str, Provider]", trace: "Trace | None" = None
) -> "tuple[dict[str, Account], dict[str, Problems]]":
    """Those that can ring, and what is wrong with the files of the others. Raises SettingsError for `main`."""
    from config import load
    from config.accounts import load_accounts, main_account
    from core.account.wanted import WantedAccount
    from core.ports import Account
    from voice.provider import account_of

    ways_in = {name: provider.ways_in for name, provider in providers.items()}

    def make(wanted: WantedAccount) -> Account:
        return account_of(providers[wanted.provider], wanted, trace=trace)

    found = {"main": main_account(settings.main_account, ways_in, make)}
    read = load_accounts(settings.accounts_dir, ways_in, secrets, make, insecure=settings.voice_insecure)
    broken = {name: each for name, each in read.items() if isinstance(each, load.Problems)}
    return found | {name: each for name, each in read.items() if isinstance(each, Account)}, broken


def channel(kind: str, said: Mapping[str, Any]) -> "Channel":
    """The channel of this kind; raises ValueError for what cannot be."""
    from wire.tell import Chat, Telegram, Webhook
    from wire.tell_email import Email

    kinds: dict[str, Callable[..., Channel]] = {"email": Email, "telegram": Telegram, "chat": Chat, "webhook": Webhook}
    return kinds[kind](**said)


def call_for_help(gateway: "Gateway", settings: Settings) -> "tuple[Help, Callable[[], bool]]":
    """The channels of ALARMS_FILE and how to use them, and what reads the file anew where it has changed: it tells
    whether it has. What is wrong with the file stands in `gateway.broken_alarms`."""
    from config.alarms import AlarmsFileLook
    from core.telling import Manners
    from flow.telling import Help

    file = AlarmsFileLook(settings.alarms_file, gateway.secrets, channel)
    link = f"{settings.public_url}/console/alarms" if settings.public_url else ""
    help_ = Help()

    def look() -> bool:
        changed, said = file.look(), file.now.said
        help_.channels, help_.silence_ms = file.now.channels, said.silence
        help_.manners = Manners(said.language, gateway.zone, said.quiet, said.digest, frozenset(said.off), link)
        gateway.broken_alarms = file.now.problems
        return changed

    look()
    return help_, look


def certificate(url: str) -> int | None:
    """When the certificate of this address ends: see `wire.certificate`."""
    from wire.certificate import ends_at_ms

    return ends_at_ms(url)
