"""The commands of `flask`: each is a file of this folder, registered here."""

from flask import Flask


def register(app: Flask) -> None:
    """Before the settings are looked at: help and the simulator need none."""
    from cli import (
        account,
        alarms,
        backup,
        demo,
        do_not_call,
        leads,
        policy,
        release,
        simulator,
        sources,
        users,
        watch,
        worker,
    )

    for part in (release, worker, watch, simulator, sources, policy, leads, do_not_call, users, alarms, demo):
        app.cli.add_command(part.command)
    for command in (account.pause, account.resume, backup.command, backup.restore):
        app.cli.add_command(command)
