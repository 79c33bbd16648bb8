import pytest

from core import states
from store import leads, queries
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
                    assert leads.move(tx, lead, transition, target, at=AT, who="test")
                    after = leads.get(tx, lead.id)
                    assert (after.state, after.history_n) == (target, 2)
                else:
                    with pytest.raises(leads.TransitionRefused):
                        leads.move(tx, lead, transition, target, at=AT, who="test")
                    assert leads.get(tx, lead.id) == lead


def test_a_move_writes_its_history_row_in_the_same_transaction(store):
    with store.write() as tx:
        lead = lead_in(tx)
    with pytest.raises(RuntimeError), store.write() as tx:
        assert leads.move(tx, lead, "hold", "held", at=AT, who="worker")
        raise RuntimeError("the process dies here")
    with store.read() as tx:
        story = queries.story(tx, lead.id)
    assert story["lead"].state == "received"
    assert [h["transition"] for h in story["history"]] == ["receive"]


def test_a_lead_that_changed_since_it_was_seen_is_not_moved(store):
    with store.write() as tx:
        stale = lead_in(tx)
        assert leads.move(tx, stale, "map", "ready", at=AT, who="worker", number="79990000001")
        assert not leads.move(tx, stale, "hold", "held", at=AT, who="worker")
        after = leads.get(tx, stale.id)
    assert (after.state, after.number) == ("ready", "79990000001")


def test_a_stale_page_does_not_ring_after_unknown_rearm_unknown(store):
    with store.write() as tx:
        page = lead_in(tx, "unknown")
        rearmed = page
        assert leads.move(tx, rearmed, "rearm", "ready", at=AT, who="anna", round=2)
        claimed = leads.get(tx, page.id)
        assert leads.move(tx, claimed, "claim", "calling", at=AT, who="worker")
        calling = leads.get(tx, page.id)
        assert leads.move(tx, calling, "lose", "unknown", at=AT, who="worker")
        # Same state as the page shows, another history number.
        assert not leads.move(tx, page, "rearm", "ready", at=AT, who="boris", round=2)


def test_leads_are_found_by_id_and_by_the_number_people_say(store):
    with store.write() as tx:
        lead = lead_in(tx)
        assert leads.find(tx, str(lead.no)) == lead
        assert leads.find(tx, lead.id) == lead
        assert leads.find(tx, "99999999") is None
        assert leads.find(tx, "٣") is None
