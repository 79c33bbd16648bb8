"""The commands of `flask`. Each is imported when it is asked for: a list of leads waits for nobody's migrations."""

import gc
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, ClassVar

import click
from flask import Flask
from flask.cli import AppGroup, FlaskGroup

from cli import interrupted

WHERE = {
    "release": "cli.release:command",
    "worker": "cli.worker:command",
    "watch": "cli.watch:command",
    "simulator": "cli.simulator:command",
    "sources": "cli.sources:command",
    "policy": "cli.policy:command",
    "leads": "cli.leads:command",
    "do-not-call": "cli.do_not_call:command",
    "users": "cli.users:command",
    "alarms": "cli.alarms:command",
    "demo": "cli.demo:command",
    "pause": "cli.account:pause",
    "resume": "cli.account:resume",
    "backup": "cli.backup:command",
    "restore": "cli.backup:restore",
}


class OnDemand(click.Group):
    """A group whose commands are imported when they are asked for; `where` has the place of each, `module:name`."""

    where: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.where)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.where:
            return None
        module, _, attribute = self.where[name].partition(":")
        command: click.Command = getattr(_imported(module), attribute)
        return command


def _imported(module: str) -> Any:
    """The module. What an import makes stays: looking through it for garbage again and again was a tenth of a start."""
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()


class Commands(OnDemand, AppGroup):
    where: ClassVar = WHERE

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        command = super().get_command(ctx, name)
        if command is not None and "invoke" not in vars(command):
            command.invoke = partial(_invoked, command.invoke)  # type: ignore[method-assign]
        return command


def _invoked(invoke: Callable[[click.Context], Any], ctx: click.Context) -> Any:
    with interrupted.heard():
        return invoke(ctx)


def register(app: Flask) -> None:
    """Before the settings are looked at: help and the simulator need none."""
    app.cli = Commands(app.name)


def is_one_of_ours() -> bool:
    """Whether the application is being made to look a command of `WHERE` up. Flask's own (`run`, `routes`, `shell`)
    ask for it later, when they run themselves."""
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, FlaskGroup)
