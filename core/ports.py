"""The Protocols of what reaches the network. `flow` gets them as arguments; tests give fakes."""

from dataclasses import dataclass
from typing import Protocol

from core.outcome import Outcome


@dataclass(frozen=True)
class Call:
    """A call asked of the provider: `number` is 11 to 15 digits without `+`; `sms` None means that
    the field is left out and the provider sends the SMS set with the script."""

    number: str
    script: str
    sms: str | None = None


@dataclass(frozen=True)
class Start:
    """The moment an attempt's owner took before its claim's transaction began, on two clocks.

    `boot` is seconds of a clock that counts a suspended machine (CLOCK_BOOTTIME on Linux,
    CLOCK_MONOTONIC on macOS), `wall` is seconds since 1970. Both together decide "not late".
    """

    boot: float
    wall: float


class Voice(Protocol):
    """A provider that rings people."""

    def place(self, call: Call, start: Start) -> Outcome:
        """One POST at most, ended by `start` + the total time-out. Never raises for what a network can do."""
        ...


class Bell(Protocol):
    """A hint that something is due. Losing one costs a second, never a lead."""

    def listen(self) -> None:
        """From now on `wait` hears the rings of all processes; where that is impossible it says so once."""
        ...

    def poke(self) -> None:
        """Wake `wait` in this process only, from any thread."""
        ...

    def close(self) -> None:
        """End listening and ringing."""
        ...

    def ring(self) -> None:
        """Never blocks and never raises."""
        ...

    def wait(self, seconds: float) -> bool:
        """Until rung or `seconds` passed; True when rung."""
        ...
