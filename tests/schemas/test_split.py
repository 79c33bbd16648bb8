"""Where the leads stand in a delivery, and what belongs to each."""

import pytest

from core.expressions.expression import Path
from core.source import Split
from schemas.source import read_source


def read(**split):
    return read_source("s", {"split": split}, whole=False)


def test_a_list_of_ids_may_have_a_list_beside_it():
    source, wrong = read(each="ids", beside="affected_values", by="record_id")
    assert wrong == []
    assert source.splits == (Split(Path.compile("ids"), beside=Path.compile("affected_values"), by="record_id"),)


@pytest.mark.parametrize("half", [{"beside": "values"}, {"by": "id"}, {"beside": "values[?a]", "by": "id"}])
def test_half_of_what_stands_beside_is_refused(half):
    source, wrong = read(each="ids", **half)
    assert source is None
    assert wrong
