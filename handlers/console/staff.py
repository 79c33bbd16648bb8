"""People, programs' tokens, and who did what. For owners."""

from typing import Any

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from core.people import OWNER, SCOPES
from flow import people
from flow.people import Wrong
from handlers.console.door import page, public_base, the_gateway, the_user
from handlers.console.forms import text
from handlers.console.words import language
from store import people as rows
from store.people import User

A_PAGE = 100


@page("/users", OWNER)
def users() -> Any:
    return _users()


def _users(status: int = 200, problem: str = "", link: str = "", whose: str = "") -> Any:
    with the_gateway().store.read() as tx:
        known = rows.all_users(tx)
    return make_response(
        render_template("console/users.html", users=known, problem=problem, link=link, whose=whose), status
    )


@page("/users/add", OWNER, post=True)
def add_user() -> Any:
    """A new user, and the link that lets them in once: shown now and never again."""
    try:
        user = people.add(the_gateway(), text("name", 60), text("role"), the_user().name)
    except Wrong as why:
        return _users(409, why.said(language()))
    return _with_link(user)


@page("/users/<int:user>/<any(link, disable, enable, out, role):do>", OWNER, post=True)
def change_user(user: int, do: str) -> Any:
    gateway, who = the_gateway(), the_user().name
    with gateway.store.read() as tx:
        whom = rows.user(tx, user)
    if whom is None:
        abort(404)
    try:
        if do == "link":
            return _with_link(whom)
        if do == "disable":
            people.disable(gateway, whom, who)
        elif do == "enable":
            people.enable(gateway, whom, who)
        elif do == "out":
            people.end_sessions(gateway, whom, who)
        else:
            people.set_role(gateway, whom, text("role"), who)
    except Wrong as why:
        return _users(409, why.said(language()))
    flash(_("Done."))
    return redirect(url_for("console.users"), 303)


def _with_link(user: User) -> Any:
    token = people.link(the_gateway(), user, the_user().name)
    return _users(link=public_base() + url_for("console.enter", t=token), whose=user.name)


@page("/tokens", OWNER)
def tokens() -> Any:
    return _tokens()


def _tokens(status: int = 200, problem: str = "", token: str = "") -> Any:
    with the_gateway().store.read() as tx:
        known = rows.all_tokens(tx)
    body = render_template("console/tokens.html", tokens=known, problem=problem, token_=token, scopes=SCOPES)
    return make_response(body, status)


@page("/tokens/add", OWNER, post=True)
def add_token() -> Any:
    """A new token of a program: shown now and never again."""
    try:
        return _tokens(token=people.make_token(the_gateway(), text("name", 60), text("scope"), the_user().name))
    except Wrong as why:
        return _tokens(409, why.said(language()))


@page("/tokens/<int:token>/revoke", OWNER, post=True)
def revoke_token(token: int) -> Any:
    if not people.revoke_token(the_gateway(), token, the_user().name):
        abort(404)
    flash(_("The token is revoked; whoever uses it is refused from now on."))
    return redirect(url_for("console.tokens"), 303)


@page("/audit", OWNER)
def audit() -> Any:
    before = request.args.get("before", "")
    if before and not (before.isascii() and before.isdigit() and len(before) < 16):
        abort(404)
    with the_gateway().store.read() as tx:
        found = rows.page_of_audit(tx, A_PAGE + 1, int(before) if before else None)
    more = url_for("console.audit", before=found[A_PAGE - 1]["id"]) if len(found) > A_PAGE else None
    return render_template("console/audit.html", rows=found[:A_PAGE], more=more)
