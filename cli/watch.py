"""`flask watch`: the process that looks around for everybody and alone raises alarms."""

import signal
import threading
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from cli.context import wired_gateway
from config import logs
from flow.gateway import Gateway
from flow.watch import EVERY_S, Watch
from store.engine import StoreUnavailable
from store.epoch import OtherDatabase


@click.command("watch")
@with_appcontext
def command() -> None:
    """Look each 15 seconds, raise and clear alarms, until SIGTERM or Ctrl-C."""
    gateway = wired_gateway()
    logs.set_up()
    stopping = threading.Event()

    def stop(*_: Any) -> None:
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    watch = Watch(gateway, places=places(gateway))
    gateway.ticker.start()
    gateway.log.info("watch_started")
    while not stopping.is_set():
        try:
            watch.turn()
        except Exception:  # a bug in one look must not end the next
            gateway.log.exception("look_failed", look="watch")
        stopping.wait(EVERY_S)
    gateway.ticker.end()
    gateway.log.info("watch_ended")


def places(gateway: Gateway) -> list[Path]:
    """Where this machine keeps what is ours."""
    database = [gateway.store.path.parent] if gateway.store.path is not None else []
    try:
        return [*database, gateway.journal.directory]
    except (StoreUnavailable, OtherDatabase):  # its folder is named by the database
        return database
