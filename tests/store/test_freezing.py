"""The first migration is frozen with the first release, and what it was frozen to makes the tables of the code."""

import shutil

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from config.settings import ROOT
from store.migrate import written_out
from store.tables import meta
from tests import databases
from tests.store import freezing


@pytest.fixture
def copy(tmp_path):
    """What freezing touches, of this code."""
    for path in (freezing.FIRST.parent, freezing.RECORD.parent):
        (tmp_path / path).mkdir(parents=True)
    shutil.copy(ROOT / freezing.FIRST, tmp_path / freezing.FIRST)
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 1.0.0, not yet released\n")
    return tmp_path


def test_the_first_migration_is_what_was_released():
    assert freezing.problems(ROOT, out=freezing.released(ROOT)) == []


def test_once_it_is_out_any_change_of_it_is_found(copy):
    assert freezing.problems(copy, out=False) == []
    assert "make freeze" in freezing.problems(copy, out=True)[0]
    freezing.freeze(copy)
    assert freezing.problems(copy, out=True) == []
    for path in freezing.files(copy):
        kept = path.read_text()
        path.write_text(kept + "\n")
        assert freezing.problems(copy, out=True) == [freezing.ADD]
        assert "make freeze" in freezing.problems(copy, out=False)[0]
        path.unlink()
        assert freezing.problems(copy, out=True) == [freezing.ADD]
        path.write_text(kept)


def test_a_day_in_the_changelog_or_the_tag_says_that_it_is_out(copy):
    assert not freezing.released(copy)
    (copy / "CHANGELOG.md").write_text("# Changelog\n\n## 1.0.1, not yet released\n\n## 1.0.0, 2026-12-01\n")
    assert freezing.released(copy)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_tables_that_were_written_out_are_those_of_the_code(kind, tmp_path, request, copy):
    freezing.freeze(copy)
    if kind == "postgresql":
        request.getfixturevalue("_schema")  # skips where there is no server
    engine = create_engine(f"sqlite:///{tmp_path}/a.db" if kind == "sqlite" else databases.empty_schema())
    statements = (copy / freezing.FIRST).with_suffix(f".{kind}.sql").read_text().split(";\n")
    with engine.begin() as tx:
        for statement in filter(str.strip, statements):
            tx.exec_driver_sql(statement)
        assert compare_metadata(MigrationContext.configure(tx), meta) == []
        made = {index["name"] for name in meta.tables for index in inspect(tx).get_indexes(name)}
        assert made == {index.name for table in meta.sorted_tables for index in table.indexes} | unique_of(tx)
        if kind == "sqlite":
            kept = tx.execute(text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")).scalars()
            wanted = written_out(meta, engine.dialect)
            assert sorted(" ".join(one.split()) for one in kept) == sorted(" ".join(one.split()) for one in wanted)
    engine.dispose()


def unique_of(tx):
    """Indexes that a unique constraint brings, where the server tells them among the others."""
    inspector = inspect(tx)
    return {
        index["name"]
        for name in meta.tables
        for index in inspector.get_indexes(name)
        if index.get("duplicates_constraint")
    }
