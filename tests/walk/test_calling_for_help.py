"""A day of traffic calls nobody; then each trouble that has an alarm: one message, one recovery, at real sockets."""

import random
import shutil

import pytest

from core.alarm import INFO
from core.alarm_words import of
from core.alarms import ALARMS
from core.telling import Manners
from flow import telling
from flow.telling import Help
from store import alarms
from store.tables import alarms as rows
from tests.flow.test_silence import usual
from tests.walk.faults_that_ring import MANY, STORIES, House
from tests.wire.conftest import peer
from tests.wire.test_tell import SECRET, Mailbox, answering, body_of, email
from wire.tell import Webhook

__all__ = ["peer"]
CALM_S, HOUR_S = 5 * 60, 3600
EVERY_MIN = 4
SELDOM_S = 30  # a look each so many seconds, where no moment counts: nobody is missed in between
# A story whose trouble is told beside another one's: kind -> the other.
# Whose questions to the database are their own.
BY_QUERIES = {"leads_waiting", "calls_stuck", "slow", "unknown_calls", "refused_proofs", "source_silent", "held_rising"}
BY_QUERIES |= {"crm_silent", "calls_unsent"}
LATER_S = {"channel_dead": 600, "calls_unsent": 600}  # until the next try; until they are ten minutes old
BESIDE = {"channel_dead": {"broken_files"}, "calls_stuck": {"unknown_calls"}}


class Told:
    """A mail server and a program's address, on sockets, and what they got."""

    def __init__(self, peer):
        self.box, self.hook = Mailbox(), peer(answering(200))
        self.help_ = Help(
            {"mail": email(self.box.port), "program": Webhook(self.hook.url, SECRET)}, Manners(quiet=None, digest=None)
        )

    @property
    def mails(self):
        return [str(mail["Subject"]) for mail in self.box.mails]

    @property
    def posts(self):
        return [body_of(request)["data"]["title"] for request in self.hook.requests]


@pytest.fixture
def told(peer):
    there = Told(peer)
    yield there
    there.box.close()


@pytest.fixture
def house(gateway, app, told, tmp_path, monkeypatch):
    built = House(gateway, app, told.help_, tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda place: shutil._ntuple_diskusage(*built.room))
    gateway.put("shop", MANY)
    return built


def look(house, seconds=15):
    house.look(seconds)
    telling.send(house.gateway.parts, house.help_)


def standing(house):
    with house.gateway.store.read() as tx:
        return {kind for kind, _ in alarms.standing(tx)}


def is_silent(house, kind):
    """Whether it stands in lists only."""
    with house.gateway.store.read() as tx:
        return {one.severity for one in alarms.standing(tx).values() if one.kind == kind} == {INFO}


def until(house, condition, seconds, every_s=15):
    waited = 0
    while not condition():
        assert waited < seconds, (waited, standing(house))
        look(house, every_s)
        waited += every_s


def test_every_alarm_has_a_story_that_makes_it_ring():
    assert list(STORIES) == list(ALARMS)


@pytest.mark.parametrize("kind", ALARMS)
def test_each_trouble_is_one_message_and_one_recovery(kind, house, told):
    if not house.gateway.store.is_sqlite and kind not in BY_QUERIES:
        pytest.skip("one database is enough: it is read as in other stories, or not at all")
    look(house)
    story = STORIES[kind](house)
    within = next(story)
    until(house, lambda: kind in standing(house), within)
    title, todo = of(kind, "en")
    silent = is_silent(house, kind)
    if not silent:
        until(house, lambda: any(title in said for said in told.mails), 90)
    for _ in range(4):  # and no more of them
        look(house, SELDOM_S)
    next(story, None)
    until(house, lambda: kind not in standing(house), CALM_S + 60 + LATER_S.get(kind, 0), SELDOM_S)
    for _ in range(6):
        look(house, 2 * SELDOM_S)
    mine = [said for said in told.mails if title in said]
    assert [said.split(":")[0] for said in mine] == ([] if silent else ["Alarm", "Over"])
    others = {of(other, "en")[0] for other in BESIDE.get(kind, ())}
    assert all(said in mine or any(other in said for other in others) for said in told.mails)
    assert told.posts == told.mails
    assert silent or todo in told.box.mails[0].get_content().replace("\n", " ") or others


@pytest.mark.parametrize("kind", ALARMS)
def test_what_mends_while_nobody_watches_is_over_when_somebody_does(kind, house, told):
    if not house.gateway.store.is_sqlite:
        pytest.skip("one database is enough: it is read as in the stories above")
    look(house)
    story = STORIES[kind](house)
    within = next(story)
    until(house, lambda: kind in standing(house), within)
    silent = is_silent(house, kind)
    until(house, lambda: told.mails or silent, 90)
    house.begin()  # it was killed
    next(story, None)
    house.gateway.clock.forward(HOUR_S)
    until(house, lambda: kind not in standing(house), CALM_S + 60 + LATER_S.get(kind, 0), SELDOM_S)
    for _ in range(4):
        look(house, 2 * SELDOM_S)
    mine = [said.split(":")[0] for said in told.mails if of(kind, "en")[0] in said]
    if kind == "channel_dead":  # it is well when it has been tried again, after the hour's reminder
        mine.remove("Still")
    assert mine == ([] if silent else ["Alarm", "Over"])


def test_a_day_of_traffic_calls_nobody(house, told):
    """Some fifty leads over a day, after four weeks of the like; a look each four minutes."""
    if not house.gateway.store.is_sqlite:
        pytest.skip("one database is enough: the looks are the same")
    dice = random.Random(7)
    usual(house.gateway)
    for minute in range(0, 24 * 60, EVERY_MIN):
        look(house, EVERY_MIN * 60)
        hour = (12 + minute // 60) % 24
        if 9 <= hour < 18 and dice.random() < EVERY_MIN * 4 / 60 * 1.5:
            house.leads(1)
    with house.gateway.store.read() as tx:
        assert tx.execute(rows.select()).all() == []
    assert (told.mails, told.posts) == ([], [])
    assert house.n > 30
