"""Stopping all calls and letting them go on, and the pulse by which an open page hears of it."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, redirect, request, url_for
from flask_babel import gettext as _

from core.people import OPERATOR
from core.refusal import Refusal
from flow import pauses, people
from flow.gateway import Gateway
from flow.pauses import Seen
from handlers.console import frame
from handlers.console.door import page, safe_next, the_gateway, the_user
from handlers.console.forms import text, why_given
from handlers.console.words import language, moment
from store import inbox

ALL = "all accounts"


@page("/pause", OPERATOR, post=True)
def pause() -> Any:
    """Stop an account, or all: within a second nobody new is called."""
    return _change(_pause, "paused", _("Calls are paused."))


@page("/resume", OPERATOR, post=True)
def resume() -> Any:
    """Ends the pauses that the form names, `account|since|script`, as its reader saw them; others are left and told."""
    return _change(_resume, "resumed", _("Calls are on again."))


def _pause(gateway: Gateway, account: str, who: str, why: str, script: str | None) -> None:
    pauses.pause(gateway, account, who, why, script)


def _resume(gateway: Gateway, account: str, who: str, why: str, script: str | None) -> None:
    pauses.resume(gateway, account, who, why, script, seen=_seen(account))


def _seen(account: str) -> set[Seen]:
    pieces = (one.split("|", 2) for one in request.form.getlist("seen"))
    known = [of for of in pieces if len(of) == 3 and of[0] == account and of[1].isascii() and of[1].isdigit()]
    return {(script or None, int(since)) for _account, since, script in known}


def _change(change: Callable[[Gateway, str, str, str, str | None], None], what: str, said: str) -> Any:
    gateway, who, why = the_gateway(), the_user().name, why_given()
    name, script = text("account"), text("script") or None
    with gateway.store.read() as tx:
        known = {*gateway.accounts, *(one.account for one in frame.read(tx, gateway, 0).stopped)}
    if name and name not in known:
        abort(404)  # nothing would have stopped, and the page would say that it had
    left = []
    for one in sorted(known):
        if name in ("", one):
            try:
                change(gateway, one, who, why, script)
            except Refusal as refusal:
                left.append(refusal.said(language(), moment))
    if not left:
        people.note(gateway, who, what, ": ".join(filter(None, (name or ALL, script))), why)
    for one in left or [said]:
        flash(one)
    return redirect(url_for("console.policy") if name else safe_next(request.form.get("next", "")), 303)


@page("/pulse", quiet=True)
def pulse() -> Any:
    """What an open page changes by itself: counts and whether calls are on; nothing while all is as it was."""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        around = frame.read(tx, gateway, 0)
        known = {"inbox": around.inbox, "newest": inbox.newest_no(tx), "paused": around.all_stopped}
    body = json.dumps(known)
    answer = Response(body, content_type="application/json")
    answer.set_etag(hashlib.sha256(body.encode()).hexdigest()[:16])
    answer.headers["Cache-Control"] = "no-cache, private"
    return answer.make_conditional(request)
