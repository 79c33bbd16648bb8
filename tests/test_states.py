"""Who waits, who is over and who needs a person stands in core/states.py, and nowhere else."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import states
from store import figures
from store.tables import leads
from tests.pages import ROOT
from tests.store.leads_in import AT, lead_in
from tests.test_imports import MAY

NAMES = {name.upper(): name for name in states.STATES}
MACHINES = set(states.TRANSITIONS) - set(states.BY_A_PERSON)


# The table


@pytest.mark.parametrize("state", states.STATES.values(), ids=lambda state: state.name)
def test_a_state_goes_on_in_exactly_one_way(state):
    assert [state.waits, state.in_flight, state.needs_person, state.final].count(True) == 1
    assert getattr(states, state.name.upper()) == state.name
    assert state.after_a_crash == "" or states.allowed("lose", state.name, state.after_a_crash)


@pytest.mark.parametrize("state", states.STATES.values(), ids=lambda state: state.name)
def test_a_state_that_goes_on_by_itself_has_a_way_for_the_machine_and_one_that_needs_a_person_a_way_for_a_person(state):
    late = {"correct", "recall", "settle"}  # what comes from outside moves a lead that stands, too
    ways = {transition for transition in MACHINES - late if states.targets(transition, state.name)}
    assert bool(ways) == (state.waits or state.in_flight)
    assert states.a_person_may(state.name) or state.in_flight


def test_every_state_can_be_reached_and_none_is_a_trap():
    moves = {pair for pairs in states.TRANSITIONS.values() for pair in pairs}
    assert {target for _, target in moves} == set(states.STATES)
    assert {origin for origin, _ in moves} == {*states.STATES, states.NEW}


WALKS = st.lists(st.sampled_from(sorted(states.TRANSITIONS)), max_size=20)


@given(WALKS, st.data())
def test_no_walk_gets_from_a_sent_call_back_to_ready_without_a_person_or_the_proof_that_nothing_left(names, data):
    state, sent = states.RECEIVED, False
    for name in names:
        targets = sorted(states.targets(name, state))
        if not targets:
            continue
        state = data.draw(st.sampled_from(targets))
        sent = name == "claim" or (sent and name not in ("rearm", "release", "remap"))
        assert not (sent and state in states.WAITING), (name, state)


# Nobody else keeps a list


def groups(tree):
    """(line, code) of every group of states that is written down: a tuple, list or set, a comparison with one and
    then another, or a text of SQL."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "core.states"
        for alias in node.names
    }

    def named(node):
        if isinstance(node, ast.Constant):
            return node.value if node.value in states.STATES else None
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "states":
            return NAMES.get(node.attr)
        return NAMES.get(node.id) if isinstance(node, ast.Name) and node.id in imported else None

    def compared(node):
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        return next(filter(None, map(named, sides)), None)

    for node in ast.walk(tree):
        found = set()
        if isinstance(node, ast.Tuple | ast.List | ast.Set):
            found = {named(element) for element in node.elts}
        elif isinstance(node, ast.BoolOp):
            found = {compared(value) for value in node.values}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = set(re.findall(r"'(\w+)'", node.value)) & set(states.STATES)
        if len(found - {None}) > 1:
            yield node.lineno, ast.unparse(node)


def test_no_other_file_writes_down_a_group_of_states():
    ours = (path for folder in (*MAY, "bench", "docs") for path in (ROOT / folder).rglob("*.py"))
    found = [
        f"{path.relative_to(ROOT)}:{line}: {code}"
        for path in [*ours, ROOT / "app.py"]
        if path != ROOT / "core/states.py"
        for line, code in groups(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == [], (
        "ask core/states.py: WAITING, ON_THE_WAY, STANDING, NEEDS_A_PERSON, FINAL, UNCALLED, or STATES[name]"
    )


@pytest.mark.parametrize(
    "code",
    [
        "x in (states.READY, states.HELD)",
        "x in {'ready', 'held'}",
        "from core.states import READY, HELD\nx in [READY, HELD]",
        "x == states.READY or x == states.HELD",
        "x = \"SELECT 1 FROM leads WHERE state IN ('ready', 'held')\"",
    ],
)
def test_a_group_is_found_however_it_is_written(code):
    assert len(list(groups(ast.parse(code)))) == 1


# Partial indexes


def test_every_state_that_waits_has_an_index_of_its_own_and_figures_that_see_it(store):
    texts = [str(index.dialect_options["sqlite"]["where"]) for index in leads.indexes]
    binds = [
        index.dialect_options["sqlite"]["where"].compile().params.values()
        for index, text in zip(leads.indexes, texts, strict=True)
        if "state" in text
    ]
    assert {value for values in binds for value in values} == set(states.WAITING)
    with store.write() as tx:
        for state in states.STATES:
            lead_in(tx, state)
        assert set(figures.oldest_due(tx, ["main"], AT + 1)) == set(states.WAITING)
