"""Each column says whether it holds people's data, and what shows it, writes it out or erases it obeys."""

import ast

import pytest
from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, Text

from cli import leads_export
from core.numbers.hiding import mask
from store import erasure
from store.personal import (
    WORD,
    After,
    NotPersonal,
    Personal,
    columns_of,
    erasable,
    exported,
    left,
    personal,
    shown,
)
from store.tables import leads, meta, number_locks
from tests.pages import ROOT
from tests.test_imports import MAY

TABLES = [pytest.param(table, id=table.name) for table in meta.sorted_tables]
NUMBER = "79990000001"


def silent(table):
    """The columns of text or bytes that do not say whether they hold people's data, or not why."""
    for column in table.c:
        if isinstance(column.type, Text | LargeBinary):
            found = column.info.get("people")
            whole = isinstance(found, Personal) and (found.after is not After.WHOLE or found.why)
            if not whole and not (isinstance(found, NotPersonal) and found.why):
                yield column.name


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_text_says_whether_it_holds_peoples_data(table):
    assert list(silent(table)) == [], "info=personal(...) or info=not_personal(why): see store/personal.py"


def test_a_new_column_that_says_nothing_is_found():
    table = Table(
        "new",
        MetaData(),
        Column("at", BigInteger),
        Column("email", Text),
        Column("picture", LargeBinary),
        Column("kind", Text, info=WORD),
        Column("kept", Text, info=personal(After.WHOLE)),  # and not why
    )
    assert list(silent(table)) == ["email", "picture", "kept"]


@pytest.mark.parametrize("table", TABLES)
def test_what_a_column_says_can_be_done(table):
    for name, says in columns_of(table).items():
        assert says.after is not After.NULL or table.c[name].nullable, name
        assert says.after is not After.EMPTY or not table.c[name].nullable, name
        assert not says.digest_in or table.c[says.digest_in].nullable, name


@pytest.mark.parametrize("table", TABLES)
def test_erasure_reaches_every_table_that_has_something_to_erase(table):
    hanging = {column.table.name for column in erasure.HANGING}
    assert not erasable(table) or table.name in {"leads", "deliveries", *hanging}
    goes = any(says.after is After.NO_ROW for says in columns_of(table).values())
    assert not goes or table.name in {number_locks.name, *hanging}


def test_what_is_left_of_a_lead():
    row = {
        "reasons": '[{"code": "number_not_valid", "params": {"found": "phone", "written": "Ivan"}}]',
        "event_key": None,
        "digest": "d",
        "number": NUMBER,
    }
    found = left(leads, row, lambda value: f"keyed {value}")
    expected = {
        "reasons": '[{"code": "number_not_valid", "params": {"found": "phone", "written": "(erased)"}}]',
        "event_key": None,
        "digest": "keyed d",
        "payload": "{}",
        "number": None,
        "number_hash": f"keyed {NUMBER}",
        "sms": None,
        "person": None,
    }
    assert {name: found[name] for name in expected} == expected


def test_people_see_masked_numbers_also_in_names_and_no_payload():
    row = {"no": 1, "number": NUMBER, "person": f"Ivan {NUMBER}", "payload": "{}"}
    assert shown(leads, row) == {"no": 1, "number": mask(NUMBER), "person": "Ivan 7999•••••01"}
    assert shown(leads, {"number": None}) == {"number": ""}


def test_a_file_of_leads_holds_only_what_may_be_in_one():
    row = {"no": 1, "number": NUMBER, "person": "Ivan", "payload": "{}", "digest": "d"}
    assert exported(leads, row) == {"no": 1, "number": NUMBER, "person": "Ivan"}
    kept_in = {name for name, says in columns_of(leads).items() if not says.exported}
    assert not kept_in & set(leads_export.COLUMNS)
    lets_out = {name for name, says in columns_of(leads).items() if says.exported}
    assert lets_out - {"reasons"} <= set(leads_export.COLUMNS)


# Nobody names such columns by hand


def trees(*folders):
    for path in (p for folder in folders for p in (ROOT / folder).rglob("*.py")):
        yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def test_a_number_is_masked_by_what_its_column_says_and_nowhere_else():
    places = {
        path
        for path, tree in trees(*set(MAY) - {"simulator"})
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "mask"
    }
    assert places == {"store/personal.py"}


def test_no_line_of_a_log_is_given_a_persons_data():
    names = {name for table in meta.sorted_tables for name in columns_of(table)}
    levels = {"debug", "info", "warning", "error", "exception", "critical"}
    wrong, seen = [], 0
    for path, tree in trees("flow", "cli", "config", "handlers", "store", "wire"):
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in levels):
                continue
            if "log" in ast.unparse(node.func.value):
                seen += 1
                given = {keyword.arg for keyword in node.keywords}
                given |= {
                    part.attr for value in node.keywords for part in ast.walk(value) if isinstance(part, ast.Attribute)
                }
                wrong += [f"{path}: {name}" for name in sorted(names & given)]
    assert wrong == ["flow/enrich.py: trace"]  # the steps' names and their HTTP statuses
    assert seen > 40
