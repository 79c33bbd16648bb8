"""The documentation says what the code is: its tables and names are compared."""

import ast
import importlib
import re
from itertools import product

import pytest

from core import outcome, reason, states
from core.alarms import ALARMS
from core.proofs.proof import CAUSES
from store.personal import columns_of
from store.tables import meta
from tests.pages import ROOT, first_names, named, rows, text
from tests.test_imports import MAY

# docs/states.md


def test_the_states_are_those_of_the_code():
    told = {named(cells[0])[0]: cells[1:] for cells in rows("states.md", "state", "meaning")}
    assert list(told) == list(states.STATES)
    for name, (meaning, goes_on_by, may) in told.items():
        state = states.STATES[name]
        assert meaning.startswith(state.meaning), name
        assert may == (", ".join(states.a_person_may(name)) or "nothing"), name
        by = "a person" if state.needs_person else "nobody" if state.final else "itself"
        assert goes_on_by == by + (f"; after a crash `{state.after_a_crash}`" if state.in_flight else ""), name


def test_the_transitions_are_those_of_the_code():
    told = {}
    for cells in rows("states.md", "transition", "from -> to"):
        pairs = set()
        for move in cells[1].split(";"):
            origins, targets = ([word.strip() for word in side.split(",")] for side in move.split("->"))
            pairs |= {(states.NEW if o == "(new)" else o, t) for o, t in product(origins, targets)}
        told[named(cells[0])[0]] = pairs
    assert told == {transition: set(pairs) for transition, pairs in states.TRANSITIONS.items()}


def test_the_diagram_draws_only_moves_that_exist():
    drawn = re.findall(r"^ +(\S+) --> (\w+): (.+)$", text("states.md"), re.MULTILINE)
    assert len(drawn) > 15
    for origin, target, moves in drawn:
        for move in moves.split(" (")[0].split(", "):
            assert states.allowed(move, states.NEW if origin == "[*]" else origin, target), (origin, move, target)


# docs/walk.md


def test_the_import_table_is_the_one_that_is_held():
    told = {
        cells[0]: {word.strip().split(" ")[0] for word in re.sub(r"\([^)]*\)", "", cells[1]).split(",")}
        for cells in rows("walk.md", "folder", "may import")
    }
    assert told == MAY


def code_names(page):
    return sorted({word for word in named(text(page)) if word.split(".")[0] in MAY and re.fullmatch(r"[\w.]+", word)})


@pytest.mark.parametrize("page", ["walk.md", "states.md", "decisions.md", "wire.md"])
def test_every_function_that_is_named_exists(page):
    missing = [word for word in code_names(page) if not exists(word)]
    assert missing == []
    assert page != "walk.md" or len(code_names(page)) > 40


def exists(dotted):
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        for part in parts[n:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("page", ["walk.md", "states.md", "decisions.md", "wire.md", "simulator.md"])
def test_every_file_that_is_named_exists(page):
    paths = {word for word in named(text(page)) if re.fullmatch(r"[a-z_./]+(\.py|\.yaml|\.md|/)", word)}
    ours = {path for path in paths if path.split("/")[0] in {*MAY, "tests", "docs"} and "/" in path}
    assert [path for path in sorted(ours) if not (ROOT / path).exists()] == []


# docs/how-to/erase-a-person.md


def test_the_columns_with_peoples_data_are_those_of_the_tables():
    told = {
        named(cells[0])[0]: cells[1:] for cells in rows("how-to/erase-a-person.md", "column", "what erasure leaves")
    }
    said = {}
    for table in meta.sorted_tables:
        for name, says in columns_of(table).items():
            digest = f", in `{says.digest_in}` its keyed digest" if says.digest_in else ""
            left = says.after.value + digest + (f": {says.why}" if says.why else "")
            said[f"{table.name}.{name}"] = [left, says.shown.value, "yes" if says.exported else "no"]
    assert told == said


# docs/glossary.md


def test_every_table_has_its_line():
    assert set(first_names("glossary.md", "table", "a row is")) == set(meta.tables)


def test_every_state_outcome_and_how_has_its_line():
    assert set(states.STATES) <= set(named(text("glossary.md")))
    assert set(first_names("glossary.md", "outcome", "means")) == set(outcome.TRANSITION_AFTER)
    told = {named(cells[0])[0]: cells[1] for cells in rows("glossary.md", "how", "of", "means")}
    assert {how for how, of in told.items() if of == "not_sent"} == hows_in_code("not_sent")
    assert {how for how, of in told.items() if of == "unknown"} == hows_in_code("unknown")


def hows_in_code(kind):
    """The words that the code itself writes, wherever an attempt may end."""
    found = set()
    for path in (
        p for folder in ("wire", "voice", "flow") for p in (ROOT / folder).glob("*.py") if p.name != "fetch.py"
    ):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if kind == "not_sent" and called in ("NotYet", "_unsent"):
                found |= {word for argument in node.args[:2] for word in constants(argument)}
            elif kind == "unknown" and called == "Outcome":
                hows = [argument.value for argument in node.keywords if argument.arg == "how"] + node.args[1:2]
                found |= {word for how in hows for word in constants(how)}
            elif kind == "unknown" and isinstance(node, ast.Assign) and is_how(node.targets[0]):
                found |= constants(node.value)
    return {word for word in found if re.fullmatch(r"[a-z_]+", word)}


def is_how(target):
    return ast.unparse(target) == "how" or ast.unparse(target).endswith(".ended")


def constants(node):
    return {n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str)}


def test_every_cause_of_a_refused_proof_has_its_line():
    assert set(first_names("glossary.md", "cause", "means")) == set(CAUSES)


def test_every_alarm_has_its_line():
    assert set(first_names("glossary.md", "alarm", "rings while")) == set(ALARMS)


def test_every_reason_has_its_russian_line():
    assert set(first_names("ru/reasons.md", "код", "значит")) == set(reason.WORDS)


# docs/settings.md


def settings_in_code():
    """Name -> default as written, of everything that settings.py and gunicorn.conf.py read."""
    found = {}
    for call in calls_in("config/settings.py", "get"):
        kind, variable, *default = call.args
        if not isinstance(kind, ast.Constant) or kind.value not in ("str", "int", "float"):
            continue  # the places' own
        found[variable.value] = default[0].value if default and isinstance(default[0], ast.Constant) else None
    for name, default in re.findall(r"""_given\.get\(["'](\w+)["']\) or ["']?([\w.]*)""", text("../gunicorn.conf.py")):
        found.setdefault(name, default)
    return found


def calls_in(file, function):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == function]


def test_every_setting_is_told_and_every_told_one_is_read():
    assert set(first_names("settings.md", "name", "default")) == set(settings_in_code())


def test_the_defaults_are_those_of_the_code():
    read = settings_in_code()
    for cells in rows("settings.md", "name", "default"):
        told = named(cells[1])
        default = read[named(cells[0])[0]]
        assert (told == []) == (default in (None, "")), cells[0]
        assert not told or told[0] == re.sub(r"^(\d+)\.0$", r"\1", str(default)), cells[0]


# docs/decisions.md


def test_every_dependency_has_its_entry():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    wanted = {re.split(r"[=\[]", line)[0] for line in lines}
    assert {cells[0] for cells in rows("decisions.md", "dependency", "gives")} == wanted
