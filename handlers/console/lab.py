"""The lab: which field becomes the call. What came, what it means, the call, what it would have changed, the file."""

import json
from dataclasses import replace
from typing import Any

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from core.expressions import sms
from core.field_setup import is_simple
from core.lead import Lead
from core.numbers import phone
from core.people import OPERATOR, OWNER
from core.problem_words import in_words
from core.source import Source
from flow import people, trial
from flow.trial import Tried
from handlers.console import drafting, told
from handlers.console.door import may, page, the_gateway, the_user
from handlers.console.forms import why_given
from handlers.console.leads import titles
from handlers.console.picking import leaves
from handlers.console.sources import in_force, the_files
from handlers.console.words import language
from store import queries, search, versions
from store.engine import Tx
from store.queries import Wanted

SHOWN = 30


@page("/sources/<source>/lab", OPERATOR)
def lab(source: str) -> Any:
    return _page(source)


@page("/sources/<source>/lab", OPERATOR, post=True)
def preview(source: str) -> Any:
    """The same page with what the form says; nothing is kept."""
    if request.form.get("download"):
        answer = Response(drafting.draft(source).text, content_type="application/yaml; charset=utf-8")
        answer.headers["Content-Disposition"] = f"attachment; filename={source}.yaml"
        return answer
    return _page(source)


@page("/sources/<source>/save", OWNER, post=True)
def save(source: str) -> Any:
    """Write the file and bring it into force.

    Refused (409) while something is wrong or an example fails, where the file changed meanwhile, and, without the
    tick, where leads would have lost their call or been called at another number."""
    gateway, files, current = the_gateway(), the_files(), in_force(source)
    draft = drafting.draft(source)
    if not files.saves or not draft.has_file or draft.source is None or draft.checked.failing:
        return _page(source, 409)
    if drafting.digest(draft.before) != request.form.get("digest"):
        return _page(source, 409, moved=True)
    with gateway.store.read() as tx:
        newest = versions.newest_leads(tx, source, drafting.BACKTEST)
    tested = drafting.backtest(newest, current.source, draft.source)
    if tested.needs_tick and request.form.get("understood") != "yes":
        return _page(
            source, 409, problem=_("Some leads would lose the call or get another number: tick that you saw it.")
        )
    if not files.write(source, draft.text, draft.before):
        return _page(source, 409, moved=True)
    who, why = the_user().name, why_given()
    taken = gateway.sources.take(source, draft.checked.canonical, after=current.n, who=who, why=why)
    people.note(gateway, who, "source_saved", source, why)
    flash(_said(taken))
    return redirect(url_for("console.source", source=source), 303)


def _said(taken: Any) -> str:
    if taken is None:
        return _("Saved. It comes into force in a second.")
    said = _("Saved and in force on all machines, as version %(n)s.", n=taken.n)
    if not taken.may_fit:
        return said
    more = ngettext(
        "%(num)d held lead may fit now: recompute it under “Decide”.",
        "%(num)d held leads may fit now: recompute them under “Decide”.",
        taken.may_fit,
    )
    return f"{said} {more}"


def _page(name: str, status: int = 200, *, problem: str = "", moved: bool = False) -> Any:
    current, draft = in_force(name), drafting.draft(name)
    source = draft.source or current.source
    with the_gateway().store.read() as tx:
        # While somebody types, half as many leads; what keeps a save back looks at those that it was kept back for.
        newest = versions.newest_leads(tx, name, drafting.BACKTEST if status == 409 else drafting.PREVIEW)
        lead = _lead(tx, name, newest)
        newer, older = _beside(tx, lead, newest) if lead else (None, None)
        scripts = search.scripts_seen(tx, name)
    tested = drafting.backtest(newest, current.source, draft.source)
    tried = _tried(name, source, lead)
    call = tried.call if tried else None
    whole = lead is not None and lead.erased_at is None
    region = source.mapping.number.region or source.policy.countries[0]
    body = render_template(
        "console/lab.html",
        part_of="sources",
        name=name,
        title=titles().get(name, name),
        lead=lead,
        newer=newer,
        older=older,
        leaves=leaves(json.loads(lead.payload), region) if lead and whole else [],
        draft=draft,
        digest=request.form.get("digest") or drafting.digest(draft.before),
        simple=is_simple(current.source),
        whole_text=request.form.get("mode") == "text",
        may_save=the_files().saves and may(OWNER) and draft.has_file,
        tried=tried,
        call=call,
        reading=phone.of(call["number"]) if call else None,
        parts=sms.segments(call["sms"]) if call and call["sms"] else 0,
        fields=told.fields(tried.trace, True) if tried else [],
        tested=tested,
        changes=[(drafting.kind(one), one) for one in tested.weightiest(SHOWN)],
        lines=drafting.diff(draft.before, draft.text),
        failing=[in_words(text, language()) for text in draft.checked.failing],
        problem=problem,
        moved=moved,
        scripts=scripts,
    )
    return make_response(body, status)


def _lead(tx: Tx, name: str, newest: list[Lead]) -> Lead | None:
    """The lead that is looked at: the one asked for, else the newest of the source."""
    wanted = request.values.get("lead", "")
    if not wanted:
        return newest[0] if newest else None
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 16):
        abort(404)
    found = search.lead_of(tx, name, int(wanted))
    if found is None:
        abort(404)
    return found


def _beside(tx: Tx, lead: Lead, newest: list[Lead]) -> tuple[int | None, int | None]:
    """The numbers of the source's leads just newer and just older."""
    at = next((n for n, one in enumerate(newest) if one.no == lead.no), len(newest))
    if at + 1 < len(newest):
        return newest[at - 1].no if at else None, newest[at + 1].no
    return queries.beside(tx, Wanted(source=lead.source), (lead.received_at, lead.no))


def _tried(name: str, source: Source, lead: Lead | None) -> Tried | None:
    if lead is None or lead.erased_at is not None:
        return None
    gateway = the_gateway()
    gateway = replace(gateway, sources=gateway.sources.instead(source))
    return next(iter(trial.try_lead(gateway, name, lead.id).leads), None)
