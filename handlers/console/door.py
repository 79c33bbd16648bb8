"""The console's door: who is in, what their role allows, and the headers of every page.

`page` is the only way a route comes into the console, and it names the role that the route needs.
"""

import functools
import ipaddress
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, current_app, g, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.wrappers import Response as AnyResponse

from core import people
from core.people import VIEWER
from flow.gateway import Gateway
from handlers.console import frame
from store import people as rows
from store.engine import Tx
from store.people import User

IDLE_MS, LONGEST_MS = 12 * 3_600_000, 7 * 24 * 3_600_000
SEEN_EACH_MS = 10 * 60_000
MOST = 2_000_000  # bytes of a form: a list of numbers, a source's file
YEAR_S = 31_536_000
CSP = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
View = Callable[..., Any]
csrf = CSRFProtect()
blueprint = Blueprint(
    "console",
    __name__,
    url_prefix="/console",
    template_folder="templates",
    static_folder="static",
    static_url_path="/assets",
)


def the_gateway() -> Gateway:
    gateway: Gateway = current_app.extensions["gateway"]
    return gateway


def the_user() -> User:
    """Who is in; only for routes that need a role."""
    user: User = g.user
    return user


def may(role: str) -> bool:
    """Whether the page's reader may do what needs this role."""
    return g.get("user") is not None and people.may(g.user.role, role)


def page(rule: str, role: str | None = VIEWER, *, post: bool = False, quiet: bool = False) -> Callable[[View], View]:
    """A route and the role that it needs; None is open to all. `quiet`: being asked keeps no session alive,
    and nobody is led to the sign-in page."""

    def put(view: View) -> View:
        @functools.wraps(view)
        def guarded(**values: Any) -> Any:
            if role is not None:
                kept_out = _keep_out(role, quiet)
                if kept_out is not None:
                    return kept_out
            return view(**values)

        guarded.role = role  # type: ignore[attr-defined]
        blueprint.add_url_rule(rule, view.__name__, guarded, methods=["POST"] if post else ["GET"])
        return view

    return put


def look_who_is_in(tx: Tx) -> None:
    """`g.user`: who is in, None where nobody is; `g.now` too."""
    g.now = the_gateway().store.now_ms(tx)
    g.user = _who_is_in(rows.user(tx, session["user"]) if "user" in session else None)


def _keep_out(role: str, quiet: bool) -> AnyResponse | None:
    with the_gateway().store.read() as tx:
        look_who_is_in(tx)
        if g.user is None:
            if "user" in session:
                session.clear()
            if quiet:
                return Response(status=401)
            back = request.full_path.rstrip("?") if request.method == "GET" else None
            return redirect(url_for("console.login", next=back), 303)
        if not people.may(g.user.role, role):
            g.needed = role
            abort(403)
        if not quiet:
            g.frame = frame.read(tx, the_gateway(), g.now)
    if not quiet and g.now - session.get("seen", 0) > SEEN_EACH_MS:
        session["seen"] = g.now
    return None


def _who_is_in(user: User | None) -> User | None:
    if user is None or user.disabled or session.get("epoch") != user.epoch:
        return None
    at, seen = session.get("at", 0), session.get("seen", 0)
    return user if g.now - seen <= IDLE_MS and g.now - at <= LONGEST_MS else None


def let_in(user: User) -> None:
    """A new session for the user; whatever the old one held is gone."""
    with the_gateway().store.read() as tx:
        now = the_gateway().store.now_ms(tx)
    session.clear()
    session.permanent = True
    session.update(user=user.id, epoch=user.epoch, at=now, seen=now)


def safe_next(target: str) -> str:
    """Where to go after the sign-in: a page of the console, nothing else."""
    parts = urlsplit(target)
    ours = target.startswith("/console/") and not parts.scheme and not parts.netloc and "\\" not in target
    ours = ours and target.isprintable()  # a line's end cannot go into the answer's head
    return target if ours else url_for("console.overview")


def public_base() -> str:
    """How the world reaches us, without a slash at its end: PUBLIC_URL, whatever the request calls us; else that."""
    return str(current_app.config["PUBLIC_URL"] or request.host_url.rstrip("/"))


def is_loopback() -> bool:
    """Whether the request comes from this machine: by TCP, without a proxy's headers, to a loopback name."""
    if any(name.lower().startswith(("x-forwarded", "forwarded", "x-real")) for name, _ in request.headers):
        return False
    host = request.host.rsplit(":", 1)[0].strip("[]")
    return _loopback(request.remote_addr or "") and (host == "localhost" or _loopback(host))


def _loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


@blueprint.before_request
def check_form() -> None:
    """Every form of the console carries its session's token. Hooks and the API never come here."""
    request.max_content_length = MOST
    csrf.protect()


@blueprint.after_request
def close(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CSP
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    is_asset = request.endpoint == "console.static" and "v" in request.args and response.status_code == 200
    kept = f"public, max-age={YEAR_S}, immutable" if is_asset else "no-store"
    response.headers.setdefault("Cache-Control", kept)
    if is_asset:
        response.headers["Cache-Control"] = kept
    return response
