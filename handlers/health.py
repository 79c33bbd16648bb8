"""Operators' probes: /healthz, the process answers; /readyz, it can do its work."""

from flask import Blueprint, Response, current_app, jsonify, request

from flow import heartbeat, readiness
from flow.gateway import Gateway
from handlers.nearby import may_look

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers, and which gateway it is of; asks nobody."""
    return jsonify(status="ok", instance=heartbeat.instance(current_app.extensions["gateway"]))


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """503 only where nothing can be stored or no worker looks at this database: `not ready`. Else 200, `ok` or
    `degraded`; each check is named with what is wrong and what to do. `paused` is no failure: leads are taken.
    `files` says what is wrong with source files (file:line:key) or differs there.
    Who may not look (`handlers.nearby`) is told no more than `status`."""
    gateway: Gateway = current_app.extensions["gateway"]
    found = readiness.look(gateway)
    status = "ok" if found.well else "degraded" if found.able else "not ready"
    said = {"status": status, "checks": found.checks, "paused": found.paused, "files": _files(gateway)}
    return jsonify(said if may_look(request) else {"status": status}), 200 if found.able else 503


def _files(gateway: Gateway) -> dict[str, str]:
    files = gateway.sources.files
    if files is None:
        return {}
    found = {name: f"differs from what is in force: {why}" for name, why in files.differing.items()} | files.broken
    unreadable = gateway.secrets_problem()
    return {**found, "SECRETS_FILE": unreadable} if unreadable else found
