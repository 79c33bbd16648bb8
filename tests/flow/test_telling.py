"""From an alarm to a message that is out: put down once, sent until it is taken, remembered over a crash."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlalchemy import update

from bench.filling import copies
from core.alarm import PAGE, WARN, Alarm
from core.durations import HOUR_MS
from core.outcome import REFUSED, Outcome
from core.ports import Told
from core.telling import Manners
from flow import alarms, digest, heartbeat, operate, pauses, telling
from flow.away import Away
from flow.telling import Help
from flow.watch import Watch
from store import alarms as kept
from store import quiets
from store.inbox import MOST
from store.tables import alarm_messages, leads
from tests.fakes import LOST
from tests.flow.test_alarms import Away as AwayStore

IVAN = {"id": "1", "phone": "+7 (999) 000-00-01", "name": "Ivan"}


class Phone:
    """A channel that keeps what it was told, and says what the test wants."""

    def __init__(self):
        self.came, self.answers = [], []

    def tell(self, message):
        answer = self.answers.pop(0) if self.answers else Told(True, "ok")
        if answer.well:
            self.came.append(message)
        return answer

    @property
    def titles(self):
        return [message.title for message in self.came]


def helped(*phones, **manners):
    return Help({f"c{n}": phone for n, phone in enumerate(phones)}, Manners(zone=ZoneInfo("Europe/Moscow"), **manners))


def ring(gateway, *found):
    with gateway.store.write() as tx:
        kept.keep(tx, found, gateway.store.now_ms(tx))


def tell(gateway, help_):
    telling.put_down(gateway.parts, help_)
    telling.send(gateway.parts, help_)


NOBODY = Alarm("no_worker", PAGE, "nobody", None, 1)


def test_a_fault_is_one_message_and_one_recovery_in_one_thread(gateway):
    phone = Phone()
    watch, help_ = Watch(gateway.parts, help_=helped(phone)), helped(phone)
    gateway.alive()
    gateway.voice.otherwise = LOST
    lead = gateway.take(IVAN)
    gateway.work()
    for _ in range(4):
        watch.turn()
        telling.send(gateway.parts, help_)
        gateway.clock.forward(15)
        gateway.alive()
    assert phone.titles == ["Alarm: Calls of unknown outcome"]
    assert not re.search("999|Ivan", phone.came[0].body)
    operate.resolve(gateway.parts, lead, "anna", "seen in the panel")
    for _ in range(30):
        gateway.clock.forward(15)
        gateway.alive()
        watch.turn()
        telling.send(gateway.parts, help_)
    assert phone.titles == ["Alarm: Calls of unknown outcome", "Over: Calls of unknown outcome"]
    assert len({message.thread for message in phone.came}) == 1
    assert len({message.id for message in phone.came}) == 2


def test_what_was_put_down_outlives_a_crash(gateway):
    phone = Phone()
    ring(gateway, NOBODY)
    telling.put_down(gateway.parts, helped(phone))  # and the process dies
    for _ in range(2):
        tell(gateway, helped(phone))
    assert phone.titles == ["Alarm: No worker can ring: nobody is being called"]


def test_a_channel_in_trouble_is_tried_again_and_is_an_alarm_on_the_next(gateway):
    deaf, phone = Phone(), Phone()
    deaf.answers = [Told(False, "HTTP 500")] * 4
    watch = Watch(gateway.parts, help_=helped(deaf, phone))
    gateway.alive()
    ring(gateway, NOBODY)
    tell(gateway, helped(deaf, phone))
    for _ in range(20):
        gateway.clock.forward(15)
        gateway.alive()
        watch.turn()
        telling.send(gateway.parts, helped(deaf, phone))
    assert "Alarm: Alarms do not get out by a channel: c0" in phone.titles
    for _ in range(60):
        gateway.clock.forward(15)
        gateway.alive()
        watch.turn()
        telling.send(gateway.parts, helped(deaf, phone))
    assert "No worker can ring" in deaf.came[0].title  # it came after all, with what had waited behind it
    assert phone.titles[-1] == "Over: Alarms do not get out by a channel: c0"


def test_a_channel_says_ten_things_an_hour_and_the_rest_together(gateway):
    phone = Phone()
    for n in range(15):
        ring(gateway, *(Alarm("unknown_calls", PAGE, "x", None, 1, subject=f"s{m}") for m in range(n + 1)))
        tell(gateway, helped(phone))
    assert len(phone.came) == 10
    gateway.clock.forward(3601)
    telling.send(gateway.parts, helped(phone))
    assert len(phone.came) == 11
    assert phone.titles[-1].endswith("s10 and 4 more")
    assert all(f"s{n}" in phone.came[-1].body for n in range(10, 15))


def test_planned_works_are_quiet_and_what_still_rings_afterwards_is_told(gateway):
    phone = Phone()
    now = int(gateway.clock() * 1000)
    alarms.quiet(gateway.parts, "all", "", now + HOUR_MS, "anna", "works")
    ring(gateway, NOBODY)
    tell(gateway, helped(phone))
    assert phone.came == []
    gateway.clock.forward(3600)
    tell(gateway, helped(phone))
    assert len(phone.came) == 1


def test_whoever_takes_care_is_reminded_no_more(gateway):
    phone = Phone()
    ring(gateway, NOBODY)
    tell(gateway, helped(phone))
    gateway.clock.forward(3600)
    tell(gateway, helped(phone))
    assert phone.titles[-1].startswith("Still: ")
    alarms.acknowledge(gateway.parts, "no_worker", "", "anna")
    gateway.clock.forward(4 * 3600)
    tell(gateway, helped(phone))
    assert len(phone.came) == 2


def test_a_warning_that_somebody_takes_care_of_and_that_becomes_grave_is_told_anew(gateway):
    """Anna stopped the account; she goes on, and the provider refuses it."""
    phone = Phone()
    gateway.alive()
    watch = Watch(gateway.parts, help_=helped(phone))

    def looks(times):
        for _ in range(times):
            gateway.clock.forward(15)
            gateway.alive()
            gateway.work()
            watch.turn()
            telling.send(gateway.parts, helped(phone))

    pauses.pause(gateway.parts, "main", "anna", "wrong text")
    looks(6)
    assert alarms.acknowledge(gateway.parts, "paused", "main", "anna")
    pauses.resume(gateway.parts, "main", "anna", "mended")
    gateway.voice.otherwise = Outcome(REFUSED, error="key", http_status=401)
    for n in range(5):
        gateway.take({"id": str(n), "phone": f"7999000000{n}"})
    looks(6)
    assert [title.split(":")[0] for title in phone.titles] == ["Alarm", "Alarm"]
    assert len({message.thread for message in phone.came}) == 1
    with gateway.store.read() as tx:
        assert quiets.acknowledged(tx) == {}
    assert alarms.acknowledge(gateway.parts, "paused", "main", "boris")
    looks(6)
    assert len(phone.came) == 2


def test_what_grew_while_it_was_quiet_and_is_over_is_told_to_be_over(gateway):
    """Somebody was told of the warning."""
    phone = Phone()
    ring(gateway, Alarm("paused", WARN, "x", None, 1, subject="main"))
    gateway.clock.forward(61)
    tell(gateway, helped(phone))
    alarms.quiet(gateway.parts, "paused", "main", int(gateway.clock() * 1000) + 100_000, "anna", "known")
    ring(gateway, Alarm("paused", PAGE, "y", None, 1, subject="main"))
    tell(gateway, helped(phone))
    ring(gateway)
    gateway.clock.forward(400)
    ring(gateway)
    for _ in range(2):
        tell(gateway, helped(phone))
    assert [title.split(":")[0] for title in phone.titles] == ["Alarm", "Over"]


def test_a_silence_that_somebody_takes_care_of_is_not_told_anew_each_morning(gateway):
    phone = Phone()
    silent = Alarm("source_silent", PAGE, "x", None, 12, subject="shop")
    ring(gateway, silent)
    tell(gateway, helped(phone, digest=None))
    assert alarms.acknowledge(gateway.parts, "source_silent", "shop", "anna")
    for severity in (WARN, PAGE):
        gateway.clock.forward(12 * 3600)
        ring(gateway, replace(silent, severity=severity))
        tell(gateway, helped(phone, digest=None))
    assert len(phone.came) == 1


def test_reminders_that_were_held_back_are_one(gateway):
    phone = Phone()
    ring(gateway, NOBODY)
    tell(gateway, helped(phone, digest=None))
    alarms.quiet(gateway.parts, "all", "", int(gateway.clock() * 1000) + 50 * HOUR_MS, "anna", "works")
    for _ in range(72):
        gateway.clock.forward(3600)
        tell(gateway, helped(phone, digest=None))
    assert [title.split(":")[0] for title in phone.titles] == ["Alarm", "Still", "Still"]  # after 50 hours, and 72


def test_a_channel_that_was_taken_out_of_the_file_leaves_nothing_behind(gateway):
    ring(gateway, NOBODY)
    telling.put_down(gateway.parts, helped(Phone(), Phone()))
    only = Phone()
    telling.send(gateway.parts, helped(only))
    telling.send(gateway.parts, helped(only))
    gateway.clock.forward(7200)
    tell(gateway, helped(only))
    assert [title.split(":")[0] for title in only.titles] == ["Alarm", "Still"]


def test_a_database_that_is_away_is_told_without_it(gateway):
    phone = Phone()
    away = Away(gateway.parts, helped(phone, language="ru"))
    for at, why in ((0, "x"), (15, ""), (30, "x"), (45, "x"), (60, "x"), (45 + 3600, "x"), (4000, ""), (4300, "")):
        away.look(why, (1_795_597_200 + at) * 1000)
    said = "База недоступна: лиды не сохраняются"
    assert phone.titles == [f"Тревога: {said}", f"Всё ещё: {said}", f"Прошло: {said}"]
    assert len({message.thread for message in phone.came}) == 1
    watch = Watch(gateway.parts, help_=helped(phone))
    store, gateway.parts.store = gateway.parts.store, AwayStore(gateway.parts.store)
    watch.turn()
    watch.turn()
    assert watch.trouble() == "the database is away"
    assert len(phone.came) == 4
    gateway.parts.store = store


def test_the_daily_message_tells_figures_and_no_person(gateway):
    phone = Phone()
    gateway.alive()
    tell(gateway, helped(phone))  # the first look: no message before a day has passed
    gateway.take(IVAN)
    gateway.voice.otherwise = LOST
    gateway.work()
    gateway.clock.forward(21 * 3600)  # 9:00 of the next day
    gateway.alive()
    tell(gateway, helped(phone))
    (message,) = phone.came
    assert message.title == "The last 24 hours"
    for said in (
        "Leads: 1",
        "shop: unknown 1",
        "Calls: unknown 1",
        "Waits for a person: unknown 1",
        "Last backup: never",
    ):
        assert said in message.body
    assert not re.search("999|Ivan", message.body)
    assert "Alarms: nothing" in message.body
    tell(gateway, helped(phone))
    assert len(phone.came) == 1
    gateway.clock.forward(31 * 24 * 3600)
    tell(gateway, helped(phone))
    with gateway.store.read() as tx:
        (left,) = tx.execute(alarm_messages.select()).all()
    assert left.at == int(gateway.clock() * 1000)  # the first one is forgotten


def test_nothing_that_may_wait_is_told_at_night_and_no_proof_of_work_without_a_worker(gateway):
    phone = Phone()
    gateway.clock.forward(12 * 3600)
    ring(gateway, Alarm("cap_reached", WARN, "x", None, 1))
    gateway.clock.forward(120)
    tell(gateway, helped(phone))
    assert phone.came == []
    assert heartbeat.trouble(gateway.parts, "", "") == "no worker that can ring is seen"
    gateway.alive()
    assert heartbeat.trouble(gateway.parts, "", "") == ""
    assert heartbeat.trouble(gateway.parts, "", "HTTP 502") == "HTTP 502"


def test_what_is_over_while_it_is_quiet_is_told_once_afterwards(gateway):
    phone = Phone()
    ring(gateway, NOBODY)
    tell(gateway, helped(phone))
    alarms.quiet(gateway.parts, "no_worker", "", int(gateway.clock() * 1000) + HOUR_MS, "anna", "works")
    ring(gateway)
    tell(gateway, helped(phone))
    assert [title.split(":")[0] for title in phone.titles] == ["Alarm"]
    gateway.clock.forward(3600)
    for _ in range(2):
        tell(gateway, helped(phone))
    assert [title.split(":")[0] for title in phone.titles] == ["Alarm", "Over"]


def test_a_cause_that_nobody_is_told_of_hides_nothing_that_follows(gateway):
    phone = Phone()
    ring(gateway, NOBODY, Alarm("leads_waiting", PAGE, "x", None, 1))
    tell(gateway, helped(phone, off=frozenset({"no_worker"})))
    assert phone.titles == ["Alarm: Leads are due and still wait"]


def test_the_daily_message_counts_all_who_wait_for_a_person(gateway):
    """However many a page looks at."""
    gateway.alive()
    gateway.voice.otherwise = LOST
    lead_id = gateway.take(IVAN)
    gateway.work()
    copies(gateway.store, lead_id, MOST + 5, first=100, state="ready", due_at=0)
    with gateway.store.write() as tx:
        tx.execute(update(leads).where(leads.c.state == "ready").values(state="held"))
        said = digest.figures(gateway.parts, tx, Manners(), gateway.store.now_ms(tx))
    assert said["Waits for a person"] == f"held {MOST + 5}, unknown 1"
