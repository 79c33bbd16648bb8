"""What makes leads wait and tells so itself explains those leads alone: no others are late unseen."""

import pytest

from core import telling
from core.overall import POLICY
from flow import caps, decide, heartbeat
from flow.watch import Watch
from store import alarms as kept
from store import told as rows
from store import workers
from tests.fakes import SHOP

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


def unable(gateway, worker):
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        workers.check_in(tx, worker, "run", now, now, "No space left on device")


def told(gateway):
    """The kinds that a channel would get at this moment."""
    with gateway.store.read() as tx:
        batches = telling.due(rows.rows(tx), lambda *_: False, telling.Manners(quiet=None), gateway.store.now_ms(tx))
    return {row.kind for batch in batches for row in batch.rows}
