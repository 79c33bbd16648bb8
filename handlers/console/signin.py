"""Coming in and going out: name and password, or a one-time link; and what a person keeps for themselves."""

from collections.abc import Container, Mapping
from typing import Any

from flask import flash, g, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _

from core.people import VIEWER
from flow import passwords, people
from flow.people import KeptOut, Wrong
from handlers.console.door import is_loopback, let_in, look_who_is_in, page, safe_next, the_gateway, the_user
from handlers.console.words import LANGUAGES, THEMES, available_zones, language, zones
from store import people as rows

YEAR_S = 31_536_000


@page("/login", None)
def login() -> Any:
    """The form; who is in already goes on. Without any user it names the command that makes one."""
    return _form()


def _form(problem: str = "", status: int = 200) -> Any:
    with the_gateway().store.read() as tx:
        nobody = not rows.all_users(tx)
    target = request.values.get("next", "")
    body = render_template("console/login.html", problem=problem, nobody=nobody, next=target)
    return make_response(body, status)


@page("/login", None, post=True)
def log_in() -> Any:
    """One answer for a wrong name and a wrong password, after the same time."""
    name, password = request.form.get("name", "")[:200], request.form.get("password", "")
    try:
        came = people.log_in(the_gateway(), name, password, request.remote_addr or "")
    except passwords.Busy:
        return _form(_("Many are signing in at this moment. Try again in a second."), 429)
    if isinstance(came, KeptOut):
        if came.wait_ms:
            text = _(
                "Wrong name or password. Too many tries: the next one counts in %(n)s s.", n=-(-came.wait_ms // 1000)
            )
            return _form(text, 429)
        return _form(_("Wrong name or password."), 403)
    let_in(came)
    return redirect(safe_next(request.form.get("next", "")), 303)


@page("/enter", None)
def enter() -> Any:
    """A one-time link: shows a button only, so that a preview of the link does not spend it."""
    return render_template("console/enter.html", link=request.args.get("t", ""), problem="")


@page("/enter", None, post=True)
def come_in() -> Any:
    user = people.enter(the_gateway(), request.form.get("t", ""), on_loopback=is_loopback())
    if user is None:
        text = _("This link is spent or too old, or it is good on the machine itself only.")
        return make_response(render_template("console/enter.html", link="", problem=text), 403)
    let_in(user)
    if not user.password:
        flash(_("Signed in. Set a password below, or the next sign-in needs a new link."))
        return redirect(url_for("console.me"), 303)
    return redirect(url_for("console.overview"), 303)


@page("/logout", VIEWER, post=True)
def logout() -> Any:
    session.clear()
    return redirect(url_for("console.login"), 303)


@page("/me")
def me() -> Any:
    """Own password, time zone, theme and keys."""
    return _me()


def _me(problem: str = "", status: int = 200) -> Any:
    return make_response(render_template("console/me.html", problem=problem, zones=zones()), status)


@page("/me/password", VIEWER, post=True)
def set_password() -> Any:
    """A new password ends every other session; a set one has to be given first."""
    user, given = the_user(), request.form
    try:
        if user.password and not passwords.is_right(given.get("old", "")[:256], user.password):
            raise Wrong("other_password")
        after = people.set_password(the_gateway(), user, given.get("new", ""))
    except Wrong as why:
        return _me(why.said(language()), 409)
    except passwords.Busy:
        return _me(_("Try again in a second."), 429)
    let_in(after)
    flash(_("The password is set. Every other session of yours has ended."))
    return redirect(url_for("console.me"), 303)


@page("/me/out", VIEWER, post=True)
def out_everywhere() -> Any:
    people.end_sessions(the_gateway(), the_user(), the_user().name)
    session.clear()
    return redirect(url_for("console.login"), 303)


@page("/choose", None, post=True)
def choose() -> Any:
    """Language and time zone: the user's, wherever they read; before the sign-in the language is the browser's, in a
    cookie, as theme and keys always are."""
    with the_gateway().store.read() as tx:
        look_who_is_in(tx)
    of_user = {"language": LANGUAGES, "zone": available_zones()} if g.user else {}
    if theirs := _chosen(of_user):
        people.choose(the_gateway(), the_user(), **theirs)
    answer = redirect(safe_next(request.form.get("next", "")), 303)
    of_browser = {"theme": (*THEMES, ""), "keys": ("on", "off"), **({} if g.user else {"language": LANGUAGES})}
    for name, value in _chosen(of_browser).items():
        answer.set_cookie(
            name, value, max_age=YEAR_S, path="/console", httponly=True, secure=request.is_secure, samesite="Lax"
        )
    return answer


def _chosen(known: Mapping[str, Container[str]]) -> dict[str, str]:
    """What the form says of these, where it is one of the known."""
    return {name: request.form[name] for name, values in known.items() if request.form.get(name) in values}
