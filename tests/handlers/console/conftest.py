import re

import pytest

from flow import people
from tests import databases

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PAUSE = re.compile(r'name="seen" value="([^"]+)"')


@pytest.fixture
def database_url(tmp_path):
    """Pages are told apart by nothing of the database; test_on_both.py opens each on PostgreSQL too."""
    return databases.new_file(tmp_path)


class Reader:
    """A person's browser without JavaScript: keeps cookies, sends each form with its token."""

    def __init__(self, app, gateway) -> None:
        self.http = app.test_client()
        self.gateway = gateway
        self.csrf = ""
        self.seen = []  # the pauses that the last page would end
        self.user = None

    def get(self, path, status=200, **more):
        """The page's text; its forms' token is kept."""
        answer = self.http.get(path, **more)
        assert answer.status_code == status, (path, answer.status_code, answer.text[:500])
        if found := TOKEN.search(answer.text):
            self.csrf = found[1]
            self.seen = PAUSE.findall(answer.text)
        return answer.text

    def send(self, path, **fields):
        """The answer to a form, not followed."""
        return self.http.post(path, data={"csrf_token": self.csrf, **fields})

    def post(self, path, **fields):
        """A form, and the page that it leads to."""
        answer = self.send(path, **fields)
        assert answer.status_code == 303, (path, answer.status_code, answer.text[-3000:])
        return self.get(answer.headers["Location"])

    def sign_in(self, name, role):
        self.user = people.add(self.gateway.parts, name, role, "test")
        token = people.link(self.gateway.parts, self.user, "test")
        self.get(f"/console/enter?t={token}")
        self.post("/console/enter", t=token)
        return self


@pytest.fixture
def stranger(app, gateway):
    return Reader(app, gateway)


@pytest.fixture
def as_(app, gateway):
    """`as_("operator")` is a browser in which somebody of this role is in."""
    return lambda role, name="": Reader(app, gateway).sign_in(name or f"the {role}", role)


@pytest.fixture
def owner(as_):
    return as_("owner")


@pytest.fixture
def operator(as_):
    return as_("operator")


@pytest.fixture
def viewer(as_):
    return as_("viewer")
