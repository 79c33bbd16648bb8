"""A command imports what it uses, so that one that lists leads is there at once."""

import json
import os
import subprocess
import sys

import pytest

from cli.commands import WHERE
from config.settings import ROOT
from tests import databases
from tests.application import SETTINGS

# What other commands, and the processes that serve, need: from a hundredth to a third of a second each.
FOREIGN = ("alembic", "babel", "flask_babel", "flask_smorest", "flask_wtf", "handlers", "honcho", "prometheus_client")
FOREIGN += ("psycopg", "requests", "ruamel", "simulator", "urllib3", "webargs")
ASKED = """
import json, sys
from flask.cli import cli
try:
    cli.main(sys.argv[1:])
finally:
    print(json.dumps(sorted(sys.modules)))
"""


def imported(folder, *words):
    """The modules that a command has imported when it ends, and all else that it said."""
    environment = {**SETTINGS, "DATABASE_URL": databases.new_file(folder), "RUN_DIR": str(folder / "run")}
    done = subprocess.run(
        [sys.executable, "-c", ASKED, *words],
        env={**os.environ, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr, done.stderr
    said, _, names = done.stdout.rstrip().rpartition("\n")
    return set(json.loads(names)), said


# What is left to the one command that needs it.
FOREIGN += ("cli.sources_apply", "cli.sources_new", "cli.sources_remove", "config.save")
# What reads sources, decides on leads and rings: whoever only looks at leads waits for none of it.
PARTS = (*FOREIGN, "flow", "schemas", "voice", "wire", "structlog", "yaml")
RULES = ("jmespath", "phonenumbers", "defusedxml")


@pytest.mark.parametrize(
    ("words", "without"),
    [
        (("leads", "list", "--since", "yesterday", "--state", "held"), (*PARTS, *RULES)),
        (("leads", "show", "1"), PARTS),  # it reads what came
        (("do-not-call", "list"), FOREIGN),
        (("users", "list"), FOREIGN),
        (("policy", "show"), FOREIGN),
        (("sources", "list"), (*FOREIGN, "cli.sources_check", "cli.sources_try", "config.examples")),
        (("sources", "check"), (*FOREIGN, "cli.sources_try")),
    ],
)
def test_a_command_that_shows_something_imports_nothing_that_others_use(tmp_path, words, without):
    names, _ = imported(tmp_path, *words)
    assert "sqlalchemy" in names
    assert names.isdisjoint(without), sorted(names & set(without))


def test_release_imports_what_migrates(tmp_path):
    names, _ = imported(tmp_path, "release")
    assert "alembic" in names


def test_flasks_own_commands_see_what_is_served(tmp_path):
    names, said = imported(tmp_path, "routes")
    assert "handlers" in names
    assert "/hooks/<source>" in said


def test_every_command_is_where_it_is_said_to_be(flask):
    code, said = flask("--help")
    assert code == 0
    listed = {line.split()[0] for line in said.partition("Commands:")[2].splitlines() if line.strip()}
    assert set(WHERE) - listed == {"demo"}  # of make run, which hides it
    assert flask("no-such-command")[0] == 2
