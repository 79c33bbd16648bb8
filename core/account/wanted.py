"""An account as its owner wrote it down, before there is a voice for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WantedAccount:
    """`auth` says who is asking, by the names of one of its provider's ways in, e.g. {"key": "..."}.

    `calls_per_s` 0 is without a limit; `slots` are its calls in flight in one worker process. `ca_file` is trusted
    instead of the shipped authorities; `proxy` is http://[user:password@]host[:port]; both may be empty."""

    name: str
    provider: str
    url: str
    auth: Mapping[str, str] = field(repr=False)
    calls_per_s: float = 5.0
    slots: int = 8
    connect_timeout_ms: int = 3_000
    total_timeout_ms: int = 20_000
    ca_file: str = ""
    proxy: str = field(default="", repr=False)
