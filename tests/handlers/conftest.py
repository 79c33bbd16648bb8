import pytest

from tests.application import API_TOKEN, SETTINGS

__all__ = ["API_TOKEN", "SETTINGS"]


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
def api(app):
    return Client(app)
