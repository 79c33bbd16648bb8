"""Operators' probes: /healthz, the process answers; /readyz, it can do its work."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from flow import heartbeat, ready
from handlers.nearby import may_look

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers, and which gateway it is of; asks nobody."""
    return jsonify(status="ok", instance=heartbeat.instance(current_app.extensions["gateway"]))


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """503 `not ready` only where nothing can be stored or no worker looks at this database; 200 with `degraded` for
    whatever else is wrong, so that a broken policy file takes nothing out of a balancer, and with `ok`. Each check is
    named with what is wrong and what to do. Who may not look (`handlers.nearby`) is told no more than `status`."""
    found = ready.look(current_app.extensions["gateway"])
    said: dict[str, Any] = {"status": found.status}
    if may_look(request):
        said |= {"checks": dict(found.checks), "paused": dict(found.paused), "files": dict(found.files)}
    return jsonify(said), 503 if found.status == ready.NOT_READY else 200
