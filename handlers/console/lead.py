"""One lead's whole story: the verdict in words, then each station from the delivery to the outcome."""

import json
from dataclasses import asdict
from typing import Any

from flask import Response, render_template, request

from core import ways_on
from core.people import OPERATOR
from flow import effect, people
from flow.operate import NoSuchLead
from handlers.console import actions, cases, told
from handlers.console.door import may, page, the_gateway, the_user
from handlers.console.leads import filters_asked, titles, wanted_by
from handlers.console.shown import whole_phone
from handlers.console.told import tree_of
from store import accounts, inbox, queries, search
from store.engine import Tx

MONTH_MS = 30 * 24 * 3_600_000
SAME_NUMBER = 10


@page("/leads/<lead:lead>")
def lead(lead: str) -> Any:
    return _shown(lead)


@page("/leads/<lead:lead>/reveal", OPERATOR, post=True)
def reveal(lead: str) -> Any:
    """The whole number, and what arrived as it arrived; the audit keeps who looked."""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        story = queries.story(tx, lead)
    if story is None:
        raise NoSuchLead(lead)
    people.note(gateway, the_user().name, "number_shown", f"№ {story['lead'].no}")
    if request.accept_mimetypes.best == "text/plain":  # the page's script copies it
        return Response(whole_phone(story["lead"].number or ""), content_type="text/plain; charset=utf-8")
    return _shown(lead, revealed=True)


def _shown(name: str, *, revealed: bool = False) -> str:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        found = queries.story(tx, name)
        if found is None:
            raise NoSuchLead(name)
        now = gateway.store.now_ms(tx)
        one = accounts.with_pause(tx, found["lead"], now)
        row = asdict(one)
        first = queries.delivery(tx, found["deliveries"][0]["id"]) if found["deliveries"] else None
        others = search.of_number(tx, one.number, one.id, now - MONTH_MS, SAME_NUMBER) if one.number else []
        place = _place(tx, row, now)
        may_do = actions.of(one.state, one.reason, has_call=bool(one.number and one.script), claimed=one.claims > 0)
        rings = [act for act in may_do if act.do == "rearm"] if may(OPERATOR) else []
        effects = {act.name: effect.of_rearm(gateway, tx, [found["lead"]], frozenset(act.despite)) for act in rings}
    evidence = told.evidence(found["history"])
    tree = None if one.erased_at is not None else tree_of(json.loads(one.payload), whole=revealed, texts=may(OPERATOR))
    return render_template(
        "console/lead.html",
        part_of="decide" if request.args.get("of") == "decide" else "leads",
        lead=row,
        verdict=told.verdict(row, found["attempts"], found["history"]),
        first=first,
        deliveries=found["deliveries"],
        tree=tree,
        fields=told.fields(evidence, may(OPERATOR)),
        rules=told.rules(evidence),
        stations=told.stations(one.received_at, evidence, found["attempts"]),
        attempts=found["attempts"],
        history=found["history"],
        others=others,
        place=place,
        actions=may_do,
        effects=effects,
        revealed=revealed,
        mends=ways_on.mends_fields(one.reason),
        titles=titles(),
        window=told.window(found["attempts"]),
    )


def _place(tx: Tx, row: dict[str, Any], now: int) -> dict[str, Any]:
    """The lead before and the one after, in the list that one came from, and that list's own part of the URL."""
    filters = filters_asked()
    if request.args.get("of") == "decide":
        found = cases.grouped(inbox.pending(tx))
        order = [one["no"] for case in found for one in case.leads]
        if row["no"] in order:
            at = order.index(row["no"])
            return {
                "of": "decide",
                "query": {"of": "decide"},
                "at": at + 1,
                "all": len(order),
                "more": any(case.more for case in found),
                "left": order[at - 1] if at else None,
                "right": order[at + 1] if at + 1 < len(order) else None,
            }
    newer, older = queries.beside(tx, wanted_by(filters, now), (row["received_at"], row["no"]))
    return {"of": None, "query": filters, "at": None, "all": None, "more": False, "left": newer, "right": older}
