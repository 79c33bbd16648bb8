"""A person's decisions, of one lead or many: each carries what its reader saw; what changed since is left alone."""

from typing import Any

from flask import abort, flash, redirect, request, session
from flask_babel import gettext as _
from flask_babel import ngettext

from core.people import OPERATOR
from core.policy import DESPITE
from flow import effect, operate, people
from handlers.console.door import page, safe_next, the_gateway, the_user
from handlers.console.forms import text, why_given
from handlers.console.words import ago, clock, language, moment
from store import search
from store.engine import Tx

MOST = 100
DOING = ("cancel", "remap", "rearm", "resolve")
LEFT = "left"  # of the session: what the next page names


@page("/act", OPERATOR, post=True)
def act() -> Any:
    """`lead` holds an id and the history number that was seen of it, `id:n`, at most 100 of them."""
    do, seen = request.form.get("do", ""), _seen()
    if do not in DOING:
        abort(400)
    gateway, who, why = the_gateway(), the_user().name, why_given(do)
    despite = tuple(set(request.form.getlist(f"despite-{do}")) & set(DESPITE))
    room = people.rearms_left(gateway, who) if do == "rearm" else MOST
    done, left = 0, {}
    for lead_id, n in seen.items():
        if done >= room:
            left[lead_id] = _("at most %(n)s calls a minute", n=people.REARMS_A_MINUTE)
            continue
        refused = _one(do, lead_id, n, who, why, despite, among_many=len(seen) > 1)
        if refused:
            left[lead_id] = refused
        else:
            done += 1
    _tell(do, done, left)
    return redirect(safe_next(request.form.get("next", "")), 303)


def _seen() -> dict[str, int]:
    found = {}
    for one in request.form.getlist("lead"):
        lead_id, _colon, n = one.partition(":")
        if not lead_id or not (n.isascii() and n.isdigit() and len(n) < 10):
            abort(400)
        found[lead_id] = int(n)
    if not 0 < len(found) <= MOST:
        abort(400)
    return found


def _one(do: str, lead_id: str, seen: int, who: str, why: str, despite: tuple[str, ...], *, among_many: bool) -> str:
    """Empty when it is done, else why the lead was left as it is."""
    gateway = the_gateway()
    try:
        if do == "cancel":
            lead = operate.cancel(gateway, lead_id, who, why, seen)
        elif do == "remap":
            lead = operate.remap(gateway, lead_id, who, why, seen, among_many=among_many)
        elif do == "rearm":
            lead = operate.rearm(gateway, lead_id, who, why, despite, seen, among_many=among_many, again=True)
        else:
            lead = operate.resolve(gateway, lead_id, who, why, text("provider_id", 100), seen)
    except operate.NoSuchLead:
        return _("there is no such lead")
    except operate.Refused as refusal:
        with gateway.store.read() as tx:
            return _why_left(tx, do, lead_id, seen) or refusal.said(language(), moment)
    people.note(gateway, who, do, f"№ {lead.no}", why)
    return ""


def _why_left(tx: Tx, do: str, lead_id: str, seen: int) -> str:
    """In the reader's language; empty where only the refusal's own words tell it."""
    row, last = search.by_ids(tx, [lead_id]).get(lead_id), search.last_change(tx, lead_id)
    if row is None or last is None:
        return _("there is no such lead")
    if last["n"] != seen:
        return _("changed meanwhile by %(who)s, %(ago)s", who=last["who"], ago=ago(last["at"]))
    if row["erased_at"] is not None:
        return _("its personal data was erased")
    settling = effect.of_rearm(the_gateway(), tx, search.leads_by_ids(tx, [lead_id])).settling
    if do == "rearm" and settling:
        return _("the last call may still come to light: possible from %(at)s", at=clock(settling[0][1]))
    return ""


def _tell(do: str, done: int, left: dict[str, str]) -> None:
    if done and do == "rearm":
        flash(ngettext("%(num)d lead will be called.", "%(num)d leads will be called.", done))
    elif done:
        flash(ngettext("%(num)d lead is decided.", "%(num)d leads are decided.", done))
    if left:
        with the_gateway().store.read() as tx:
            rows = search.by_ids(tx, list(left))
        named = [(rows[one]["no"] if one in rows else 0, why) for one, why in left.items()]
        session[LEFT] = sorted(named)[:20]
        session["left_more"] = max(0, len(named) - 20)


def pop_left() -> tuple[list[tuple[int, str]], int]:
    """(lead's number, why it was left) of the last decision, told once; and how many more there were."""
    return session.pop(LEFT, []), session.pop("left_more", 0)
