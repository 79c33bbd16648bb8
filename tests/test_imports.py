"""Who may import whom: the table of docs/walk.md, read from the code's own imports."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FREE = set(sys.stdlib_module_names) | {"structlog"}
MAY = {
    "core": {"core", "babel", "phonenumbers", "jmespath", "jinja2", "defusedxml", "werkzeug"},
    "schemas": {"schemas", "marshmallow", "core"},
    "config": {"config", "ruamel", "yaml", "environs", "dotenv", "marshmallow", "schemas", "core"},
    "store": {"store", "sqlalchemy", "alembic", "psycopg", "core"},
    "wire": {"wire", "requests", "core"},
    "voice": {"voice", "marshmallow", "wire", "core"},
    "flow": {"flow", "core", "store"},
    "handlers": {
        "handlers",
        "flask",
        "flask_babel",
        "flask_smorest",
        "flask_wtf",
        "babel",
        "jinja2",
        "markupsafe",
        "marshmallow",
        "werkzeug",
        "prometheus_client",
        "flow",
        "schemas",
        "core",
        "store",
    },
    "cli": {"cli", "babel", "click", "flask", "honcho", "dotenv", "flow", "config", "store", "core", "simulator"},
    "simulator": {"simulator"},
    "serving": {"serving", "gunicorn"},
}
PURE = {"time", "os", "socket", "random", "subprocess", "logging", "structlog", "requests", "sqlite3", "pathlib"}
STORE_CHANGES_IN_HANDLERS = {"store.leads", "store.attempts"}


def files(folder):
    return sorted(p for p in (ROOT / folder).rglob("*.py") if "versions" not in p.parts)


def imported(path):
    """(line, dotted module) of every import, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


@pytest.mark.parametrize("folder", MAY)
def test_each_folder_imports_only_what_the_table_allows(folder):
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in files(folder)
        for line, module in imported(path)
        if module.split(".")[0] not in MAY[folder] | FREE
    ]
    assert wrong == []


def test_core_is_pure():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in files("core")
        for line, module in imported(path)
        if module.split(".")[0] in PURE
    ]
    assert wrong == []


def test_only_wire_and_the_bell_open_sockets():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for folder in ("core", "schemas", "config", "store", "voice", "flow", "handlers")
        for path in files(folder)
        for line, module in imported(path)
        if module.split(".")[0] in {"socket", "requests", "urllib3", "http"}
        and path.name not in {"bell.py", "engine.py"}
    ]
    assert wrong == []


def test_handlers_only_read_the_store():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for path in files("handlers")
        for line, module in imported(path)
        if any(module == name or module.startswith(name + ".") for name in STORE_CHANGES_IN_HANDLERS)
    ]
    assert wrong == []


def test_every_folder_of_code_stands_in_the_table():
    folders = {p.parent.relative_to(ROOT).parts[0] for p in ROOT.glob("*/**/*.py")}
    ours = {f for f in folders if not f.startswith(".") and f not in {"tests", "bench", "docs", "var", "deploy"}}
    assert ours <= set(MAY)


@pytest.mark.parametrize("folder", [*MAY, "app.py"])
def test_files_and_functions_can_be_read_in_one_sitting(folder):
    long = []
    for path in files(folder) if folder in MAY else [ROOT / folder]:
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 300:
            long.append(f"{path.relative_to(ROOT)}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno - node.lineno > 50:
                long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert long == []
