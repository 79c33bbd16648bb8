"""What makes leads wait and tells so itself explains those leads alone: no others are late unseen."""

import dataclasses

import pytest

from core import telling
from core.overall import POLICY
from core.ports import Answer
from flow import alarms, caps, decide, enrich, heartbeat, operate, pauses
from flow.in_force import InForce
from flow.watch import Watch
from store import alarms as kept
from store import told as rows
from store import workers
from tests.fakes import NO, SHOP, read_back
from tests.flow.asking import AMO

CAPS = 'policy: {{once_per_number: 0, max_age: 0, max_wait: 0, hours: "00:00-24:00", calls_per_hour: "{an_hour}"}}\n'


def source(gateway, name, *, an_hour=0, more=""):
    gateway.put(name, SHOP + more + CAPS.format(an_hour=an_hour))


def takes(gateway, name, *people):
    return [gateway.take({"id": f"{name} {n}", "phone": f"+7 999 000-{n:04d}"}, source=name) for n in people]


def passes(gateway, seconds):
    gateway.clock.forward(seconds)
    gateway.alive()


def rings(gateway, watch):
    watch.turn()
    with gateway.store.read() as tx:
        return set(kept.ringing(tx))


@pytest.mark.parametrize("scope", ["shop", ""])
def test_a_lead_that_waits_for_room_under_a_cap_is_late_for_nobody(gateway, scope):
    """A cap of a day is full for hours: nobody is woken for what its owner wanted, and the machine is not ill."""
    source(gateway, "shop", an_hour=1 if scope else 0)
    if not scope:
        gateway.put(POLICY, 'house: {calls_per_hour: "1"}\n')
    gateway.alive()
    takes(gateway, "shop", 1, 2)
    gateway.work()
    passes(gateway, 600)
    watch = Watch(gateway.parts)
    assert rings(gateway, watch) == {("cap_reached", scope)}
    assert heartbeat.trouble(gateway.parts, "", "") == ""


def test_a_full_cap_of_one_source_hides_no_late_lead_of_another(gateway):
    source(gateway, "shop", an_hour=1)
    source(gateway, "other")
    gateway.alive()
    takes(gateway, "shop", 1, 2)
    gateway.work()
    takes(gateway, "other", 3)
    while decide.decide_due(gateway.parts):
        continue
    passes(gateway, 61)
    watch = Watch(gateway.parts)
    assert rings(gateway, watch) == {("cap_reached", "shop"), ("leads_waiting", "")}
    assert heartbeat.trouble(gateway.parts, "", "") == "leads are due and wait"


def test_calls_that_came_late_are_explained_by_the_cap_of_their_own_source_alone(gateway):
    source(gateway, "shop", an_hour=1)
    source(gateway, "other")
    gateway.alive()
    watch = Watch(gateway.parts)
    takes(gateway, "shop", *range(11))
    gateway.work()
    assert rings(gateway, watch) == {("cap_reached", "shop")}
    passes(gateway, 600)
    source(gateway, "shop")
    caps.look_again(gateway.parts)
    gateway.work()
    assert len(gateway.voice.asked) == 11
    assert [rings(gateway, watch) for _ in range(2)] == [set(), set()]  # ten came 600 s late, for room
    source(gateway, "shop", an_hour=1)
    takes(gateway, "shop", *range(20, 23))
    gateway.work()
    takes(gateway, "other", *range(40, 50))
    while decide.decide_due(gateway.parts):
        continue
    passes(gateway, 61)
    gateway.work()
    found = [rings(gateway, watch) for _ in range(2)]
    assert found == [{("cap_reached", "shop")}, {("cap_reached", "shop"), ("slow", "")}]


def test_what_has_waited_for_room_is_rung_when_there_is_some_and_wakes_nobody(gateway):
    """The row of the cap goes before the lead does."""
    source(gateway, "shop", an_hour=1)
    gateway.alive()
    watch = Watch(gateway.parts)
    takes(gateway, "shop", 1, 2, 3)
    gateway.work()
    passes(gateway, 3590)
    assert rings(gateway, watch) == {("cap_reached", "shop")}
    passes(gateway, 11)
    caps.look_again(gateway.parts)
    assert rings(gateway, watch) == set()


def test_what_a_pause_made_wait_is_rung_when_it_ends_and_wakes_nobody(gateway):
    source(gateway, "shop")
    gateway.alive()
    watch = Watch(gateway.parts)
    pauses.pause(gateway.parts, "main", "anna", "lunch")
    takes(gateway, "shop", 1, 2)
    gateway.work()
    passes(gateway, 1800)
    assert rings(gateway, watch) == {("paused", "main")}
    pauses.resume(gateway.parts, "main", "anna", "back")
    assert rings(gateway, watch) == set()
    assert heartbeat.trouble(gateway.parts, "", "") == ""
    passes(gateway, 30)
    assert rings(gateway, watch) == set()
    passes(gateway, 40)  # by now they should have been rung
    assert rings(gateway, watch) == {("leads_waiting", "")}
    assert heartbeat.trouble(gateway.parts, "", "") != ""


def test_what_waited_for_a_worker_wakes_nobody_when_one_is_back(gateway):
    source(gateway, "shop")
    watch = Watch(gateway.parts)
    passes(gateway, 0)
    takes(gateway, "shop", 1)
    for _ in range(6):
        gateway.clock.forward(15)
        rings(gateway, watch)
    assert told(gateway) == {"no_worker"}
    gateway.alive()
    rings(gateway, watch)
    assert told(gateway) == set()
    passes(gateway, 61)
    rings(gateway, watch)
    assert told(gateway) == {"leads_waiting"}


def test_a_script_that_is_paused_explains_its_own_late_calls_alone(gateway):
    source(gateway, "shop")
    gateway.alive()
    watch = Watch(gateway.parts)
    pauses.pause(gateway.parts, "main", "anna", "wrong text", "Акция")
    assert rings(gateway, watch) == {("paused", "main/Акция")}
    takes(gateway, "shop", *range(10))
    passes(gateway, 61)
    gateway.work()
    rings(gateway, watch)
    assert rings(gateway, watch) == {("paused", "main/Акция"), ("slow", "")}


def test_a_misspelt_script_that_was_corrected_rings_no_longer_than_an_hour(gateway):
    source(gateway, "shop")
    gateway.alive()
    watch = Watch(gateway.parts)
    gateway.voice.outcomes = [NO] * 5
    takes(gateway, "shop", *range(5))
    gateway.work()
    assert rings(gateway, watch) == {("paused", "main/Заявка")}
    passes(gateway, 3000)
    assert rings(gateway, watch) == {("paused", "main/Заявка")}  # five leads were lost by it
    gateway.put("shop", SHOP.replace("Заявка", "Верный") + CAPS.format(an_hour=0))
    passes(gateway, 601)
    takes(gateway, "shop", 9)
    gateway.work()
    assert rings(gateway, watch) == set()


def test_a_worker_that_cannot_read_a_sources_version_leaves_its_cap_alone(gateway):
    source(gateway, "shop")
    read = lambda name, text: "a key of a later release" if '"1"' in text else read_back(name, text)  # noqa: E731
    behind = dataclasses.replace(gateway.parts, sources=InForce(gateway.store, read))
    behind.sources.refresh()
    source(gateway, "shop", an_hour=1)
    behind.sources.refresh()
    gateway.alive()
    watch = Watch(gateway.parts)
    takes(gateway, "shop", 1, 2)
    gateway.work()
    caps.look_again(behind)
    passes(gateway, 120)
    assert rings(gateway, watch) == {("cap_reached", "shop")}


@pytest.mark.parametrize("many", [1, 3])
def test_a_crm_that_does_not_answer_is_told_by_its_name_however_few_wait_for_it(gateway, many):
    gateway.parts.crm = Mute()
    gateway.put("amo", AMO % "https://crm.example" + CAPS.format(an_hour=0))
    gateway.alive()
    watch = Watch(gateway.parts)
    ids = [gateway.take({"id": 7 + n}, source="amo") for n in range(many)]
    for _ in range(10):
        while enrich.enrich_next(gateway.parts):
            continue
        passes(gateway, 30)
        found = rings(gateway, watch)
    assert found == {("crm_silent", "amo")}
    assert heartbeat.trouble(gateway.parts, "", "") == ""
    for lead in ids:
        operate.cancel(gateway.parts, lead, "anna", "the CRM has moved")
    assert rings(gateway, watch) == set()


def test_who_was_dated_by_a_clock_that_was_ahead_is_missed_all_the_same(gateway):
    gateway.clock.forward(86400)
    gateway.alive()
    watch = Watch(gateway.parts)
    assert rings(gateway, watch) == set()
    gateway.clock.forward(-86400)
    assert [alarm.kind for alarm in alarms.told(gateway.parts)] == ["no_watch"]
    for _ in range(6):
        gateway.clock.forward(15)
        found = rings(gateway, watch)
    assert found == {("no_worker", "")}
    assert heartbeat.trouble(gateway.parts, "", "") != ""


def test_leads_that_a_person_let_go_were_not_called_late(gateway):
    source(gateway, "shop")
    gateway.alive()
    watch = Watch(gateway.parts)
    held = [gateway.take({"id": f"{n}", "telephone": f"+7999000{n:04}"}) for n in range(4)]
    takes(gateway, "shop", *range(50, 60))
    gateway.work()
    passes(gateway, 1800)
    gateway.put("shop", SHOP.replace("{field: phone", "{field: telephone") + CAPS.format(an_hour=0))
    for lead in held:
        operate.remap(gateway.parts, lead, "anna", "mended")
    gateway.work()
    assert len(gateway.voice.asked) == 14
    assert [rings(gateway, watch) for _ in range(2)] == [set(), set()]


def test_leads_of_an_account_whose_file_is_broken_are_told_of_by_that_alone(gateway):
    gateway.parts.accounts["two"] = dataclasses.replace(gateway.account(), name="two")
    source(gateway, "shop", more="account: two\n")
    gateway.alive()
    takes(gateway, "shop", 1)
    while decide.decide_due(gateway.parts):
        continue
    gateway.parts.broken_accounts["two"] = gateway.parts.accounts.pop("two")
    passes(gateway, 120)
    assert rings(gateway, Watch(gateway.parts)) == {("broken_accounts", "")}


@pytest.mark.parametrize("why", ["cap", "pause"])
def test_what_is_explained_is_not_how_long_leads_are_due(gateway, app, why):
    """Prometheus wakes somebody by that figure."""
    source(gateway, "shop", an_hour=int(why == "cap"))
    if why == "pause":
        pauses.pause(gateway.parts, "main", "anna", "lunch")
    takes(gateway, "shop", 1, 2)
    gateway.work()
    passes(gateway, 900)
    assert 'oldest_due_seconds{state="ready"}' not in app.test_client().get("/metrics").text


class Mute:
    """A CRM behind a wall."""

    def ask(self, question):
        return Answer("silent", how="connect_timeout")


def test_a_journal_that_one_machine_cannot_write_explains_no_late_lead(gateway):
    """The other machine should have rung it."""
    watch = Watch(gateway.parts)
    passes(gateway, 0)
    unable(gateway, "two")
    takes(gateway, "shop", 1)
    passes(gateway, 61)
    unable(gateway, "two")
    assert {kind for kind, _ in rings(gateway, watch)} == {"journal_unwritable", "leads_waiting"}
    assert told(gateway) == {"journal_unwritable", "leads_waiting"}


def test_where_no_machine_can_write_its_journal_nobody_is_called_and_that_is_told(gateway):
    watch = Watch(gateway.parts)
    unable(gateway, "owner")
    takes(gateway, "shop", 1)
    rings(gateway, watch)
    for _ in range(5):
        gateway.clock.forward(15)
        unable(gateway, "owner")
        found = rings(gateway, watch)
    assert {kind for kind, _ in found} == {"journal_unwritable", "no_worker", "leads_waiting"}
    assert told(gateway) == {"journal_unwritable", "no_worker"}
    assert heartbeat.trouble(gateway.parts, "", "") == "no worker that can ring is seen"


def unable(gateway, worker):
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        workers.check_in(tx, worker, "run", now, now, "No space left on device")


def told(gateway):
    """The kinds that a channel would get at this moment."""
    with gateway.store.read() as tx:
        batches = telling.due(rows.rows(tx), lambda *_: False, telling.Manners(quiet=None), gateway.store.now_ms(tx))
    return {row.kind for batch in batches for row in batch.rows}
