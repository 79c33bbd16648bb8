"""The commands of `flask` on the gateway of a test."""

import pytest

from tests.application import SETTINGS

__all__ = ["SETTINGS"]


@pytest.fixture
def flask(app):
    """Run a command; its exit code and all that it said."""

    def run(*words):
        done = app.test_cli_runner().invoke(args=words)
        return done.exit_code, done.output

    return run
