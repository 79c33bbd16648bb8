"""Where an address leads: this machine is seen through every spelling."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.addresses import is_public, is_this_machine

HERE = [
    *("localhost", "LOCALHOST", "localhost.", "twin.localhost", "localhost.localdomain"),
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.1", "127.255.255.254"),
    *("0.0.0.0", "0", "[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"),
    "\uff11\uff12\uff17.0.0.1",
]
ELSEWHERE = [
    *("voice.mobilgroup.ru", "8.8.8.8", "128.0.0.1", "[2a00::1]", "1.2.3.4.5"),
    *("127.0.0.1.example.ru", "localhost.example.ru"),
]


@pytest.mark.parametrize("host", HERE)
def test_this_machine_is_seen_in_every_spelling(host):
    for url in (f"http://{host}/", f"http://{host}:8001/api/", f"https://user@{host}"):
        assert is_this_machine(url), url
        assert not is_public(url)


@pytest.mark.parametrize("host", ELSEWHERE)
def test_other_machines_are_not_taken_for_it(host):
    assert not is_this_machine(f"http://{host}/")
    assert is_public(f"http://{host}/")


@pytest.mark.parametrize("host", ["10.0.0.7", "192.168.1.1", "voice", "voice.internal", "[fd00::1]", "169.254.1.1"])
def test_a_private_network_is_neither(host):
    assert not is_this_machine(f"http://{host}/")
    assert not is_public(f"http://{host}/")


@given(st.lists(st.integers(0, 2**33), min_size=1, max_size=5), st.sampled_from(["d", "#x", "o"]))
def test_an_ipv4_is_read_as_the_c_library_reads_it(numbers, base):
    host = ".".join(("0" if base == "o" else "") + f"{number:{base}}" for number in numbers)
    try:
        loopback = socket.inet_aton(host)[0] == 127 or socket.inet_aton(host) == bytes(4)
    except OSError:
        loopback = False
    assert is_this_machine(f"http://{host}/") == loopback
