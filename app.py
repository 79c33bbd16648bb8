"""create_app(): the one place of wiring. No logic lives here."""

import sys

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from cli import commands
from config import load, logs
from config.secrets import Secrets
from config.settings import Settings, SettingsError, read
from flow.house import House
from flow.in_force import InForce
from flow.refusals import Refusals
from handlers import errors, health, home, hooks
from store.bell import open_bell
from store.engine import Store
from wire.mobilgroup import Mobilgroup


def create_app(settings: Settings | None = None, house: House | None = None) -> Flask:
    """The web application and the commands. Wrong settings end a web process with exit code 1 and the
    list of problems; the commands that need none still work."""
    app = Flask(__name__, static_folder=None, template_folder="handlers/templates")
    commands.register(app)
    try:
        settings = settings or read()
    except SettingsError as why:
        if click.get_current_context(silent=True) is None:
            print(why, file=sys.stderr)  # noqa: T201 - gunicorn's own log would wrap it in a traceback
            sys.exit(1)
        app.extensions["problems"], app.extensions["wire"] = str(why), wire
        return app
    logs.set_up(quiet=click.get_current_context(silent=True) is not None)
    app.config.update(SECRET_KEY=settings.secret_key, PUBLIC_URL=settings.public_url, SETTINGS=settings)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.extensions["house"] = house or wire(settings)
    for part in (hooks, health, home):
        app.register_blueprint(part.blueprint)
    errors.register(app)
    app.before_request(app.extensions["house"].sources.keep_fresh)
    return app


def wire(settings: Settings) -> House:
    """The parts of a running gateway, as the settings say."""
    store = Store(settings.database_url, pool=settings.voice.concurrency + 34)
    voice = settings.voice
    main = Mobilgroup(
        voice.url,
        "body" if voice.login else voice.auth,
        key=voice.key or None,
        login=voice.login or None,
        password=voice.password or None,
        connect_timeout=voice.connect_timeout,
        total_timeout=voice.total_timeout,
        ca_file=voice.ca_file or None,
        proxy=voice.proxy or None,
    )
    return House(
        store=store,
        sources=InForce(store, load.from_text),
        bell=open_bell(store, settings.run_dir, settings.database_direct_url, logs.say),
        refusals=Refusals(store),
        secrets=Secrets(settings.secrets_file),
        voices={"main": main},
        total_timeout=voice.total_timeout,
        rate=voice.rate,
    )
