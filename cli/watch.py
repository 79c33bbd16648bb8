"""`flask watch`: the process that looks around for everybody, alone raises alarms, and calls for help."""

import signal
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from cli.context import the_settings, wired_gateway
from cli.interrupted import Stop
from config import logs
from flow import heartbeat, hourly, telling
from flow.gateway import Gateway
from flow.hourly import Hours
from flow.telling import Help
from flow.ticker import Look, Ticker
from flow.watch import EVERY_MS, Watch
from store.engine import StoreUnavailable
from store.epoch import OtherDatabase

SEND_MS = 2_000


@click.command("watch")
@with_appcontext
def command() -> None:
    """Look each 15 seconds, raise and clear alarms, tell them, until SIGTERM or Ctrl-C."""
    gateway = wired_gateway()
    settings = the_settings()
    logs.set_up()
    help_, look_again = current_app.extensions["help"](gateway, settings)
    if gateway.broken_alarms:
        logs.say(str(gateway.broken_alarms))
    stopping = Stop()

    def stop(*_: Any) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    outside = partial(heartbeat.outside, gateway, settings.public_url)
    certificate = partial(current_app.extensions["certificate"], settings.public_url)
    watch = Watch(gateway, places=places(gateway), outside=outside, certificate=certificate, help_=help_)
    beat = heartbeat.Heartbeat(gateway, settings.heartbeat_url)
    gateway.ticker.start()
    gateway.log.info("watch_started", channels=sorted(help_.channels))
    sender = threading.Thread(target=_send, args=(gateway, help_, stopping), name="teller", daemon=True)
    sender.start()
    counting = Ticker([Look("hours", hourly.EVERY_MS, Hours(gateway).look)])  # beside the looks: it delays no alarm
    counting.start()
    while not stopping.is_set():
        try:
            if look_again():
                gateway.log.info(
                    "alarms_file_read", channels=sorted(help_.channels), problems=str(gateway.broken_alarms or "")
                )
            watch.turn()
            beat.beat(int(time.monotonic() * 1000), watch.trouble())
        except Exception:  # a bug in one look must not end the next
            gateway.log.exception("look_failed", look="watch")
        stopping.wait(EVERY_MS / 1000)
    counting.end()
    gateway.ticker.end()
    gateway.log.info("watch_ended")


def _send(gateway: Gateway, help_: Help, stopping: threading.Event) -> None:
    """What was put down goes out beside the looks: a slow channel delays none."""
    while not stopping.wait(SEND_MS / 1000):
        try:
            telling.send(gateway, help_)
        except StoreUnavailable:  # the looks say so
            continue
        except Exception:
            gateway.log.exception("look_failed", look="teller")


def places(gateway: Gateway) -> list[Path]:
    """Where this machine keeps what is ours."""
    database = [gateway.store.path.parent] if gateway.store.path is not None else []
    try:
        return [*database, gateway.journal.directory]
    except (StoreUnavailable, OtherDatabase):  # its folder is named by the database
        return database
