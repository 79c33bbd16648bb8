"""Lists of 12,000 leads, planned as the database itself would: no filter reads them all or sorts them."""

import re
from functools import partial
from itertools import product

from sqlalchemy import text

from store import inbox, queries, search
from store.queries import Wanted
from tests.store.leads_in import AT
from tests.store.plans import plans

MANY = 12_000
FILL = """
INSERT INTO leads (id, source, account, state, reason, received_at, due_at, digest, payload, history_n, number, person)
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {many})
SELECT 'lead ' || i, 'source-' || (i % 8), 'main',
  CASE WHEN i % 100 = 0 THEN 'held' WHEN i % 250 = 1 THEN 'unknown'
    WHEN i % 5 = 0 THEN 'suppressed' ELSE 'accepted' END,
  CASE WHEN i % 100 = 0 THEN 'no_number' ELSE '' END,
  {at} + i * 10000, {at}, 'd', '{{}}', 2, '7999' || (1000000 + i), 'Person ' || i FROM n
"""
LAST = AT + MANY * 10_000
ASKED = {
    "all": (Wanted(), ()),
    "since": (Wanted(since=LAST - 3_600_000), ()),
    "between": (Wanted(since=AT + 9_000_000, until=AT + 18_000_000), ()),
    "a source": (Wanted(source="source-3"), ()),
    "a state": (Wanted(), ("held",)),
    "states": (Wanted(), ("held", "unknown", "refused")),
    "states of a source since": (Wanted(source="source-3", since=AT), ("held", "unknown")),
    "a reason of a state": (Wanted(how="no_number"), ("held",)),
    "a number": (Wanted(numbers=("79991000007", "79991000008")), ()),
    "a name since": (Wanted(name="person 119", since=LAST - 3_600_000), ()),
}


FEW = 130  # rows: fewer are as quickly sorted as walked, whatever there is beside them


def sorted_rows(plan):
    """How many rows the plan thinks it sorts; of SQLite, which does not say, those of a number are few."""
    unknown = [] if "leads_by_number" in plan else [MANY] * plan.count("TEMP B-TREE")
    return unknown + [int(n) for n in re.findall(r"Sort  \(cost=\S+ rows=(\d+)", plan)]


def test_each_filter_is_answered_from_an_index(store):
    with store.write() as tx:
        tx.execute(text(FILL.format(many=MANY, at=AT)))
        tx.execute(text("ANALYZE leads"))
        for place, (name, (wanted, states)) in product((None, (LAST - 50_000_000, 9)), ASKED.items()):
            ask = partial(queries.page_of_states, wanted=wanted, states=states, limit=50, after=place)
            for plan in plans(store, tx, ask):
                assert "leads_by_" in plan, (name, plan)
                assert "Seq Scan" not in plan, (name, plan)
                assert "SCAN leads'" not in plan, (name, plan)
                assert all(n <= FEW for n in sorted_rows(plan)), (name, plan)
        assert [row["person"] for row in search.by_name(tx, "PERSON 11999", 9)[0]] == ["Person 11999"]
        *bounds, found = plans(store, tx, lambda tx: search.by_name(tx, "person 7", 9))
        assert "INTEGER PRIMARY KEY" in found or "Index Scan Backward using leads_pkey" in found, found
        assert all("Seq Scan" not in plan and "SCAN leads'" not in plan for plan in bounds), bounds


def test_a_name_is_looked_for_among_so_many_at_a_time_and_the_next_go_on_behind_them(store, monkeypatch):
    monkeypatch.setattr(search, "LOOKED_THROUGH", 5_000)
    with store.write() as tx:
        tx.execute(text(FILL.format(many=MANY, at=AT)))
        pages, before = [], None
        while True:
            rows, before = search.by_name(tx, "person 77", 30, before)
            pages.append([row["no"] for row in rows])
            if before is None:
                break
        found = [no for page in pages for no in page]
        every = tx.execute(text("SELECT no FROM leads WHERE person LIKE 'Person%77%' ORDER BY no DESC")).scalars()
        assert found == list(every)
        nobody, before = search.by_name(tx, "nobody at all", 9)
        newest = tx.execute(text("SELECT max(no) FROM leads")).scalar_one()
        assert (nobody, before) == ([], newest + 1 - 5_000)  # and yet it goes on


def test_the_leads_of_a_case_are_those_that_were_counted_the_oldest_first(store):
    with store.write() as tx:
        tx.execute(text(FILL.format(many=MANY, at=AT)))
        tx.execute(text("UPDATE leads SET reason = 'mapping_error' WHERE state = 'held' AND no % 3 = 0"))
        tx.execute(text("ANALYZE leads"))
        causes = inbox.causes(tx)
        for cause in causes:
            leads = inbox.of_causes(tx, [cause], inbox.MOST)
            assert len(leads) == cause["n"]
            assert {(lead.state, lead.reason, lead.source) for lead in leads} == {
                (cause["state"], cause["reason"], cause["source"])
            }
            assert [lead.no for lead in leads] == sorted(lead.no for lead in leads)
            assert leads[0].no == cause["no"]
        unknown = [cause for cause in causes if cause["state"] == "unknown"]
        together = inbox.of_causes(tx, unknown, 7)
        assert [lead.no for lead in together] == sorted(
            row["no"] for row in inbox.pending(tx) if row["state"] == "unknown"
        )[:7]
        for wanted in ([causes[0]], unknown):
            for plan in plans(store, tx, lambda tx, wanted=wanted: inbox.of_causes(tx, wanted, 100)):
                assert "leads_by_" in plan, plan
