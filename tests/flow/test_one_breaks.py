"""One lead on which a step of ours breaks: it waits for a person, and every other lead goes on."""

import json
from unittest.mock import patch

import pytest

from core import decision, ended, mapping
from core.account import claiming
from flow import enrich, pauses, sweep
from store import attempts, leads
from store.tables import meta
from tests.fakes import SHOP
from tests.flow.asking import enriched, take
from tests.flow.test_recover import ALWAYS, PEOPLE, keep, path, rung, sqlite, went_back, work  # noqa: F401

BAD, DIGITS = "+7 999 000-00-66", "79990000066"
GOOD = ("+7 999 000-00-01", "+7 999 000-00-02", "+7 999 000-00-03")


def breaks(where, name, is_bad):
    """A build whose function raises where its arguments are the bad lead's."""
    whole = getattr(where, name)

    def broken(*given, **named):
        if is_bad(*given, **named):
            raise ZeroDivisionError("a mistake of ours")
        return whole(*given, **named)

    return patch.object(where, name, broken)


def of_move(name):
    def is_bad(lead, moves, at):
        return '"bad"' in lead.payload and any(move.transition == name for move in moves)

    return is_bad


STEPS = {
    "mapping": lambda: breaks(mapping, "map_call", lambda payload, source: payload["id"] == "bad"),
    "reading its call": lambda: breaks(mapping, "as_mapped", lambda lead: '"bad"' in lead.payload),
    "decision": lambda: breaks(decision, "decide", lambda mapped, *_: mapped.call.number == DIGITS),
    "write of the mapping": lambda: breaks(leads, "_made", of_move("map")),
    "write of the claim": lambda: breaks(leads, "_made", of_move("claim")),
    "choice": lambda: breaks(
        claiming, "wanted", lambda known, *_: any(one.call and one.call.number == DIGITS for one in known)
    ),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("others_wait", [False, True])
def test_a_lead_on_which_a_step_breaks_stops_no_other(gateway, step, others_wait):
    """Nor does it where newer leads wait for a script that is paused."""
    bad = gateway.take({"id": "bad", "phone": BAD})
    good = [gateway.take({"id": phone, "phone": phone}) for phone in GOOD]
    if others_wait:
        gateway.put("other", SHOP.replace("script: Заявка", "script: Другой"))
        pauses.pause(gateway.parts, "main", "anna", "why", "Другой")
        gateway.clock.forward(1)
        for n in range(12):
            gateway.take({"id": str(n), "phone": f"+7 999 111-00-{n:02}"}, source="other")
    with STEPS[step]():
        for _ in range(4):
            gateway.work()
            gateway.clock.forward(1)
    assert [gateway.lead(one).state for one in good] == ["accepted"] * 3
    assert gateway.lead(bad).state == "held"
    assert DIGITS not in [call.number for call in gateway.voice.asked]


def test_a_payload_that_is_no_json_stops_no_other(gateway):
    bad = gateway.take({"id": "bad", "phone": BAD})
    good = gateway.take({"id": "good", "phone": GOOD[0]})
    with gateway.store.write() as tx:
        table = meta.tables["leads"]
        tx.execute(table.update().where(table.c.id == bad).values(payload="no JSON"))
    gateway.work()
    assert (gateway.lead(bad).state, gateway.lead(good).state) == ("held", "accepted")


def test_a_mistake_that_is_no_leads_holds_none(gateway):
    lead = gateway.take({"id": "1", "phone": GOOD[0]})
    with patch.object(claiming, "capacity", side_effect=ZeroDivisionError), pytest.raises(ZeroDivisionError):
        gateway.claim_due()
    assert gateway.lead(lead).state == "received"


@pytest.mark.parametrize("name", ["_take", "_ask", "_record"])
def test_a_lead_on_which_asking_its_crm_breaks_stops_no_other(gate, crm, name):
    bad, good = take(gate, id="66"), take(gate)
    whole = getattr(enrich, name)

    def broken(gateway, *given):
        lead = next(one for one in given if hasattr(one, "payload") or hasattr(one, "lead"))
        if json.loads(getattr(lead, "lead", lead).payload)["id"] == "66":
            raise ZeroDivisionError
        return whole(gateway, *given)

    with patch.object(enrich, name, broken):
        for _ in range(8):
            enriched(gate)
            gate.work()
            gate.clock.forward(1)
    assert (gate.lead(bad).state, gate.lead(bad).reason) == ("held", "mapping_error")
    assert gate.lead(good).state == "accepted"


def test_a_lost_call_that_cannot_be_settled_stops_no_other(gateway):
    lost = [gateway.take({"id": name, "phone": phone}) for name, phone in (("bad", BAD), ("good", GOOD[0]))]
    assert len(gateway.claim_due(slots=2).claimed) == 2
    gateway.clock.forward(60)
    with breaks(leads, "_made", of_move("lose")):
        sweep.settle_lost(gateway.parts)
    assert [gateway.lead(one).state for one in lost] == ["calling", "unknown"]
    sweep.settle_lost(gateway.parts)
    assert [gateway.lead(one).state for one in lost] == ["unknown", "unknown"]


@pytest.mark.parametrize("name", ["open_all", "brought_back"])
def test_a_forgotten_call_that_cannot_be_brought_back_stops_no_other_and_is_not_made_again(
    sqlite,  # noqa: F811
    path,  # noqa: F811
    tmp_path,
    name,
):
    sqlite.put("shop", ALWAYS)
    bad, good = (sqlite.take(person) for person in PEOPLE[:2])
    keep(sqlite, path, tmp_path / "copy.db")
    sqlite.work()
    went_back(sqlite, path, tmp_path / "copy.db")
    later = sqlite.take(PEOPLE[2])
    broken = {
        "open_all": lambda: breaks(attempts, "open_all", lambda tx, opened, *_: bad in [one.lead for one in opened]),
        "brought_back": lambda: breaks(ended, "brought_back", lambda lead, *_: lead.id == bad),
    }
    with broken[name]():
        work(sqlite)
    assert [sqlite.lead(one).state for one in (bad, good, later)] == ["held", "unknown", "accepted"]
    assert sqlite.lead(bad).reason == "may_have_rung"
    assert len(rung(sqlite)) == 3
