"""The first page, on both databases."""

import pytest

from app import create_app
from config.settings import read
from tests.cli.conftest import SETTINGS
from tests.fakes import LOST


@pytest.fixture
def page(gateway):
    app = create_app(read(SETTINGS, dotenv=None), gateway.parts)
    yield lambda: app.test_client().get("/")
    gateway.parts.sources.end()


def test_it_says_at_a_glance_what_needs_a_person_and_shows_no_number(gateway, page):
    gateway.alive()
    gateway.voice.outcomes = [LOST]
    gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.work()
    gateway.take({"id": "2", "name": "<script>alert(1)</script>"})
    gateway.work()
    text = page().text
    assert "look in the provider&#39;s panel" in text
    assert text.count("needs a person") == 2
    assert "7999***0001" in text
    assert "79990000001" not in text
    assert "<script" not in text
    assert "/hooks/shop" in text
    assert "test-token" not in text


def test_nothing_inline_runs_and_nobody_may_frame_it(page):
    answer = page()
    assert answer.status_code == 200
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "style=" not in answer.text
