"""Every query of a lead's walk finds its rows by an index, every index serves one, and `docs/queries.md` says so."""

import pytest

from config.settings import ROOT
from tests import databases
from tests.store.hot_queries import BESIDE, Query, ask_both, page, served

UNIQUE = {"attempts_one_ring_a_round", "alarms_open"}  # guards: they are asked by what is written, too


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    if databases.postgresql_server() is None:
        pytest.skip("no PostgreSQL")
    return ask_both(tmp_path_factory.mktemp("queries"))


def test_nothing_on_the_walk_reads_a_table_of_many_rows_whole(found):
    walk = [query for asked in found.values() for query in asked if query.step != BESIDE]
    assert len(walk) > 60
    assert [(query.asked_by, query.whole()) for query in walk if query.whole()] == []


def test_a_query_without_an_index_would_be_seen():
    assert Query("", "", "", ("SCAN leads", "SCAN epoch", "SCAN leads USING INDEX leads_by_arrival")).whole() == [
        "SCAN leads"
    ]
    assert Query("", "", "", ("Seq Scan on leads", "Seq Scan on epoch")).whole() == ["Seq Scan on leads"]


def test_every_index_serves_a_query(found):
    assert [index for index, _, by in served(found) if not by and index not in UNIQUE] == []


def test_an_index_without_a_query_would_be_seen(found):
    without = {kind: [one for one in asked if "leads_to_ask" not in str(one.plan)] for kind, asked in found.items()}
    assert [index for index, _, by in served(without) if not by and index not in UNIQUE] == ["leads_to_ask"]


def test_the_page_says_what_the_databases_answer(found):
    """Written anew by `python -m tests.store.hot_queries > docs/queries.md`."""
    assert page(found) == (ROOT / "docs" / "queries.md").read_text()
