"""The simulator speaks with this machine alone: what it was asked to ring is nobody else's."""

import pytest

from simulator.server import Simulator, serve

STRANGE = ["rebound.example", "rebound.example:8001", "127.0.0.1.rebound.example", "0.0.0.0", "203.0.113.9", "[::2]:1"]
OWN = ["127.0.0.1:8001", "localhost", "LOCALHOST:80", "[::1]:8001", "voice:8001"]


@pytest.fixture
def named():
    with Simulator(names=["voice"]) as sim:
        yield sim


@pytest.mark.parametrize("host", STRANGE)
def test_a_foreign_host_is_told_nothing_and_rings_nobody(client, host):
    for method, path in (("GET", "/calls"), ("DELETE", "/calls"), ("POST", "/api/lido/send/"), ("POST", "/behaviour")):
        assert client.request(method, path, b"{}" if method == "POST" else b"", Host=host).status == 421
    assert client.sim.calls == ()


@pytest.mark.parametrize("host", OWN)
def test_its_own_names_are_answered(named, host, client):
    assert type(client)(named).request("GET", "/calls", Host=host).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_it_never_listens_beyond_this_machine(host, capsys):
    assert serve(host, 0) == 2
    assert "this machine alone" in capsys.readouterr().err
