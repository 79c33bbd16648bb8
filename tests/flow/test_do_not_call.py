"""A number on the do-not-call list is rung by nobody, whenever it came there."""

import pytest

from flow import claim, decide, do_not_call, operate
from store import do_not_call as listed

NUMBER = "79990000001"
IVAN = {"id": "1", "name": "Иван", "phone": "+7 (999) 000-00-01"}
NOBODY = {NUMBER: "asked us to stop"}


def test_a_lead_of_a_listed_number_is_suppressed_in_any_spelling(gateway):
    do_not_call.add(gateway.parts, NOBODY, "anna")
    leads = [
        gateway.take({**IVAN, "id": str(n), "phone": s}) for n, s in enumerate(("8 999 000 00 01", "+79990000001"))
    ]
    gateway.work()
    assert [(gateway.lead(one).state, gateway.lead(one).reason) for one in leads] == [("suppressed", "do_not_call")] * 2
    assert gateway.voice.asked == []


def test_what_waits_is_suppressed_when_its_number_is_added(gateway):
    lead, other = gateway.take(IVAN), gateway.take({"id": "2", "phone": "79990000002"})
    while decide.decide_due(gateway.parts, 1):
        pass
    assert gateway.lead(lead).state == "ready"
    added = do_not_call.add(gateway.parts, NOBODY, "anna")
    assert added == do_not_call.Added(new=1, suppressed=1)
    assert (gateway.lead(lead).state, gateway.lead(other).state) == ("suppressed", "ready")
    assert gateway.story(lead)["history"][-1]["transition"] == "suppress"


def test_more_waiting_leads_than_a_batch_are_all_suppressed(gateway):
    leads = [gateway.take({**IVAN, "id": str(n)}) for n in range(5)]
    while decide.decide_due(gateway.parts, 1):
        pass
    assert do_not_call.add(gateway.parts, NOBODY, "anna", batch=2).suppressed == 5
    assert {gateway.lead(one).state for one in leads} == {"suppressed"}


def test_the_claim_itself_asks_again(gateway):
    lead = gateway.take(IVAN)
    decide.decide_due(gateway.parts, 1)
    with gateway.store.write() as tx:  # by a process that ended before it could suppress what waits
        listed.add(tx, NOBODY, "anna", 1)
    assert not isinstance(gateway.claim(), claim.Claimed)
    assert gateway.lead(lead).reason == "do_not_call"
    assert gateway.voice.asked == []


def test_no_rearm_sets_it_aside(gateway):
    do_not_call.add(gateway.parts, NOBODY, "anna")
    lead = gateway.take(IVAN)
    gateway.work()
    operate.rearm(gateway.parts, lead, "boris", "they called us", ("once_per_number", "max_age", "hours"))
    gateway.work()
    assert gateway.lead(lead).reason == "do_not_call"
    with pytest.raises(operate.Refused):
        operate.rearm(gateway.parts, lead, "boris", "again", ("do_not_call",))


def test_a_removed_number_may_be_rung_and_its_row_says_who_removed_it(gateway):
    do_not_call.add(gateway.parts, NOBODY, "anna")
    assert do_not_call.remove(gateway.parts, NUMBER, "boris", "came back")
    assert not do_not_call.remove(gateway.parts, NUMBER, "boris", "twice")
    lead = gateway.take(IVAN)
    gateway.work()
    assert gateway.lead(lead).state == "accepted"
    with gateway.store.read() as tx:
        assert listed.page(tx, 10) == ([], None)
        row = tx.exec_driver_sql("SELECT who, removed_by, removed_why FROM do_not_call").one()
    assert tuple(row) == ("anna", "boris", "came back")


def test_a_number_keeps_the_time_and_the_reason_it_came_with(store):
    with store.write() as tx:
        assert listed.add(tx, {"1": "first"}, "anna", 100) == ["1"]
        assert listed.add(tx, {"1": "second", "2": "new"}, "boris", 200) == ["2"]
        assert [(r["number"], r["since"], r["why"]) for r in listed.page(tx, 9)[0]] == [
            ("2", 200, "new"),
            ("1", 100, "first"),
        ]
        assert listed.remove(tx, ["1"], "boris", "", 300)
        assert not listed.find(tx, ["1"])
        assert listed.add(tx, {"1": "again"}, "carl", 400) == ["1"]
        assert listed.find(tx, ["1"])


def test_the_list_goes_on_behind_a_place(store):
    with store.write() as tx:
        for number, at in enumerate((1, 1, 2, 3, 3)):
            listed.add(tx, {str(number): ""}, "anna", at)
        seen, place = [], None
        for _ in range(5):
            rows, place = listed.page(tx, 2, place)
            seen += [row["number"] for row in rows]
            if place is None:
                break
    assert seen == ["4", "3", "2", "1", "0"]
