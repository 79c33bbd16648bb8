"""What waits, however much it is, is looked at by nobody who looks for the others' leads."""

import contextlib

import pytest
from sqlalchemy import update

from store import due, figures
from store.due import Due
from store.engine import Store
from store.tables import sources
from store.versions import LONGEST_ASK_MS
from tests import databases
from tests.store.leads_in import AT, lead_in
from tests.store.plans import as_if_many, run

NOW = AT + 1_000
MANY = 300


@pytest.fixture(scope="module", params=databases.KINDS)
def store(request, tmp_path_factory):
    """Many leads of a paused script, of an unreadable source and of a CRM that is down; one that may go on of each."""
    opened = Store(databases.of_kind(request.param, tmp_path_factory.mktemp("waiting")))
    with opened.write() as tx:
        for name in ("down", "well", "shop", "torn"):
            tx.execute(sources.insert().values(name=name))
        tx.execute(update(sources).where(sources.c.name == "down").values(ask_at=NOW + 60_000, ask_fails=3))
        for n in range(MANY):
            number = f"7999{n:07}"
            lead_in(tx, "ready", source="shop", script="paused", number=number, due_at=AT + n)
            lead_in(tx, "ready", source="torn", script="Заявка", number=number, due_at=AT + n)
            lead_in(tx, "received", source="down", asks_crm=1, due_at=AT + n)
            lead_in(tx, "accepted", source="well")
        lead_in(tx, "ready", source="shop", script="Заявка", number="79991111111", due_at=AT - 5_000)
        lead_in(tx, "received", source="well", asks_crm=1, due_at=AT - 5_000)
    yield opened
    opened.dispose()


class Undone(Exception):
    """What a test writes is gone with it."""


@pytest.fixture
def tx(store):
    with contextlib.suppress(Undone), store.write() as tx:
        as_if_many(store, tx, "leads")
        yield tx
        raise Undone


def are_seeks(plans, *indexes):
    for plan in plans:
        assert "TEMP B-TREE" not in plan
        assert "leads_by_" not in plan
        assert "leads_to_map" not in plan  # holds what waits for a CRM, too
    assert any(index in plan for plan in plans for index in indexes)


def test_a_paused_script_and_a_source_that_cannot_be_read_stop_no_others(store, tx):
    wanted = Due("main", NOW, 8, 1, without={"paused"})
    found, plans = run(store, tx, lambda tx: due.to_call(tx, wanted, ["shop", "well"]))
    assert [(lead.source, lead.script) for lead in found.leads] == [("shop", "Заявка")]
    are_seeks(plans, "leads_to_call_by_kind")


def test_the_kinds_that_are_due_are_found_by_the_index(store, tx):
    found, plans = run(store, tx, lambda tx: figures.kinds_due(tx, "main", NOW))
    assert found == [("shop", "paused"), ("shop", "Заявка"), ("torn", "Заявка")]
    are_seeks(plans, "leads_to_call_by_kind")
    assert all("leads_to_call " not in plan for plan in plans)
    assert figures.kinds_due(tx, "main", AT - 4_000) == [("shop", "Заявка")]
    assert figures.kinds_due(tx, "another", NOW) == []


def test_four_times_as_many_that_wait_are_no_more_work(store, tx):
    """Counted in the steps of SQLite's machine: a plan says SEARCH also where it then walks all that it has found."""
    if not store.is_sqlite:
        pytest.skip("PostgreSQL's plan says what its index looks for")
    wanted = Due("main", NOW, 8, 1, without={"paused"})
    asks = (
        lambda: due.to_call(tx, wanted, ["shop", "well"]),
        lambda: due.anything_to_ask(tx, NOW),
        lambda: due.next_to_ask(tx, NOW),
        lambda: figures.kinds_due(tx, "main", NOW),
        lambda: figures.kinds_due(tx, "main", AT - 4_000),
    )
    few = [steps(tx, ask) for ask in asks]
    for n in range(MANY * 3):
        lead_in(tx, "ready", source="shop", script="paused", number=f"7998{n:07}", due_at=AT + n)
        lead_in(tx, "ready", source="torn", script="Заявка", number=f"7998{n:07}", due_at=AT + n)
        lead_in(tx, "received", source="down", asks_crm=1, due_at=AT + n)
    many = [steps(tx, ask) for ask in asks]
    assert all(after < 1.5 * before for before, after in zip(few, many, strict=True)), (few, many)


def steps(tx, ask):
    """How many steps the database's machine makes for it."""
    count = []
    driver = tx.connection.driver_connection
    driver.set_progress_handler(lambda: count.append(1), 1)
    ask()
    driver.set_progress_handler(None, 1)
    return len(count)


def test_a_crm_that_is_down_hides_no_lead_of_another(store, tx):
    asked, plans = run(store, tx, lambda tx: due.anything_to_ask(tx, NOW))
    assert asked
    are_seeks(plans, "leads_to_ask")
    found, plans = run(store, tx, lambda tx: due.next_to_ask(tx, NOW))
    assert found.source == "well"
    are_seeks(plans, "leads_to_ask")


def test_once_it_may_be_asked_again_the_oldest_of_its_leads_tries_after_the_well_ones(store, tx):
    now = NOW + 60_000
    first = due.next_to_ask(tx, now)
    assert first.source == "well"
    tx.execute(update(sources).where(sources.c.name == "well").values(ask_at=now + 1))
    assert (due.next_to_ask(tx, now).source, due.next_to_ask(tx, now).due_at) == ("down", AT)
    tx.execute(update(sources).where(sources.c.name == "down").values(ask_at=now + 1))
    assert due.next_to_ask(tx, now) is None
    assert not due.anything_to_ask(tx, now)


def test_what_a_clock_that_was_set_back_had_put_off_is_asked_now(store, tx):
    ahead = NOW + 24 * 3_600_000
    tx.execute(update(sources).values(ask_at=ahead))
    assert due.next_to_ask(tx, NOW) is not None
    tx.execute(update(sources).values(ask_at=NOW + LONGEST_ASK_MS))
    assert due.next_to_ask(tx, NOW) is None
