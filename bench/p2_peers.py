"""P2: the peers, named. They are not part of this project, so they are measured only where somebody has them."""

import shutil
from collections.abc import Iterator

from bench.measure import Line

PEERS = {
    "node-red": ("Node-RED", ">= 1.0", "npm install -g node-red"),
    "n8n": ("n8n", ">= 10", "npm install -g n8n"),
}


def peers() -> Iterator[Line]:
    """One line a peer that says why it has no figure."""
    for command, (name, goal, install) in PEERS.items():
        line = Line("P2", f"accepts/s at 16 connections, beside {name}", name, "leads/s", goal)
        line.not_run = f"{name} is not installed ({install})"
        if shutil.which(command):
            line.not_run = f"{name} is installed; its flow has to be built by hand: docs/performance.md"
        yield line
