"""ALARMS_FILE with its secrets, read at a process's start and anew when either changes. At the start a wrong channel is
named and left out; later the last good file stays whole."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from config.load import lines_of, read_source_text
from core.ports import Channel
from core.problem import Problems
from schemas.alarms import AlarmsFile, WantedChannel, read_alarms
from schemas.section import Wrong

Make = Callable[[str, Mapping[str, Any]], Channel]  # kind, what the file says with secrets in their places


@dataclass(frozen=True)
class Alarms:
    """What the file says; `channels` by their names. `problems`: what is wrong with it."""

    said: AlarmsFile = field(default_factory=AlarmsFile)
    channels: dict[str, Channel] = field(default_factory=dict)
    problems: Problems | None = None


def load_alarms(path: Path, secrets: Callable[[str], str | None], make: Make) -> Alarms:
    """Nobody has to write the file. Never raises for what it can hold."""
    if not path.exists():
        return Alarms()
    text = read_source_text(path)
    if isinstance(text, Problems):
        return Alarms(problems=text)
    said, wrong = read_alarms(text.value)
    if said is None:
        return Alarms(problems=lines_of(text, wrong))
    channels: dict[str, Channel] = {}
    for wanted in said.channels:
        made = _made(wanted, secrets, make)
        if isinstance(made, Wrong):
            wrong.append((("channels", wanted.name), made))
        else:
            channels[wanted.name] = made
    return Alarms(said, channels, lines_of(text, wrong) if wrong else None)


class AlarmsFileLook:
    """Reads the file at the first look, and at each later one where it or a secret that it names has changed."""

    def __init__(self, path: Path, secrets: Callable[[str], str | None], make: Make) -> None:
        self._path, self._secrets, self._make = path, secrets, make
        self._read: tuple[object, ...] | None = None
        self._named: tuple[str, ...] = ()
        self.now = Alarms()

    def look(self) -> bool:
        """Whether `now` is another one than at the last look."""
        seen = self._state()
        if seen == self._read:
            return False
        found = load_alarms(self._path, self._secrets, self._make)
        first = self._read is None
        self.now = found if first or not found.problems else replace(self.now, problems=found.problems)
        self._named = tuple(wanted.said[key] for wanted in found.said.channels for key in wanted.secrets)
        self._read = self._state()
        return True

    def _state(self) -> tuple[object, ...]:
        try:
            stat = self._path.stat()
            file: tuple[object, ...] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError as why:
            file = (why.errno,)
        return file, *(self._secrets(name) for name in self._named)


def _made(wanted: WantedChannel, secrets: Callable[[str], str | None], make: Make) -> Channel | Wrong:
    told = dict(wanted.said)
    for key in wanted.secrets:
        value = secrets(told[key])
        if value is None:
            return Wrong(f"a value of {told[key]} in the environment or SECRETS_FILE")
        told[key] = value
    try:
        return make(wanted.kind, told)
    except ValueError as why:  # never with a value in it
        return Wrong(str(why).removeprefix("expected "))
