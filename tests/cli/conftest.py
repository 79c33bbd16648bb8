"""The commands of `flask` on the gateway of a test."""

import pytest

from cli.worker import Worker
from tests.application import SETTINGS

__all__ = ["SETTINGS"]


@pytest.fixture
def flask(app):
    """Run a command; its exit code and all that it said."""

    def run(*words):
        done = app.test_cli_runner().invoke(args=words)
        return done.exit_code, done.output

    return run


@pytest.fixture
def hire(gateway):
    """`hire()`: a worker over the gateway's parts. Its calls have ended before the database goes, else they would wait
    for it for ever."""
    hired = []

    def make(**more):
        hired.append(Worker(gateway.parts, **more))
        return hired[-1]

    yield make
    for worker in hired:
        worker.finish()
