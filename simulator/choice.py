"""Which behaviour a call gets: its script's name, else its number's last digits, else what was set for all."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.behaviours import BEHAVIOURS, Behaviour

PREFIX = "sim:"
MAX_MS = 600_000


class UnknownBehaviour(ValueError):
    """The text names no behaviour, or gives it a value it cannot take."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A behaviour with its value, as `name` or `name:value`."""

    text: str
    behaviour: Behaviour
    value: int | str | None


def choose(text: str) -> Chosen:
    """Reads `name` or `name:value`. Raises `UnknownBehaviour` with a message for people."""
    name, colon, given = text.partition(":")
    behaviour = BEHAVIOURS.get(name)
    if behaviour is None:
        raise UnknownBehaviour(f"there is no behaviour {name[:40]!r}; GET / and --help list them")
    if not colon:
        return Chosen(text, behaviour, behaviour.default)
    return Chosen(text, behaviour, _value(name, behaviour.takes, given))


def _value(name: str, takes: str, given: str) -> int | str:
    if takes == "text" and given:
        return given
    number = int(given) if given.isascii() and given.isdigit() and len(given) < 8 else -1
    if takes == "ms" and 0 <= number <= MAX_MS:
        return number
    if takes == "status" and 200 <= number <= 599:
        return number
    wants = {"": "no value", "ms": f"0 to {MAX_MS} milliseconds", "status": "a status of 200 to 599", "text": "a text"}
    raise UnknownBehaviour(f"{name} takes {wants[takes]} after the colon")


class Choice:
    """What is set now. Safe to change from another thread."""

    def __init__(
        self, usual: str = "accept", times: int | None = None, endings: Mapping[str, str] | None = None
    ) -> None:
        for ending in endings or {}:
            if not (ending.isascii() and ending.isdigit()):
                raise UnknownBehaviour("a number's ending is made of digits")
        self._lock = threading.Lock()
        self._endings = {ending: choose(text) for ending, text in (endings or {}).items()}
        self._accept = choose("accept")
        self.behave(usual, times)

    def behave(self, text: str, times: int | None = None) -> None:
        """For the next `times` calls (None: until changed), then accept again."""
        chosen = choose(text)
        if times is not None and times < 1:
            raise UnknownBehaviour("times is 1 or more")
        with self._lock:
            self._now, self._left = chosen, times

    def now(self) -> tuple[str, int | None]:
        """What is set for all, and for how many more calls (None: until changed)."""
        with self._lock:
            return self._now.text, self._left

    def for_call(self, number: str, script: str) -> Chosen:
        """Raises `UnknownBehaviour` for a script `sim:...` of no known name."""
        if script.startswith(PREFIX):
            return choose(script.removeprefix(PREFIX).split(" ")[0])
        for ending, chosen in self._endings.items():
            if number.endswith(ending):
                return chosen
        with self._lock:
            return self._spend()

    def at_head(self) -> Chosen | None:
        """The behaviour that acts before the body is read, if it is such a one's turn."""
        if not self._now.behaviour.at_head:
            return None
        with self._lock:
            return self._spend() if self._now.behaviour.at_head else None

    def _spend(self) -> Chosen:
        chosen = self._now
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self._now, self._left = self._accept, None
        return chosen
