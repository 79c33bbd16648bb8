"""Lists and figures stay quick: each is answered from an index, without sorting or reading all leads."""

import pytest

from core.durations import HOUR_MS
from store import due, erasure, figures, hourly, queries, today
from store.engine import Store
from store.ids import new_id
from store.queries import Wanted
from store.tables import attempts
from tests import databases
from tests.store.leads_in import AT, lead_in
from tests.store.plans import as_if_many, plans

MANY = 400
PLACE = (1_764_061_200_000, 9)


@pytest.fixture(scope="module", params=databases.KINDS)
def store(request, tmp_path_factory):
    """One for all that is asked here: nothing is written."""
    opened = Store(databases.of_kind(request.param, tmp_path_factory.mktemp("lists")))
    with opened.write() as tx:
        for n in range(MANY):
            of, number = f"source-{n % 3}", f"7999{n:07}"
            came = {"source": of, "number": number, "received_at": AT + n * HOUR_MS}
            lead = lead_in(tx, "received" if n % 4 else "accepted", **came)
            call = {"lead": lead.id, "n": 1, "round": 1, "source": of, "number": number, "script": "x"}
            times = {"started_at": AT + n, "deadline_at": AT + n, "ended_at": AT + n, "outcome": "accepted"}
            tx.execute(attempts.insert().values(id=new_id(), account="main", owner="x", **call, **times))
    yield opened
    opened.dispose()


@pytest.fixture
def many(store):
    with store.write() as tx:
        as_if_many(store, tx, "leads", "attempts")
        yield tx


LISTS = {
    "all": Wanted(),
    "a state": Wanted(state="received"),
    "a source": Wanted(source="source-1"),
    "both": Wanted(source="source-1", state="received"),
    "a time": Wanted(since=1, until=2_000_000_000_000),
    "a source's time": Wanted(source="source-1", since=1),
    "a reason of a state": Wanted(state="accepted", how="cap"),
    "a name": Wanted(name="иван"),
    "a source's name": Wanted(source="source-1", name="иван", until=2_000_000_000_000),
}


@pytest.mark.parametrize("after", [None, PLACE])
@pytest.mark.parametrize("wanted", LISTS.values(), ids=LISTS)
def test_a_page_of_leads_is_read_from_an_index_in_its_order(store, many, wanted, after):
    (plan,) = plans(store, many, lambda tx: queries.page(tx, wanted, 50, after))
    assert "leads_by_" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("wanted", LISTS.values(), ids=LISTS)
def test_the_leads_beside_one_are_found_by_the_index_of_its_list(store, many, wanted):
    for plan in plans(store, many, lambda tx: queries.beside(tx, wanted, PLACE)):
        assert "leads_by_" in plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("after", [None, PLACE])
def test_several_states_are_each_read_from_an_index_in_its_order(store, many, after):
    told = plans(store, many, lambda tx: queries.page_of_states(tx, Wanted(since=1), ("accepted", "held"), 50, after))
    assert len(told) == 2
    for plan in told:
        assert "leads_by_" in plan
        assert "Sort" not in plan
        assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("limit", [1, 7, 50, 400, 401])
def test_pages_of_several_states_hold_each_lead_once_newest_first(store, many, limit):
    one_list = queries.page(many, Wanted(), MANY)[0]
    seen, place = [], None
    while True:
        rows, place = queries.page_of_states(many, Wanted(), ("accepted", "received", "held", "accepted"), limit, place)
        seen += rows
        if place is None or len(seen) > MANY:
            break
    assert [row["no"] for row in seen] == [row["no"] for row in one_list]


@pytest.mark.parametrize("source", ["", "shop"])
def test_a_page_of_deliveries_is_read_from_an_index_in_its_order(store, many, source):
    plan = plans(store, many, lambda tx: queries.page_of_deliveries(tx, 50, (5, "x"), source=source))[0]
    assert "deliveries_by_" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


ASKED = {
    "leads by number": (lambda tx: queries.page(tx, Wanted(numbers=("79990000001",)), 50), "leads_by_number"),
    "who needs a person": (lambda tx: figures.needing_a_person(tx), "leads_by_state"),
    "the counts": (lambda tx: figures.counts_by_source(tx), "leads_by_source"),
    "leads per hour": (lambda tx: figures.leads_per_hour(tx, 5), "leads_by_arrival"),
    "attempts": (lambda tx: figures.attempts_since(tx, 5), "attempts_by_start"),
}


def test_the_leads_to_erase_are_read_from_their_index(store, many):
    plan = plans(store, many, lambda tx: erasure.old_leads(tx, AT + 1, 5, 50))[0]
    assert "leads_to_erase" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(("ask", "index"), ASKED.values(), ids=ASKED)
def test_figures_are_read_from_their_index(store, many, ask, index):
    (plan,) = plans(store, many, ask)
    assert index in plan


TODAY = {
    "deliveries": lambda tx: today.stored(tx, ["source-1", "source-2"], AT),
    "money": lambda tx: today.spent(tx, ["source-1", "source-2"], AT),
    "calls": lambda tx: today.called(tx, ["source-1", "source-2"], AT, [1_000]),
    "replies": lambda tx: today.answered(tx, AT, [1_000]),
}


@pytest.mark.parametrize("ask", TODAY.values(), ids=TODAY)
def test_the_present_day_is_read_from_index_ranges(store, many, ask):
    for plan in plans(store, many, ask):
        assert "deliveries_by_" in plan or "attempts_by_" in plan
        assert "Seq Scan on deliveries" not in plan
        assert "Seq Scan on attempts" not in plan
        assert "SCAN" not in plan


HOURS = {
    "counting": lambda tx: hourly.counted(tx, AT, AT + 1),
    "counting one source": lambda tx: hourly.counted(tx, AT, AT + 1, "source-1"),
    "by day": lambda tx: hourly.by_day(tx, ["source-1", "source-2"], 5, AT),
    "by hour": lambda tx: hourly.of_sources(tx, ["source-1", "source-2"], 5, AT),
}


@pytest.mark.parametrize("ask", HOURS.values(), ids=HOURS)
def test_hours_are_read_from_one_index_range(store, many, ask):
    for plan in plans(store, many, ask):
        assert "hourly_pkey" in plan or "SEARCH hourly" in plan or "leads_by_" in plan
        assert "Seq Scan" not in plan
        assert "SCAN leads" not in plan
        assert "SCAN hourly" not in plan
        assert "SCAN attempts" not in plan


def test_what_waits_is_read_from_the_partial_indexes(store, many):
    resting = figures.Resting({"main": frozenset({"Заявка"}), "theirs": None}, frozenset({"source-1"}))
    for look in (figures.oldest_due, figures.due_before):
        (plan,) = plans(store, many, lambda tx, look=look: look(tx, ["main"], 5))
        assert sum(plan.count(name) for name in ("leads_to_map", "leads_to_ask", "leads_to_call")) == 4
        (plan,) = plans(store, many, lambda tx, look=look: look(tx, ["main", "theirs"], 5, resting))
        assert sum(plan.count(name) for name in ("leads_to_map", "leads_to_ask", "leads_to_call")) == 4


def test_the_workers_next_leads_are_read_from_the_partial_indexes(store, many):
    def ask(tx):
        due.to_map(tx, 5, 8)
        due.to_call(tx, due.Due("main", 5, 8, 1))

    told = plans(store, many, ask)
    assert all("leads_to_map" in plan or "leads_to_call" in plan for plan in told)
    assert not any("Sort" in plan or "TEMP B-TREE" in plan for plan in told)
