"""ALARMS_FILE: read at a process's start, with its secrets. A wrong one is named and leaves its channels out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.load import lines_of, read_source_text
from config.problem import Problems
from core.ports import Channel
from schemas.alarms import AlarmsFile, WantedChannel, read_alarms
from schemas.section import Wrong

Make = Callable[[str, Mapping[str, Any]], Channel]  # kind, what the file says with secrets in their places


@dataclass(frozen=True)
class Alarms:
    """What the file says; `channels` by their names. `problems`: what is wrong with it, empty for nothing."""

    said: AlarmsFile = field(default_factory=AlarmsFile)
    channels: dict[str, Channel] = field(default_factory=dict)
    problems: str = ""


def load_alarms(path: Path, secrets: Callable[[str], str | None], make: Make) -> Alarms:
    """Nobody has to write the file. Never raises for what it can hold."""
    if not path.exists():
        return Alarms()
    text = read_source_text(path)
    if isinstance(text, Problems):
        return Alarms(problems=str(text))
    said, wrong = read_alarms(text.value)
    if said is None:
        return Alarms(problems=str(lines_of(text, wrong)))
    channels: dict[str, Channel] = {}
    for wanted in said.channels:
        made = _made(wanted, secrets, make)
        if isinstance(made, Wrong):
            wrong.append((("channels", wanted.name), made))
        else:
            channels[wanted.name] = made
    return Alarms(said, channels, str(lines_of(text, wrong)) if wrong else "")


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
