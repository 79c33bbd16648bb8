"""A host's addresses, within a given time."""

import socket

import pytest

from wire.lookup import addresses


def test_literal_addresses_ask_nobody(monkeypatch):
    real, asked = socket.getaddrinfo, []

    def listen(host, port, **options):
        asked.append(options.get("flags", 0))
        return real(host, port, **options)

    monkeypatch.setattr(socket, "getaddrinfo", listen)
    assert addresses("127.0.0.1", 80, 1.0)[0][3] == ("127.0.0.1", 80)
    assert addresses("::1", 80, 1.0)[0][3][:2] == ("::1", 80)
    assert asked == [socket.AI_NUMERICHOST] * 2


def test_a_name_is_looked_up():
    assert any(address[3][0] in ("127.0.0.1", "::1") for address in addresses("localhost", 80, 5.0))


def test_a_name_that_cannot_be_has_no_address():
    with pytest.raises(socket.gaierror):
        addresses("a" * 70 + ".invalid", 80, 5.0)
