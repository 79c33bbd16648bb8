"""Histories at random: made from a seed, played on a fresh house, and shrunk to the shortest that still breaks a law."""

import random
import tempfile
from pathlib import Path

from tests.histories import laws, steps
from tests.histories.world import World

LENGTH = 40
OFTEN = 7  # steps of this weight are in every history
TASTES = (0, 0, 1, 4)
NAMES = [name for name, _ in steps.STEPS.items()]
WEIGHTS = [weight for _, weight in steps.STEPS.values()]
History = list[tuple[str, int, int]]


def history(seed, length=LENGTH) -> History:
    """The same each time. Each history has a taste of its own: some steps often, some never."""
    dice = random.Random(seed)
    taste = [weight * (dice.choice(TASTES) if weight < OFTEN else 1) for weight in WEIGHTS]
    names = dice.choices(NAMES, taste, k=length)
    return [(name, dice.randrange(64), dice.randrange(64)) for name in names]


def play(went: History, fresh) -> laws.LawBroken | None:
    """What the history breaks. `fresh(folder)` is the address of an empty database. An exception that nobody
    expects breaks a law, too."""
    random.seed(0)  # the product's own jitter
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        world = World(fresh(Path(folder)), Path(folder))
        try:
            for name, a, b in went:
                steps.take(world, name, a, b)
            with laws.without_mistakes():
                laws.hold_at_the_end(world)
            laws.hold(world)
        except laws.LawBroken as broken:
            return broken
        except Exception as why:
            return laws.LawBroken(f"raised {type(why).__name__}", str(why))
        finally:
            world.close()
    return None


def memory() -> str | None:
    """A folder in memory, where there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def shortest(went: History, fresh, law: str) -> History:
    """Fewer steps that break the same law: delta debugging, then each step by itself."""
    chunk = max(1, len(went) // 2)
    while chunk:
        at = 0
        while at < len(went):
            without = went[:at] + went[at + chunk :]
            broken = play(without, fresh)
            if broken is not None and broken.law == law:
                went = without
            else:
                at += chunk
        chunk //= 2
    return went


def explore(seeds, fresh):
    """The first seed whose history breaks a law: (seed, history, what), or None."""
    for seed in seeds:
        went = history(seed)
        if broken := play(went, fresh):
            return seed, went, broken
    return None
