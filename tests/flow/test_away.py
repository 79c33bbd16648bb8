"""A database that is away: told from memory, as politely as what stands in rows."""

from itertools import pairwise

import pytest

from core.durations import HOUR_MS
from core.ports import Told
from core.telling import AWAY, MOST_AN_HOUR
from flow import alarms
from flow.away import Away
from flow.watch import EVERY_MS, Watch
from schemas.alarms import read_alarms
from tests.flow.test_alarms import Away as AwayStore
from tests.flow.test_telling import Phone, helped

MINUTE = 4  # looks
BEGIN = 1_795_597_200_000


class World:
    """Looks, one each 15 s, at a database that is away or not."""

    def __init__(self, gateway, *phones, **manners):
        self.gateway, self.store = gateway, gateway.parts.store
        self.help = helped(*phones, digest=None, **manners)
        self.watch = Watch(gateway.parts, help_=self.help, wall=gateway.clock)
        gateway.alive()
        self.looks(0)

    def looks(self, *pattern):
        for away in pattern:
            self.gateway.parts.store = AwayStore(self.store) if away else self.store
            self.watch.turn()
            self.gateway.parts.store = self.store
            self.gateway.clock.forward(EVERY_MS / 1000)
            self.gateway.alive()

    def quiet(self, kind, minutes, subject=""):
        until = int(self.gateway.clock() * 1000) + minutes * 60_000
        alarms.quiet(self.gateway.parts, kind, subject, until, "anna", "new disk")
        self.looks(0)


def words(phone):
    return [title.split(":")[0] for title in phone.titles]


@pytest.mark.parametrize("kind", ["all", AWAY])
def test_planned_works_are_quiet_also_where_the_database_is_what_is_worked_at(gateway, kind):
    phone = Phone()
    world = World(gateway, phone)
    world.quiet(kind, 30)
    world.looks(*[1] * 20 * MINUTE)
    assert phone.came == []
    world.looks(*[1] * 10 * MINUTE)
    assert words(phone) == ["Alarm"]  # the works are over, and it is still away


def test_quiet_about_another_kind_or_subject_hides_it_not(gateway):
    phone = Phone()
    world = World(gateway, phone)
    world.quiet("no_worker", 30)
    world.quiet("all", 30, subject="shop")
    world.looks(1, 1)
    assert words(phone) == ["Alarm"]


def test_that_it_is_back_waits_for_the_end_of_the_quiet(gateway):
    phone = Phone()
    world = World(gateway, phone)
    world.looks(1, 1, 0)
    world.quiet("all", 30)
    world.looks(*[0] * 29 * MINUTE)
    assert words(phone) == ["Alarm"]
    world.looks(*[0] * MINUTE)
    assert words(phone) == ["Alarm", "Over"]


def test_quiet_is_known_to_a_watch_that_could_only_read_since_its_start(gateway):
    """The disk is full."""
    phone = Phone()
    World(gateway, Phone()).quiet("all", 30)
    gateway.parts.store = AwayStore(gateway.parts.store)
    watch = Watch(gateway.parts, help_=helped(phone), wall=gateway.clock)
    for _ in range(3):
        watch.turn()
    assert phone.came == []


def test_who_wants_not_to_be_told_of_it_is_not(gateway):
    said, wrong = read_alarms({"off": [AWAY], "channels": {"team": {"kind": "chat", "url": "env:CHAT"}}})
    assert (said and said.off, wrong) == ((AWAY,), [])
    phone = Phone()
    World(gateway, phone, off=frozenset(said.off)).looks(*[1] * 8)
    assert phone.came == []


def test_one_that_comes_and_goes_is_one_alarm(gateway):
    phone = Phone()
    world = World(gateway, phone)
    world.looks(*[1, 1, 0] * 20)
    assert words(phone) == ["Alarm"]
    world.looks(*[0] * 5 * MINUTE)
    assert words(phone) == ["Alarm", "Over"]
    assert len({message.thread for message in phone.came}) == 1
    world.looks(1, 0, 1, 0)
    assert len(phone.came) == 2


def test_however_it_comes_and_goes_a_channel_says_ten_things_an_hour(gateway):
    phone = Phone()
    away = Away(gateway.parts, helped(phone))
    pattern = ["x", "x"] + [""] * (5 * MINUTE + 1)
    for n, why in enumerate(pattern * 30):
        away.look(why, BEGIN + n * EVERY_MS)
    moments = [message.at for message in phone.came]
    assert len(moments) > MOST_AN_HOUR
    assert all(moments[n + MOST_AN_HOUR] - moments[n] >= HOUR_MS for n in range(len(moments) - MOST_AN_HOUR))
    away.look("", BEGIN + 24 * HOUR_MS)
    away.look("", BEGIN + 25 * HOUR_MS)
    assert words(phone)[-1] == "Over"
    assert all(one != other for one, other in pairwise(words(phone)))


def test_a_channel_that_did_not_take_it_is_tried_again_under_the_same_id(gateway):
    deaf, phone, tried = Phone(), Phone(), []
    deaf.answers = [Told(False, "HTTP 500")] * 2
    take, deaf.tell = deaf.tell, lambda message: tried.append(message.id) or take(message)
    world = World(gateway, deaf, phone)
    world.looks(*[1] * 5 * MINUTE)
    assert (words(deaf), words(phone)) == (["Alarm"], ["Alarm"])
    assert (len(tried), len(set(tried))) == (3, 1)
    world.looks(*[0] * 6 * MINUTE)
    assert (words(deaf), len(set(tried))) == (["Alarm", "Over"], 2)


def test_a_clock_that_is_set_back_silences_nothing(gateway):
    phone = Phone()
    away = Away(gateway.parts, helped(phone))
    for n in range(2):
        away.look("x", BEGIN + n * EVERY_MS)
    away.look("", BEGIN - 24 * HOUR_MS)
    away.look("", BEGIN - 24 * HOUR_MS + 5 * 60_000)
    for n in range(2):
        away.look("x", BEGIN - 23 * HOUR_MS + n * EVERY_MS)
    assert words(phone) == ["Alarm", "Over", "Alarm"]
