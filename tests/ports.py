"""Ports of this machine for the servers that tests start."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

# Below those that the system gives to whoever connects: a port that is free now is free when its server begins.
PORTS = range(10_000, 32_000)
# A byte for each port, locked by the process that was given it until that process ends: between the draw and the moment
# when its server begins to listen nobody else draws it, in no other process either.
GIVEN = Path(tempfile.gettempdir()) / f"gateway-test-ports-{os.getuid()}"
_given: dict[int, int] = {}  # port -> the process that was given it: a lock holds off other processes only
_file: list[int] = []  # open for ever: to close it once would give every lock of the process back


def free_port() -> int:
    """A port that no other draw of this machine gets while this process lives, whether a server listens or not."""
    for port in random.SystemRandom().sample(PORTS, min(100, len(PORTS))):
        if _given.get(port) == os.getpid() or not _take(port):
            continue
        _given[port] = os.getpid()
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port")


def _take(port: int) -> bool:
    if not _file:
        _file.append(os.open(GIVEN, os.O_RDWR | os.O_CREAT, 0o600))
    try:
        fcntl.lockf(_file[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    return True
