"""The console: pages for those who decide, at /console/. `register` puts it into the application."""

from dataclasses import is_dataclass
from datetime import timedelta
from typing import Any

from flask import Flask, Request, current_app, redirect, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from jinja2 import Undefined, UndefinedError
from jinja2.utils import missing
from werkzeug.wrappers import Response

from core.numbers.hiding import hide_numbers
from core.people import ROLES
from core.ports import SourceFiles
from handlers.console import (
    act,
    alarms,
    decide,
    deliveries,
    do_not_call,
    errors,
    export,
    lab,
    lead,
    leads,
    new_source,
    overview,
    policy,
    signin,
    sources,
    staff,
    stop,
    words,
)
from handlers.console.addresses import asset, icon, lead_address
from handlers.console.door import LONGEST_MS, blueprint, csrf, may
from handlers.console.drafting import digest
from handlers.console.shown import (
    advice,
    by_reason,
    chip,
    person,
    phone,
    reason,
    state_name,
    veiled,
    whole_phone,
    why,
)
from handlers.console.told import reply

# Each puts its routes into the blueprint.
OF_LEADS = (overview, decide, leads, lead, act, export, deliveries)
OF_SET_UP = (sources, new_source, lab, do_not_call, policy, stop, alarms, staff)
PAGES = (signin, *OF_LEADS, *OF_SET_UP, errors)


class LeftOut(Undefined):
    """A page may be given a name or not. A field that one of our values does not have is a mistake in the page, and no
    empty text: a limit that is on would be shown as off."""

    def __init__(self, hint: str | None = None, obj: Any = missing, name: str | None = None, *more: Any) -> None:
        if is_dataclass(obj):
            raise UndefinedError(f"{type(obj).__name__} has no field {name}")
        super().__init__(hint, obj, name, *more)


class Sessions(SecureCookieSessionInterface):
    """Only the console has sessions. A sender's request would else pay for looking into its cookies."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return super().open_session(app, request) if request.path.startswith("/console") else None


def register(app: Flask, files: SourceFiles, *, https: bool, panel_url: str = "") -> None:
    """`https`: the console is reached by https only, so its cookie is bound to it. `panel_url`: the provider's."""
    app.extensions["source_files"] = files
    app.config.update(
        SESSION_COOKIE_NAME="__Host-console" if https else "console",
        SESSION_COOKIE_SECURE=https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(milliseconds=LONGEST_MS),
        # Hooks and programs send no token of a session: with the default a sender's POST is answered 400.
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # it lives as long as its session; a page may lie open for hours
        PANEL_URL=panel_url,
    )
    app.jinja_env.undefined = LeftOut
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.session_interface = Sessions()
    csrf.init_app(app)
    words.register(app)
    for shown in (
        advice,
        by_reason,
        chip,
        hide_numbers,
        person,
        phone,
        reason,
        reply,
        state_name,
        veiled,
        whole_phone,
        why,
    ):
        app.jinja_env.filters[shown.__name__] = shown
    app.jinja_env.filters["sha"] = digest
    app.register_blueprint(blueprint)
    app.add_url_rule("/", "home", _home)


@blueprint.context_processor
def _known_to_pages() -> dict[str, Any]:
    said = words.spoken()
    return {
        "_": said.gettext,
        "ngettext": said.ngettext,
        "asset": asset,
        "icon": icon,
        "lead_address": lead_address,
        "may": may,
        "language": words.language(),
        "theme": words.theme(),
        "keys": request.cookies.get("keys", "on") != "off",
        "zone": words.zone().key,
        "zone_name": words.zone_name(),
        "roles": ROLES,
        "panel_url": current_app.config["PANEL_URL"],
        "pop_left": act.pop_left,
    }


def _home() -> Response:
    return redirect("/console/", 303)
