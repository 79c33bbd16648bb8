"""`flask demo`: what `make run` starts. Settings of its own, a demo source, web + worker + simulator."""

import fcntl
import os
import secrets
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import click
from dotenv import dotenv_values
from flask import current_app
from flask.cli import with_appcontext
from honcho.manager import Manager

from cli import demo_source, release
from cli.context import RUN_ENV as OWN
from cli.context import fail
from config.settings import ROOT, SettingsError, read
from core.people import OWNER
from flow import people
from flow.gateway import Gateway
from store import people as users
from store import private

READY_S = 60
MOST_PORT = 65_534  # the simulator takes the next one


@click.command("demo", hidden=True)
@with_appcontext
def command() -> None:
    """Everything in one terminal, for `make run`."""
    _alone()
    port = _port()
    os.environ.update(environment(port, ROOT / ".env", OWN, os.environ))
    flask = f"{sys.executable} -m flask"
    try:
        settings = read()
    except SettingsError as why:
        fail(str(why))
    url = settings.main_account.url
    simulated = demo_source.is_simulator(url, port)
    _free_ports(port, port + 1) if simulated else _free_ports(port)
    token = demo_source.write(settings) if simulated else None
    # In this process: another one would cost its start.
    try:
        gateway = current_app.extensions["wire"](settings)
    except SettingsError as why:
        fail(str(why))
    release.carry_out(gateway, settings)
    withdrawn = "" if simulated else demo_source.withdraw(gateway, settings.sources_dir)
    link = _owners_link(gateway)
    gateway.store.dispose()
    manager = Manager()
    quiet = {**os.environ, "PYTHONUNBUFFERED": "1"}
    gunicorn = f"{sys.executable} -m gunicorn -c gunicorn.conf.py 'app:create_app()'"
    twin = f"{sys.executable} -m simulator --port {port + 1} --key demo-key"  # starts faster than by flask
    if simulated:
        manager.add_process("simulator", twin, env=quiet, cwd=str(ROOT))
    manager.add_process("web", gunicorn, env=quiet, cwd=str(ROOT))
    manager.add_process("worker", f"{flask} worker", env=quiet, cwd=str(ROOT))
    manager.add_process("watch", f"{flask} watch", env=quiet, cwd=str(ROOT))
    trying = _curl(port, token) if simulated else real_calls(url, withdrawn)
    threading.Thread(target=_greet, args=(port, link, trying), daemon=True).start()
    manager.loop()
    # Ctrl-C is how it ends well.
    sys.exit(0 if manager.returncode == 130 else manager.returncode or 0)


def _port() -> int:
    try:
        said = os.environ.get("PORT") or dotenv_values(ROOT / ".env").get("PORT") or "8000"
    except (OSError, UnicodeDecodeError):
        fail(f"{ROOT / '.env'} cannot be read: give this user the right to read it, or mend it")
    if not said.isdecimal() or not 1 <= int(said) <= MOST_PORT:
        fail(f"PORT: expected a number from 1 to {MOST_PORT}, got {said[:20]!r}; try: PORT=8010 make run")
    return int(said)


def _alone() -> None:
    """One `make run` a clone: a second one would work on the same database with a simulator of its own."""
    OWN.parent.mkdir(mode=0o700, exist_ok=True)
    lock = os.open(OWN.with_name("run.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        fail("make run runs here already: Ctrl-C ends it; for a second one clone the project into another folder")
    os.set_inheritable(lock, False)  # it goes with this process


def _free_ports(port: int, *more: int) -> None:
    for wanted in (port, *more):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                click.echo(f"port {wanted} is taken; choose another with:\n\n  PORT={port + 10} make run\n", err=True)
                sys.exit(1)


def environment(port: int, dotenv: Path, kept: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Settings that nobody has to write for a first look; those of `environ` and `dotenv` win. They are `kept`."""
    private.folder(kept.parent)
    own = {k: v for k, v in dotenv_values(kept).items() if v} if kept.is_file() else {}
    for name in ("SECRET_KEY", "DIGEST_KEY", "API_TOKEN"):
        own.setdefault(name, secrets.token_hex(32))
    own |= {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": "sqlite:///var/leads.db",
        "VOICE_API_URL": f"http://127.0.0.1:{port + 1}/api/lido/send/",
        "VOICE_API_KEY": "demo-key",
    }
    named = {k for k, v in {**dotenv_values(dotenv), **environ}.items() if v}
    if named & {"VOICE_API_URL", "VOICE_API_URL_FILE"}:  # the key is the owner's to say, too
        del own["VOICE_API_URL"], own["VOICE_API_KEY"]
    _write_private(kept, "".join(f"{name}={value}\n" for name, value in sorted(own.items())))
    return {k: v for k, v in own.items() if k not in named and f"{k}_FILE" not in named} | {
        "FLASK_SKIP_DOTENV": "1",
        "PORT": str(port),
    }


def _owners_link(gateway: Gateway) -> str:
    """The way into the console: the user `owner`, made once, and a link that is good once, here, for 10 minutes."""
    with gateway.store.read() as tx:
        owner = users.named(tx, OWNER)
    if owner is None:
        owner = people.add(gateway, OWNER, OWNER, "make run", "command")
    if owner.disabled:
        return ""
    return people.link(gateway, owner, "make run", lasts_ms=people.DEMO_LINK_MS, loopback=True, place="command")


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, and only for us."""
    draft = path.with_suffix(".new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)


def _greet(port: int, link: str, trying: str) -> None:
    """Once everything is ready: the address to open, and what to try."""
    base = f"http://127.0.0.1:{port}"
    until = time.monotonic() + READY_S
    while not _ready(base):
        if time.monotonic() > until:
            click.echo(f"not ready after {READY_S} s; {base}/readyz says why", err=True)
            return
        time.sleep(0.1)
    way_in = f"{base}/console/enter?t={link}" if link else f"{base}/"
    click.echo(f"\nReady. Open (good once, for 10 minutes):\n\n{way_in}\n\n{trying}\n")
    click.echo("Ctrl-C ends everything.\n")
    sys.stdout.flush()


def _curl(port: int, token: str | None) -> str:
    """One curl, alone on its lines, that rings the simulator."""
    if token is None:
        return "The simulator rings nobody. (You have sources of your own: flask sources list)"
    number = f"{secrets.randbelow(10_000):04}"
    body = f'{{"id": "demo-{secrets.token_hex(3)}", "name": "Ivan", "phone": "+7 (999) 000-{number[:2]}-{number[2:]}"}}'
    hook = f"http://127.0.0.1:{port}/hooks/demo?token={token}"
    curl = f"curl -H 'Content-Type: application/json' -d '{body}' '{hook}'"
    return f"and ring the simulator with:\n\n{curl}\n\nThen: . .venv/bin/activate && flask leads list"


def real_calls(url: str, withdrawn: str) -> str:
    """Whoever named a provider of his own is told that people will be rung, and gets nothing to paste."""
    said = f"REAL CALLS: VOICE_API_URL is {urlsplit(url).hostname}. There is no simulator and no demo source"
    return f"{said}" + (f"; {withdrawn}" if withdrawn else "") + ".\nYour sources: flask sources list"


def _ready(base: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{base}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
