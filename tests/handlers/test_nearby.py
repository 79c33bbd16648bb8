"""How the house is doing is told to a token, or on the machine itself."""

import pytest

from flow import people
from tests.application import API_TOKEN

FAR = [
    {"REMOTE_ADDR": "203.0.113.9"},
    {"REMOTE_ADDR": ""},  # a unix socket: there a proxy stands
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_X_FORWARDED_PROTO": "https"},
    {"HTTP_FORWARDED": "for=127.0.0.1"},
    {"HTTP_X_REAL_IP": "127.0.0.1"},
    {"HTTP_VIA": "1.1 proxy"},
    {"HTTP_CF_CONNECTING_IP": "127.0.0.1"},
    {"HTTP_HOST": "rebound.example:8000"},  # a stranger's page whose name points here
    {"HTTP_HOST": "127.0.0.1.rebound.example"},
    {"HTTP_HOST": "localhost.rebound.example"},
    {"HTTP_HOST": "leads.example.ru"},
    {"HTTP_HOST": ""},
    {"HTTP_HOST": "0.0.0.0:8000"},
]
NEAR = [
    {},
    {"HTTP_HOST": "127.0.0.1:8000"},
    {"HTTP_HOST": "LOCALHOST"},
    {"HTTP_HOST": "[::1]:8000", "REMOTE_ADDR": "::1"},
    {"HTTP_HOST": "[::1]", "REMOTE_ADDR": "::ffff:127.0.0.1"},
]


@pytest.mark.parametrize("said", FAR, ids=str)
def test_a_stranger_is_told_no_more_than_whether_it_is_well(app, said):
    client = app.test_client()
    ready = client.get("/readyz", environ_overrides=said)
    assert (ready.status_code, ready.json) == (503, {"status": "not ready"})  # no worker in this test
    assert client.get("/metrics", environ_overrides=said).status_code == 401
    assert client.get("/healthz", environ_overrides=said).status_code == 200


@pytest.mark.parametrize("said", NEAR, ids=str)
def test_somebody_at_the_machine_sees_all_of_it(app, said):
    client = app.test_client()
    assert "no worker" in client.get("/readyz", environ_overrides=said).json["checks"]["worker"]
    assert "gateway_workers" in client.get("/metrics", environ_overrides=said).text


def test_a_token_sees_all_of_it_from_anywhere(app, gateway):
    token = people.make_token(gateway.parts, "prometheus", "read", "anna")
    for given in (API_TOKEN, token):
        said = {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": f"Bearer {given}"}
        assert "checks" in app.test_client().get("/readyz", environ_overrides=said).json
        assert app.test_client().get("/metrics", environ_overrides=said).status_code == 200
    wrong = {"REMOTE_ADDR": "203.0.113.9", "HTTP_AUTHORIZATION": f"Bearer {API_TOKEN}x"}
    assert app.test_client().get("/metrics", environ_overrides=wrong).status_code == 401
