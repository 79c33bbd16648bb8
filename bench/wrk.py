"""wrk, which posts unique leads: another process in C, so that the generator is not what is measured."""

import itertools
import json
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Skip

SCRIPT = Path(__file__).parent / "unique.lua"
_firsts = itertools.count(0, 1_000_000)  # each run has a million numbers of its own


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw. Latencies in milliseconds, from the request's first byte to the reply's last."""

    requests: int
    rate: float
    p50: float
    p99: float


def post(url: str, *, connections: int, seconds: int) -> Load:
    """Post as fast as the replies come. Raises Skip without wrk, RuntimeError for a reply that was no success."""
    if shutil.which("wrk") is None:
        raise Skip("wrk is not installed: apt install wrk")
    threads = ["-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s"]
    more = ["--", secrets.token_hex(4), str(next(_firsts))]
    done = subprocess.run(
        ["wrk", *threads, "-s", str(SCRIPT), url, *more], capture_output=True, text=True, timeout=seconds + 60
    )
    if done.returncode:
        raise RuntimeError(f"wrk ended with {done.returncode}: {done.stderr or done.stdout}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    if told["bad"] or not told["requests"]:
        raise RuntimeError(f"{told['bad']} of {told['requests']} requests were no success")
    return Load(told["requests"], told["requests"] / told["seconds"], told["p50_ms"], told["p99_ms"])
