"""Ports of this machine for the servers that tests start."""

import random
import socket

# Below those that the system gives to whoever connects: a port that is free now is free when its server begins.
PORTS = range(10_000, 32_000)


def free_port() -> int:
    for port in random.SystemRandom().sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no free port")
