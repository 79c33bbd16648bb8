"""The two clocks that decide whether an attempt's owner is late."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from core.ports import Start

# Linux's CLOCK_MONOTONIC stands still while the machine is suspended; macOS has no CLOCK_BOOTTIME,
# but its clock_gettime(CLOCK_MONOTONIC) counts sleep.
_COUNTS_SLEEP: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def boot_seconds() -> float:
    """Seconds of a clock that never goes back and that counts a suspended machine."""
    return time.clock_gettime(_COUNTS_SLEEP)


@dataclass(frozen=True)
class Clocks:
    """`boot` as `boot_seconds`, `wall` as seconds since 1970. A test gives its own: that is a suspended owner."""

    boot: Callable[[], float] = boot_seconds
    wall: Callable[[], float] = time.time

    def start(self) -> Start:
        """The present moment on both clocks; an owner takes it before its claim's transaction begins."""
        return Start(boot=self.boot(), wall=self.wall())


CLOCKS = Clocks()
