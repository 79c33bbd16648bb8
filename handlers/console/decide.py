"""The inbox: everything that the machine may not decide, grouped by its cause."""

from typing import Any

from flask import abort, render_template, request
from flask_babel import lazy_gettext as _l

from core import ways_on
from core.people import OPERATOR
from flow import effect
from handlers.console import actions, cases
from handlers.console.cases import Case
from handlers.console.door import may, page, the_gateway
from handlers.console.leads import titles
from store import inbox, search
from store.inbox import ORDER

KNOWN = {
    "unknown": _l("The request went out, but no trustworthy answer came: the person may have been called."),
    "refused": _l("The provider refused; nobody was called."),
    "held": _l("It cannot become a call as it is; nobody was called."),
}
A_CASE = 100  # leads of the opened case are shown, and their rules are asked


@page("/decide")
def decide() -> Any:
    """Every case; the first lies open, or the one that `case` names."""
    state = request.args.get("state", "")
    if state and state not in ORDER:
        abort(404)
    gateway = the_gateway()
    with gateway.store.read() as tx:
        causes = inbox.causes(tx)
        counts = {one: sum(row["n"] for row in causes if row["state"] == one) for one in ORDER}
        found = cases.grouped([row for row in causes if state in ("", row["state"])])
        opened = _opened(found)
        leads = [] if opened is None else inbox.of_causes(tx, opened.leads, A_CASE)
        effects = {}
        if opened is not None and may(OPERATOR):
            for one in _buttons(opened):
                if one.do == "rearm":
                    effects[one.name] = effect.of_rearm(gateway, tx, leads, frozenset(one.despite))
        windows = {}
        if opened is not None and opened.state == "unknown":
            windows = search.last_windows(tx, [lead.id for lead in leads])
    return render_template(
        "console/decide.html",
        cases=found,
        opened=opened,
        leads=leads,
        buttons={case.key: _buttons(case) for case in found},
        effects=effects,
        windows=windows,
        counts=counts,
        state=state,
        titles=titles(),
        mends=ways_on.mends_fields,
        known=KNOWN,
    )


def _opened(found: list[Case]) -> Case | None:
    wanted = request.args.get("case", "")
    return next((case for case in found if case.key == wanted), found[0] if found else None)


def _buttons(case: Case) -> tuple[actions.Action, ...]:
    has_call = all(row["have_call"] for row in case.leads)
    claimed = all(row["claims"] > 0 for row in case.leads)
    return actions.of(case.state, case.code, has_call=has_call, claimed=claimed)
