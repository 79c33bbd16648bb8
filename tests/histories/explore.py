"""Histories at random: made from a seed, played on an empty house, shrunk to the shortest that still breaks a law."""

import random
import tempfile
from pathlib import Path

from sqlalchemy import delete

from store.engine import Store
from store.tables import meta
from tests.fakes import NOON, Clock
from tests.histories import laws, steps
from tests.histories.world import World

LENGTH = 40
OFTEN = 7  # steps of this weight are in every history
TASTES = (0, 0, 1, 4)
NAMES = list(steps.STEPS)
WEIGHTS = [weight for _, weight in steps.STEPS.values()]
# Steps that mean something after one another; each history has some of them, about the same lead or person.
PHRASES = (
    ("post", "walk"),
    ("post", "back_up", "walk", "put_back", "walk"),
    ("post", "back_up", "walk", "put_back_without_journals", "forward", "forward", "post", "walk"),
    ("provider_mood", "post", "walk", "back_up", "forward", "rearm", "walk", "put_back", "forward", "rearm", "walk"),
    ("post", "claim", "place", "forward", "record"),
    ("post", "claim_and_die", "forward", "walk"),
    ("post", "claim", "put_back", "place", "record"),
    ("post", "erase_a_person", "post", "erase_a_person", "walk"),
    ("post", "bulk_change", "bulk_change", "walk"),
    ("post_late", "post", "walk"),
    ("post", "post_late", "replay", "walk"),
    ("post", "post", "post", "walk"),
    ("rearm", "walk", "rearm", "walk"),
    ("pause", "post", "walk", "resume", "walk"),
    ("version", "post", "decide_some", "version", "forward", "walk"),
    ("put_on_do_not_call", "post", "walk", "take_off_do_not_call"),
)
UNSYNCED = "%20-csynchronous_commit%3Doff"  # behind a schema's address
History = list[tuple[str, int, int]]


def history(seed, length=LENGTH) -> History:
    """The same each time. Each history has a taste of its own: some steps often, some never."""
    dice = random.Random(seed)
    taste = [weight * (dice.choice(TASTES) if weight < OFTEN else 1) for weight in WEIGHTS]
    went: History = []
    while len(went) < length:
        names = dice.choice(PHRASES) if dice.random() < 0.3 else dice.choices(NAMES, taste)
        whom = dice.randrange(64)
        went += [(name, whom if dice.random() < 0.7 else dice.randrange(64), dice.randrange(64)) for name in names]
    return went


class Ground:
    """One database that history after history is played on, each from the beginning."""

    def __init__(self, url: str, folder: Path) -> None:
        self.clock, self.folder = Clock(), folder
        self.store = Store(url, clock=self.clock)

    def empty(self) -> None:
        self.clock.at = NOON
        with self.store.write() as tx:
            for table in reversed(meta.sorted_tables):
                tx.execute(delete(table))

    def close(self) -> None:
        self.store.dispose()


def play(went: History, ground: Ground) -> laws.LawBroken | None:
    """What the history breaks. An exception that nobody expects breaks a law, too."""
    random.seed(0)  # the product's own jitter
    ground.empty()
    with tempfile.TemporaryDirectory(dir=ground.folder) as folder:
        try:
            world = World(ground.store, ground.clock, Path(folder))
            for name, a, b in went:
                steps.take(world, name, a, b)
            with laws.without_mistakes():
                laws.hold_at_the_end(world)
            laws.hold(world)
        except laws.LawBroken as broken:
            return broken
        except Exception as why:
            return laws.LawBroken(f"raised {type(why).__name__}", str(why))
    return None


def shortest(went: History, ground: Ground, law: str) -> History:
    """Fewer steps that break the same law: delta debugging, then each step by itself."""
    chunk = max(1, len(went) // 2)
    while chunk:
        at = 0
        while at < len(went):
            without = went[:at] + went[at + chunk :]
            broken = play(without, ground)
            if broken is not None and broken.law == law:
                went = without
            else:
                at += chunk
        chunk //= 2
    return went


def explore(seeds, ground: Ground):
    """The first seed whose history breaks a law: (seed, history, what), or None."""
    for seed in seeds:
        went = history(seed)
        if broken := play(went, ground):
            return seed, went, broken
    return None
