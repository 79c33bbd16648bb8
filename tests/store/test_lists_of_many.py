"""Lists of 12,000 leads, planned as the database itself would: no filter reads them all or sorts them."""

import re
from functools import partial
from itertools import product

from sqlalchemy import text

from store import queries, search
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
        assert [row["person"] for row in search.by_name(tx, "PERSON 11999", 9)] == ["Person 11999"]
        *bounds, found = plans(store, tx, lambda tx: search.by_name(tx, "person 7", 9))
        assert "INTEGER PRIMARY KEY" in found or "Index Scan Backward using leads_pkey" in found, found
        assert all("Seq Scan" not in plan and "SCAN leads'" not in plan for plan in bounds), bounds
