"""The wired parts that every step of the walk works with; `app.create_app` and the worker make one."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from core.ports import Bell, Voice
from flow.in_force import InForce
from flow.refusals import Refusals
from store.engine import Store


@dataclass
class House:
    """`secrets("env:NAME")` is that secret's present value or None; `total_timeout` is in seconds."""

    store: Store
    sources: InForce
    bell: Bell
    refusals: Refusals
    secrets: Callable[[str], str | None]
    voices: dict[str, Voice] = field(default_factory=dict)
    total_timeout: float = 20.0
    rate: float = 0.0

    log = structlog.get_logger()
