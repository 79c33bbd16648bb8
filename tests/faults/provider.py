"""The provider's side of a trial: the simulator as a process, and its log, which nobody else writes."""

import http.client
import json
import socket
from collections import Counter
from pathlib import Path

from tests.faults.processes import Process, wait_until
from tests.ports import free_port


class Provider:
    """The simulator on a port that stays its own over `stop` and `start`. Every POST it read whole is in its log."""

    def __init__(self, folder: Path, behaviour: str = "accept") -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/lido/send/"
        self.log = folder / "provider.jsonl"
        self.log.touch()
        self._folder = folder
        self._behaviour = behaviour
        self._process: Process | None = None

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--log", str(self.log), "--quiet", "--behaviour", self._behaviour]
        self._process = Process("simulator", {}, self._folder / "simulator.log", arguments=arguments)
        assert wait_until(self._listens), "the simulator does not listen"

    def stop(self) -> None:
        """From here on its port refuses."""
        if self._process is not None:
            self._process.kill()

    def behave(self, name: str) -> None:
        """From now on for every call; also after the next start."""
        self._behaviour = name
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("POST", "/behaviour", json.dumps({"name": name}))
        answer = connection.getresponse()
        connection.close()
        assert answer.status == 200, answer.status

    def posts(self) -> Counter[str]:
        """How many POSTs it read whole, by number."""
        return Counter(str(call["number"]) for call in self.calls())

    def calls(self) -> list[dict]:
        lines = self.log.read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1]]

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
