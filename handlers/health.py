"""Operators' probes: /healthz, the process answers; /readyz, it can do its work."""

from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from core.alarms import WORKER_SEEN_MS
from flow import heartbeat
from flow.gateway import Gateway
from handlers.nearby import may_look
from store import accounts as trouble
from store import epoch, migrate, workers
from store.engine import StoreUnavailable

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers, and which gateway it is of; asks nobody."""
    return jsonify(status="ok", instance=heartbeat.instance(current_app.extensions["gateway"]))


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """200 when database, migrations, a worker seen in the last 30 s and every source are well, else
    503; each check is named with what is wrong and what to do. `paused` is no failure: leads are taken.
    Nor is `files`, what is wrong with source files (file:line:key) or differs there: the versions in force go on.
    Who may not look (`handlers.nearby`) is told no more than `status`."""
    gateway: Gateway = current_app.extensions["gateway"]
    checks, paused = _database_checks(gateway)
    gateway.sources.refresh()
    checks["sources"] = "; ".join(f"{name}: {why}" for name, why in gateway.sources.broken.items()) or "ok"
    well = all(state == "ok" for state in checks.values())
    said = {"status": "ok" if well else "not ready", "checks": checks, "paused": paused, "files": _files(gateway)}
    return jsonify(said if may_look(request) else {"status": said["status"]}), 200 if well else 503


def _files(gateway: Gateway) -> dict[str, str]:
    files = gateway.sources.files
    if files is None:
        return {}
    found = {name: f"differs from what is in force: {why}" for name, why in files.differing.items()} | files.broken
    unreadable = gateway.secrets_problem()
    return {**found, "SECRETS_FILE": unreadable} if unreadable else found


def _database_checks(gateway: Gateway) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        with gateway.store.read() as tx:
            if not migrate.is_current(tx):
                return {"database": "ok", "migrations": "missing: run the release command (flask release)"}, {}
            now, seen = gateway.store.now_ms(tx), workers.last_seen(tx)
            paused = trouble.what_is_paused(tx)
            unwritable = workers.unwritable_journals(tx, now - WORKER_SEEN_MS)
            if not epoch.has_begun(tx):
                return {"database": "ok", "migrations": epoch.NONE_BEGUN}, paused
    except StoreUnavailable as why:
        return {"database": str(why)}, {}
    worker = "ok"
    if seen is None or now - seen > WORKER_SEEN_MS:
        worker = "no worker has looked at this database in the last 30 s: start one (flask worker)"
    journal = "; ".join(
        f"cannot be written on {machine} ({why}): nobody is rung from there; make room on its disk or mend RUN_DIR"
        for machine, why in sorted(unwritable.items())
    )
    return {"database": "ok", "migrations": "ok", "worker": worker, "journal": journal or "ok"}, paused
