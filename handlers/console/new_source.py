"""A new source: its file and its secret are written, it is in force at once, and its address is shown once."""

from typing import Any

from flask import make_response, render_template, request
from flask_babel import gettext as _

from core.new_source import DEFAULT_SCRIPT, CannotMake, Made, Wish, address, stands_in_url
from core.people import OWNER
from flow import people
from handlers.console.door import page, public_base, the_gateway, the_user
from handlers.console.forms import text
from handlers.console.sources import the_files
from handlers.console.words import language
from store import versions as rows


@page("/sources/new", OWNER)
def new_source() -> Any:
    return _form(Wish("", "", dry_run=True))


@page("/sources/new", OWNER, post=True)
def make_source() -> Any:
    """Shown now and never again: the address with its token. 409 where it cannot be made; then nothing was written."""
    wish = Wish(
        text("preset", 60),
        text("name", 63),
        text("script", 200) or DEFAULT_SCRIPT,
        text("region", 2).upper(),
        request.form.get("sms", "").replace("\r\n", "\n").strip()[:2000],
        text("crm", 300),
        dry_run=request.form.get("dry_run") == "yes",
    )
    try:
        made = the_files().make(wish)
    except CannotMake as why:
        return _form(wish, _said(why, wish), why.said(language()) if why.code == "wrong" else "", 409)
    _put_in_force(wish.name, made)
    source, values = made.named, list(made.secrets.values())
    return render_template(
        "console/made_source.html",
        part_of="sources",
        wish=wish,
        made=made,
        url=address(public_base(), source, values[0] if values else ""),
        secret="" if not values or stands_in_url(source) else values[0],
        more={name: value for name, value in list(made.secrets.items())[1:]},
        needs=the_files().needs(source, language()),
    )


def _put_in_force(name: str, made: Made) -> None:
    gateway, who = the_gateway(), the_user().name
    people.note(gateway, who, "source_made", name, made.preset.name)
    if made.source is not None:
        with gateway.store.read() as tx:
            newest = rows.newest(tx, name)
        gateway.sources.take(name, made.canonical, after=newest, who=who, why=_("made in the console"))


def _said(why: CannotMake, wish: Wish) -> str:
    return {
        "name": _("A name has small Latin letters, digits and hyphens, at most 63."),
        "preset": _("Choose what sends the leads."),
        "exists": _("There is a source called “%(name)s” already: choose another name.", name=wish.name),
        "unwritable": _("The files cannot be written here. On the machine: flask sources new"),
    }.get(why.code, _("With this it would be no source:"))


def _form(wish: Wish, problem: str = "", detail: str = "", status: int = 200) -> Any:
    files = the_files()
    body = render_template(
        "console/new_source.html",
        part_of="sources",
        wish=wish,
        senders=files.senders(),
        default_script=DEFAULT_SCRIPT,
        saves=files.saves,
        problem=problem,
        detail=detail,
        base=public_base(),
    )
    return make_response(body, status)
