import pytest

from core import states
from core.move import Move, later
from store import leads, queries
from store.changes import NotAsSeen
from tests.store.leads_in import AT, lead_in

ORIGINS = states.STATES
TARGETS = states.STATES


@pytest.mark.parametrize("transition", [t for t in states.TRANSITIONS if t != "receive"])
def test_every_pair_of_states_is_moved_exactly_where_the_table_says(store, transition):
    for origin in ORIGINS:
        for target in TARGETS:
            with store.write() as tx:
                lead = lead_in(tx, origin)
                if states.allowed(transition, origin, target):
                    told = leads.apply(tx, lead, Move(transition, target), at=AT)
                    after = leads.get(tx, lead.id)
                    assert after == told
                    assert (after.state, after.history_n) == (target, 2)
                else:
                    with pytest.raises(leads.TransitionRefused):
                        leads.apply(tx, lead, Move(transition, target), at=AT)
                    assert leads.get(tx, lead.id) == lead


def test_a_move_writes_its_history_row_in_the_same_transaction(store):
    with store.write() as tx:
        lead = lead_in(tx)
    with pytest.raises(RuntimeError), store.write() as tx:
        leads.apply(tx, lead, Move("hold", "held"), at=AT)
        raise RuntimeError("the process dies here")
    with store.read() as tx:
        story = queries.story(tx, lead.id)
    assert story["lead"].state == "received"
    assert [h["transition"] for h in story["history"]] == ["receive"]


def test_a_lead_that_changed_since_it_was_seen_is_not_moved(store):
    with store.write() as tx:
        stale = lead_in(tx)
        leads.apply(tx, stale, Move("map", "ready", columns={"number": "79990000001"}), at=AT)
        with pytest.raises(NotAsSeen):
            leads.apply(tx, stale, Move("hold", "held"), at=AT)
        after = leads.get(tx, stale.id)
    assert (after.state, after.number) == ("ready", "79990000001")


def test_a_stale_page_does_not_ring_after_unknown_rearm_unknown(store):
    with store.write() as tx:
        page = lead_in(tx, "unknown")
        claimed = leads.apply(tx, page, Move("rearm", "ready", columns={"round": 2}), Move("claim", "calling"), at=AT)
        lost = leads.apply(tx, claimed, Move("lose", "unknown"), at=AT)
        assert lost.state == page.state  # the same state as the page shows, another history number
        with pytest.raises(NotAsSeen):
            leads.apply(tx, page, Move("rearm", "ready", columns={"round": 2}), at=AT)


def test_two_moves_in_one_write_leave_two_rows_of_history(store):
    with store.write() as tx:
        lead = lead_in(tx)
        mapped = Move("map", "ready", columns={"number": "79990000001", "script": "А"})
        after = leads.apply(tx, lead, mapped, Move("claim", "calling", columns={"claims": 1}), at=AT)
        assert leads.get(tx, lead.id) == after
        story = queries.story(tx, lead.id)
    assert (after.state, after.history_n, after.claims) == ("calling", 3, 1)
    rows = [(row["n"], row["origin"], row["target"]) for row in story["history"]]
    assert rows == [(1, "", "received"), (2, "received", "ready"), (3, "ready", "calling")]


def test_a_quiet_move_writes_no_history(store):
    with store.write() as tx:
        lead = lead_in(tx, "ready", reason="retry")
        leads.apply(tx, lead, later("ready", AT + 5), at=AT)
        after = leads.get(tx, lead.id)
    assert (after.due_at, after.reason, after.history_n) == (AT + 5, "retry", lead.history_n)


def test_leads_are_found_by_id_and_by_the_number_people_say(store):
    with store.write() as tx:
        lead = lead_in(tx)
        assert leads.find(tx, str(lead.no)) == lead
        assert leads.find(tx, lead.id) == lead
        assert leads.find(tx, "99999999") is None
        assert leads.find(tx, "٣") is None
