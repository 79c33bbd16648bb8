"""Histories at random: made from a seed, played on an empty house, shrunk to the shortest that still breaks a law."""

import random
import tempfile
from pathlib import Path

from sqlalchemy import delete

from store.engine import Store
from store.tables import meta
from tests.fakes import NOON, Clock
from tests.histories import allowed, laws, steps, texts
from tests.histories.deaths import Deaths
from tests.histories.step import STEPS
from tests.histories.world import World

LENGTH = 40
OFTEN = 7  # steps of this weight are in every history
TASTES = (0, 0, 1, 4)
CIRCLES = (1, 2, 4, 16)  # how many events and persons a history is about: where they are few, steps meet
NAMES = list(STEPS)
WEIGHTS = [weight for _, weight in STEPS.values()]
ANY = ""  # whatever the history has a taste for
NO_PHONE, A_DAY = ("post", texts.NO_PHONE), steps.FORWARD_S.index(24 * 3600)
# Steps that mean something after one another, about the same lead or person.
PHRASES = (
    ("post", "walk"),
    ("post", "claim", "place", "forward", "record"),
    ("post", "claim_and_die", "forward", "walk"),
    ("post", "claim", "put_back", "place", "record"),
    *[("post", "walk", "erase_a_person", ("forward", A_DAY), "post", "walk", "erase_a_person", "post", "walk")] * 3,
    *[("post", "clock_back", "walk")] * 2,
    ("post", "decide_some", "clock_back", "start_anew", "walk"),
    ("post", "walk", "spoil_a_row", "post", "walk", "forward", "erase_a_person"),
    ("post", "bulk_change", "bulk_change", "walk"),
    ("post_late", "post", "walk"),
    ("post", "post_late", "replay", "walk"),
    ("post", "post", "post", "walk"),
    ("rearm", "walk", "rearm", "walk"),
    ("pause", "post", "walk", "resume", "walk"),
    ("post", "back_up", "pause", "put_back", "forward", "walk"),
    ("post", "back_up", "pause_a_script", "put_back", "forward", "walk", "resume"),
    ("post", "remove_a_source", "post", "walk", "version", "forward", "walk"),
    ("post", "back_up", "remove_a_source", "put_back", "walk", "forward", "walk"),
    ("post_together", "walk", "post_together", "walk"),
    ("post", "back_up", "put_on_do_not_call", "put_back", "forward", "walk"),
    ("post", "back_up", "cancel", "put_back", "forward", "walk"),
    *[("post", "back_up", "join", "walk", "freeze_or_thaw", "put_back", "forward", "forward", "walk")] * 2,
    ("version", "post", "decide_some", "version", "forward", "walk"),
    ("version", "post", "post", "walk", "forward", "post", "walk"),
    ("put_on_do_not_call", "post", "walk", "take_off_do_not_call"),
    ("post", *["die_inside_a_transaction"] * 3, "walk"),
    ("post_many", *["die_inside_a_transaction"] * 5, "walk"),
)
# A lead's life before the database is copied; then, and once the copy is put back, it also rings again.
LIVES = (("post",), ("post_many",), ("post", "walk"), (NO_PHONE, "walk"), ("provider_mood", "post", "walk"))
LATER = (*LIVES, *[("forward", "rearm", "walk")] * 4)
BACK = ("put_back", "put_back", "put_back_without_journals", "put_back_without_journals", "go_on_in_the_copy")
UNSYNCED = "%20-csynchronous_commit%3Doff"  # behind a schema's address
History = list[tuple[str, int, int]]


def history(seed, length=LENGTH) -> History:
    """The same each time. Each history has a taste, some steps often and some never, and a circle of its own."""
    dice = random.Random(seed)
    taste = [weight * (dice.choice(TASTES) if weight < OFTEN else 1) for weight in WEIGHTS]
    circle = [dice.randrange(64) for _ in range(dice.choice(CIRCLES))]
    went: History = []
    while len(went) < length:
        luck = dice.random()
        words = dice.choice(PHRASES) if luck < 0.2 else _forgotten(dice) if luck < 0.4 else (ANY,)
        whom = dice.choice(circle)
        for word in words:
            name, kind = (word, dice.randrange(64)) if isinstance(word, str) else word
            name = name or dice.choices(NAMES, taste)[0]
            went.append((name, whom if dice.random() < 0.9 else dice.randrange(64), kind))
    return went


def _forgotten(dice):
    """What a database forgets that is put back, and what is done on it then."""
    back = dice.choice(BACK)
    kept = "copy_the_house" if back == "go_on_in_the_copy" else "back_up"
    return (
        *dice.choice(LIVES),
        kept,
        *dice.choice(LATER),
        "walk",
        back,
        "forward",
        "forward",
        *dice.choice(LATER),
        "walk",
    )


class Ground:
    """One database that history after history is played on, each from the beginning."""

    def __init__(self, url: str, folder: Path) -> None:
        self.clock, self.folder = Clock(), folder
        self.store = Store(url, clock=self.clock)
        self.deaths = Deaths(self.store)

    def empty(self) -> None:
        self.clock.at = NOON
        with self.store.write() as tx:
            for table in reversed(meta.sorted_tables):
                tx.execute(delete(table))

    def close(self) -> None:
        self.store.dispose()


def play(went: History, ground: Ground) -> allowed.LawBroken | None:
    """What the history breaks. An exception that nobody expects breaks a law, too."""
    random.seed(0)  # the product's own jitter
    ground.empty()
    with tempfile.TemporaryDirectory(dir=ground.folder) as folder:
        try:
            world = World(ground.store, ground.clock, Path(folder), ground.deaths)
            for name, a, b in went:
                steps.take(world, name, a, b)
            with laws.without_mistakes(world):
                laws.hold_at_the_end(world)
            laws.hold(world)
        except allowed.LawBroken as broken:
            return broken
        except Exception as why:
            return allowed.LawBroken(f"raised {type(why).__name__}", str(why))
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
