"""The commands of `flask` on the gateway of a test."""

import pytest

from app import create_app
from config.settings import read

SETTINGS = {
    "DATABASE_URL": "sqlite:///var/unused.db",
    "VOICE_API_URL": "http://127.0.0.1:9/",
    "VOICE_API_KEY": "key",
    "SECRET_KEY": "s" * 32,
    "DIGEST_KEY": "d" * 32,
    "API_TOKEN": "a-token-of-the-tests",
}


@pytest.fixture
def app(gateway):
    made = create_app(read(SETTINGS, dotenv=None), gateway.parts)
    yield made
    gateway.parts.sources.end()


@pytest.fixture
def flask(app):
    """Run a command; its exit code and all that it said."""

    def run(*words):
        done = app.test_cli_runner().invoke(args=words)
        return done.exit_code, done.output

    return run
