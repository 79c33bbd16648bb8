"""`flask demo`: what `make run` starts. Settings of its own, a demo source, web + worker + simulator."""

import os
import secrets
import socket
import sys
import threading
import time
import urllib.request
from pathlib import Path

import click
from dotenv import dotenv_values
from flask import current_app
from flask.cli import with_appcontext
from honcho.manager import Manager

from cli import release
from cli.context import RUN_ENV as OWN
from cli.context import fail
from config.settings import ROOT, SettingsError, read
from core.people import OWNER
from flow import people
from flow.gateway import Gateway
from store import people as users

VAR = ROOT / "var"
DEMO = """\
# A source to try things with; written by `make run` because there was none. Change or delete it freely.
preset: generic
auth: {secret: env:DEMO_TOKEN}
event_key: id
mapping:
  number: {field: phone, region: RU}
  script: Demo
  sms: {template: "Hello {{ name }}, we got your request."}
policy:
  hours: "00:00-24:00"      # the demo rings at any hour
  once_per_number: 0        # and the same number as often as you like
  calls_per_hour: "0"       # "0" switches a cap off: the simulator rings nobody
  calls_per_day: "0"
  spend_per_day: "0"
"""
READY_S = 60


@click.command("demo", hidden=True)
@with_appcontext
def command() -> None:
    """Everything in one terminal, for `make run`."""
    port = int(os.environ.get("PORT") or dotenv_values(ROOT / ".env").get("PORT") or 8000)
    _free_ports(port)
    environment = _environment(port)
    os.environ.update(environment)
    token = _demo_source(environment)
    flask = f"{sys.executable} -m flask"
    try:
        settings = read()
    except SettingsError as why:
        fail(str(why))
    # In this process: another one would cost its start.
    gateway = current_app.extensions["wire"](settings)
    release.carry_out(gateway, settings)
    link = _owners_link(gateway)
    gateway.store.dispose()
    manager = Manager()
    quiet = {**os.environ, "PYTHONUNBUFFERED": "1"}
    gunicorn = f"{sys.executable} -m gunicorn -c gunicorn.conf.py 'app:create_app()'"
    twin = f"{sys.executable} -m simulator --port {port + 1} --key demo-key"  # starts faster than by flask
    manager.add_process("simulator", twin, env=quiet, cwd=str(ROOT))
    manager.add_process("web", gunicorn, env=quiet, cwd=str(ROOT))
    manager.add_process("worker", f"{flask} worker", env=quiet, cwd=str(ROOT))
    manager.add_process("watch", f"{flask} watch", env=quiet, cwd=str(ROOT))
    threading.Thread(target=_greet, args=(port, token, link), daemon=True).start()
    manager.loop()
    # Ctrl-C is how it ends well.
    sys.exit(0 if manager.returncode == 130 else manager.returncode or 0)


def _free_ports(port: int) -> None:
    for wanted in (port, port + 1):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                click.echo(f"port {wanted} is taken; choose another with:\n\n  PORT={port + 10} make run\n", err=True)
                sys.exit(1)


def _environment(port: int) -> dict[str, str]:
    """Settings that nobody has to write for a first look; those of the environment and .env win."""
    VAR.mkdir(mode=0o700, exist_ok=True)
    own = {k: v for k, v in dotenv_values(OWN).items() if v} if OWN.is_file() else {}
    for name in ("SECRET_KEY", "DIGEST_KEY", "API_TOKEN"):
        own.setdefault(name, secrets.token_hex(32))
    own |= {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": "sqlite:///var/leads.db",
        "VOICE_API_URL": f"http://127.0.0.1:{port + 1}/api/lido/send/",
        "VOICE_API_KEY": "demo-key",
    }
    _write_private(OWN, "".join(f"{name}={value}\n" for name, value in sorted(own.items())))
    named = {k for k, v in {**dotenv_values(ROOT / ".env"), **os.environ}.items() if v}
    return {k: v for k, v in own.items() if k not in named and f"{k}_FILE" not in named} | {
        "FLASK_SKIP_DOTENV": "1",
        "PORT": str(port),
    }


def _demo_source(environment: dict[str, str]) -> str | None:
    """Write the demo source where there is none; its token, None where the owner has sources of his own."""
    folder = ROOT / (os.environ.get("SOURCES_DIR") or "config/sources")
    folder.mkdir(parents=True, exist_ok=True)
    demo = folder / "demo.yaml"
    if not demo.exists():
        if any(folder.glob("*.yaml")):
            return None
        demo.write_text(DEMO, encoding="utf-8")
    file = ROOT / (os.environ.get("SECRETS_FILE") or "var/secrets.env")
    known = dotenv_values(file, interpolate=False) if file.is_file() else {}
    token = os.environ.get("DEMO_TOKEN") or known.get("DEMO_TOKEN")
    if not token:
        token = secrets.token_urlsafe(18)
        file.parent.mkdir(parents=True, exist_ok=True)
        before = file.read_text(encoding="utf-8") if file.is_file() else ""
        _write_private(file, before + ("" if before.endswith("\n") or not before else "\n") + f"DEMO_TOKEN={token}\n")
    return token


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


def _greet(port: int, token: str | None, link: str) -> None:
    """Once everything is ready: the address to open and one curl, alone on its lines."""
    base = f"http://127.0.0.1:{port}"
    until = time.monotonic() + READY_S
    while not _ready(base):
        if time.monotonic() > until:
            click.echo(f"not ready after {READY_S} s; {base}/readyz says why", err=True)
            return
        time.sleep(0.1)
    way_in = f"{base}/console/enter?t={link}" if link else f"{base}/"
    click.echo(f"\nReady. Open (good once, for 10 minutes):\n\n{way_in}\n\nand ring the simulator with:\n")
    if token is None:
        click.echo("(you have sources of your own: flask sources list)\n")
        return
    number = f"{secrets.randbelow(10_000):04}"
    body = f'{{"id": "demo-{secrets.token_hex(3)}", "name": "Ivan", "phone": "+7 (999) 000-{number[:2]}-{number[2:]}"}}'
    click.echo(f"curl -H 'Content-Type: application/json' -d '{body}' '{base}/hooks/demo?token={token}'\n")
    click.echo("Then: . .venv/bin/activate && flask leads list")
    click.echo("Ctrl-C ends everything.\n")
    sys.stdout.flush()


def _ready(base: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{base}/readyz", timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
