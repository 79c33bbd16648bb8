"""`python -m tests.histories.run KIND FOLDER SECONDS [--control]`: histories of fresh seeds, told in a line of JSON.

A process of its own: builds that break a law are patched in, and the dice are thrown anew for each history."""

import json
import sys
import time
from pathlib import Path

from tests import databases
from tests.histories import builds, explore

MOST = 500


def at_random(ground: explore.Ground, seconds: float, first: int):
    """How many were played from the seed `first` on, and what they broke."""
    problems, played, until = [], 0, time.monotonic() + seconds
    while time.monotonic() < until and not problems:
        seed = first + played
        went, played = explore.history(seed), played + 1
        if broken := explore.play(went, ground):
            problems.append(f"seed {seed}: {broken}; {explore.shortest(went, ground, broken.law)}")
    return played, problems, f"{played} histories of {explore.LENGTH} steps, from seed {first}"


def control(ground: explore.Ground, seconds: float, first: int):
    """After how many histories each build that breaks a law is found; one that is not found in 500, or in so many
    seconds, is a law that nobody watches."""
    problems, found = [], []
    for build in builds.ALL:
        until, played, broken = time.monotonic() + seconds, 0, None
        with build():
            while broken is None and played < MOST and time.monotonic() < until:
                broken, played = explore.play(explore.history(first + played), ground), played + 1
        name = build.__name__.replace("_", " ")
        found.append(f"{name} {played}")
        if broken is None:
            problems.append(f"{name}: not found in {played} histories")
    return len(found), problems, f"from seed {first}, found after: {', '.join(found)}"


def main(kind: str, folder: str, seconds: str, *more: str) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    url = databases.new_file(Path(folder)) if kind == "sqlite" else databases.new_schema() + explore.UNSYNCED
    ground = explore.Ground(url, Path(folder))
    first = time.time_ns() % 10**9
    count, problems, note = (control if "--control" in more else at_random)(ground, float(seconds), first)
    ground.close()
    sys.stdout.write(json.dumps({"count": count, "problems": problems, "note": note}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
