"""A port that was drawn is nobody else's: not the next draw's, nor another process's of the same machine."""

import subprocess
import sys

import pytest

from config.settings import ROOT
from tests import ports

DRAW = """
from tests import ports
ports.PORTS = range({0}, {0} + 30)
drawn = []
try:
    while True:
        drawn.append(ports.free_port())
except OSError:
    print(*drawn, flush=True)
input()
"""
FIRST = 9_000  # none of those that other tests draw


@pytest.fixture
def draw():
    """`draw()`: another process draws until none is left; what it got. It lives until the test ends."""
    begun = []

    def another():
        words = [sys.executable, "-c", DRAW.format(FIRST)]
        one = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        begun.append(one)
        return [int(port) for port in one.stdout.readline().split()]

    yield another
    for one in begun:
        one.communicate("\n", timeout=60)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(ports, "PORTS", range(FIRST, FIRST + 30))


@pytest.mark.usefixtures("few")
def test_no_port_is_drawn_twice(draw):
    """Caddy with one port for both schemes says "scheme and port violate convention"; of 22,000 it came once."""
    mine = [ports.free_port() for _ in range(10)]
    others = draw()
    assert len(mine + others) == len({*mine, *others}) >= 20
    assert draw() == []
    with pytest.raises(OSError, match="no free port"):
        ports.free_port()


def test_the_ports_of_a_process_that_ended_are_drawn_again():
    words = [sys.executable, "-c", DRAW.format(FIRST + 100)]
    for _ in range(2):
        done = subprocess.run(words, cwd=ROOT, input="\n", capture_output=True, text=True, check=True)
        assert len(done.stdout.split()) >= 20
