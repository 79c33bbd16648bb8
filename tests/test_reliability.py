"""Every row of the tables of attacks and faults in docs/reliability.md names tests that are there."""

import ast
import re

import pytest

from config.settings import ROOT

PAGE = (ROOT / "docs" / "reliability.md").read_text()
HEAD = "| before | now | shown by |"


def rows():
    table = False
    for line in PAGE.splitlines():
        table = line.endswith(HEAD) or (table and line.startswith("|"))
        if table and not line.endswith(HEAD) and not line.startswith("| ---"):
            yield line


def test_there_are_four_tables_and_each_of_their_rows_names_a_test():
    assert PAGE.count(HEAD) == 4
    for row in rows():
        assert re.search(r"`tests/[\w/]+\.py::test_\w+`[^|]*\|$", row), row


@pytest.mark.parametrize("test", sorted(set(re.findall(r"`(tests/[\w/]+\.py::\w+)`", PAGE))))
def test_it_is_there(test):
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
