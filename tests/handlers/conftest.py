import pytest

from app import create_app
from config.settings import read

API_TOKEN = "a-token-of-the-tests"
SETTINGS = {
    "DATABASE_URL": "sqlite:///var/unused.db",
    "VOICE_API_URL": "http://127.0.0.1:9/",
    "VOICE_API_KEY": "key",
    "SECRET_KEY": "s" * 32,
    "DIGEST_KEY": "d" * 32,
    "API_TOKEN": API_TOKEN,
}


class Client:
    """A program that uses the API: with the token, JSON in and out."""

    def __init__(self, app) -> None:
        self.app = app
        self.http = app.test_client()
        self.headers = {"Authorization": f"Bearer {API_TOKEN}"}

    def get(self, path, **query):
        return self.http.get(path, query_string=query, headers=self.headers)

    def post(self, path, value=None, **headers):
        return self.http.post(path, json=value, headers={**self.headers, **headers})

    def read(self, path, **query):
        """The JSON of a 200."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json


@pytest.fixture
def app(gateway):
    """The whole web application over the gateway's parts."""
    made = create_app(read(SETTINGS, dotenv=None), gateway.parts)
    yield made
    gateway.parts.sources.end()


@pytest.fixture
def api(app):
    return Client(app)
