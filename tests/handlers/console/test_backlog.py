"""Whether all who wait are called before the hours end: at the pace of their own account, but for those that something
else explains."""

import pytest
from sqlalchemy import update

from core.outcome import ACCEPTED, Outcome
from core.ports import Account
from core.states import READY
from flow import decide, pauses
from handlers.console import backlog
from store.tables import leads
from tests.fakes import SHOP, FakeVoice


def test_what_waits_says_whether_it_is_called_before_the_hours_end(owner, gateway, clock):
    for n in range(30):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"})
    clock.forward(1)
    for path in ("/console/", "/console/policy"):
        page = owner.get(path)
        assert "30 leads are due." in page
        assert "30 are not called before the hours end at 20:00" in page
    gateway.alive()
    gateway.work()
    assert "due." not in owner.get("/console/")


@pytest.mark.parametrize(
    ("waiting", "pace", "closes_h", "by_h", "left", "standing"),
    [
        ({"main": 60}, {"main": 30}, 8, 2, 0, 0),
        ({"main": 60}, {"main": 30}, 1, 2, 30, 0),
        ({"main": 60}, {}, 8, None, 60, 60),
        ({"main": 60}, {"main": 30}, None, 2, 0, 0),
        ({"main": 60}, {}, None, None, 0, 60),
        ({"main": 60, "two": 5}, {"main": 30, "two": 1}, 4, 5, 1, 0),  # each at its own pace
        ({"main": 60, "two": 5}, {"main": 30}, 4, 2, 5, 5),
        ({"main": 0, "two": 5}, {"main": 30}, None, None, 0, 5),
        ({"": 60}, {"main": 20, "two": 10}, None, 2, 0, 0),  # not mapped yet
        ({"": 1}, {}, None, None, 0, 1),
        ({"main": 60, "": 60}, {"main": 60}, 1, 2, 60, 0),  # it comes behind all that is mapped
        ({"main": 60, "": 10}, {"main": 30, "two": 40}, 1, 2, 30, 0),
        ({"main": 30, "": 60}, {"main": 30, "two": 15}, None, 2, 0, 0),
        ({"main": 30, "two": 50, "": 30}, {"main": 30}, 1, 2, 80, 50),  # but not behind those of whom none is called
    ],
)
def test_the_pace_of_the_last_hour_tells_who_is_left(waiting, pace, closes_h, by_h, left, standing):
    hour = 3_600_000
    found = backlog.of(waiting, pace, None if closes_h is None else closes_h * hour, 0)
    assert (found.by, found.left, found.standing) == (None if by_h is None else by_h * hour, left, standing)
    assert found.waiting == sum(waiting.values())


@pytest.mark.parametrize(
    ("called", "hours", "said", "never"),
    [
        ("shop", "09:00-20:00", ["By the accounts of 3 of them", "3 are not called before"], "Nobody was called"),
        ("shop", "00:00-24:00", ["By the accounts of 3 of them"], "Nobody was called"),
        ("", "09:00-20:00", ["Nobody was called in the last hour.", "3 are not called before"], "By the account"),
        ("", "00:00-24:00", ["Nobody was called in the last hour."], "By the account"),
    ],
)
def test_nobody_was_called_is_said_only_where_nobody_was(owner, gateway, clock, called, hours, said, never):
    gateway.parts.accounts["two"] = Account("two", FakeVoice())
    for name, account in (("shop", "main"), ("other", "two")):
        gateway.put(name, f"{SHOP}account: {account}\npolicy: {{hours: '{hours}'}}\n")
    gateway.alive()
    if called:
        gateway.take({"id": "0", "phone": "79990000000"}, source=called)
        gateway.work()
    for n in range(1, 4):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"}, source="other")
    mapped(gateway)
    clock.forward(1)
    for path in ("/console/", "/console/policy"):
        page = owner.get(path)
        assert [one for one in ["3 leads are due.", *said] if one not in page] == []
        assert never not in page


def mapped(gateway):
    while decide.decide_due(gateway.parts):
        continue


def test_who_waits_for_a_paused_account_is_not_said_to_be_called_by_some_hour(owner, gateway, clock):
    gateway.parts.accounts["two"] = Account("two", FakeVoice())
    gateway.put("other", SHOP + "account: two\n")
    gateway.alive()
    gateway.take({"id": "0", "phone": "79990000000"})
    gateway.work()
    for n in range(1, 4):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"}, source="other")
    mapped(gateway)
    clock.forward(1)
    page = owner.get("/console/")
    assert "3 leads are due." in page
    assert "3 are not called before the hours end at 20:00" in page
    gateway.put("other", SHOP + "account: two\npolicy: {hours: '00:00-24:00'}\n")
    gateway.put("shop", SHOP + "policy: {hours: '00:00-24:00'}\n")
    gateway.take({"id": "9", "phone": "79990000099"})
    mapped(gateway)
    clock.forward(1)
    assert "By the accounts of 3 of them nobody was called in the last hour." in owner.get("/console/")
    pauses.pause(gateway.parts, "two", "anna", "the contract ends")
    assert "1 lead is due." in owner.get("/console/")


SOON = "policy: {hours: '09:00-12:10'}\n"
LATE = "policy: {hours: '09:00-20:00'}\n"


@pytest.mark.parametrize(
    ("other", "posted"),
    [
        ("enabled: false\n", False),
        ("dry_run: true\n", False),
        ("", False),  # no lead of it waits
        ("", True),  # one that is not due yet
        ("enabled: false\n", True),
    ],
)
def test_the_hours_are_those_of_the_sources_of_which_leads_wait(owner, gateway, clock, other, posted):
    gateway.put("shop", SHOP + LATE)
    gateway.put("other", SHOP + SOON)
    gateway.alive()
    gateway.take({"id": "0", "phone": "79990000000"})
    if posted:
        gateway.take({"id": "9", "phone": "79990000009"}, source="other")
        mapped(gateway)
        put_off(gateway, "other")
    gateway.work()
    gateway.put("other", SHOP + other + SOON)
    for n in range(1, 4):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"})
    mapped(gateway)
    clock.forward(1)
    assert "At the pace of the last hour the last one is called by 15:00" in owner.get("/console/")


@pytest.mark.parametrize(
    ("more", "closes"), [("", "12:10"), ("enabled: false\n", "20:00"), ("dry_run: true\n", "20:00")]
)
def test_what_is_not_mapped_yet_may_be_of_any_source_that_rings(owner, gateway, clock, more, closes):
    gateway.put("shop", SHOP + LATE)
    gateway.put("other", SHOP + more + SOON)
    gateway.alive()
    gateway.take({"id": "1", "phone": "79990000001"})
    clock.forward(1)
    assert f"1 is not called before the hours end at {closes}" in owner.get("/console/")


def test_the_hours_of_what_waits_for_a_paused_script_or_for_room_are_not_looked_at(owner, gateway, clock):
    gateway.put("shop", SHOP + LATE)
    gateway.put("other", SHOP.replace("Заявка", "Акция") + SOON)
    gateway.put("full", SHOP + SOON.replace("}", ", calls_per_hour: '1'}"))
    gateway.alive()
    for n, source in enumerate(("full", "full", "shop", "other")):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"}, source=source)
        gateway.work()
    pauses.pause(gateway.parts, "main", "anna", "a wrong text", "Акция")
    for n, source in enumerate(("shop", "shop", "shop", "shop", "other"), 10):
        gateway.take({"id": str(n), "phone": f"799900000{n:02}"}, source=source)
    mapped(gateway)
    clock.forward(1)
    page = owner.get("/console/")
    assert "4 leads are due." in page
    assert "the last one is called by 13:20" in page  # three were called


@pytest.mark.parametrize(("more", "at"), [("", "12:10"), ("enabled: false\n", "20:00"), ("dry_run: true\n", "20:00")])
def test_money_is_foreseen_until_the_hours_of_those_that_ring_end(owner, gateway, clock, more, at):
    gateway.put("shop", SHOP + LATE)
    gateway.put("other", SHOP + more + SOON)
    gateway.alive()
    gateway.voice.otherwise = Outcome(ACCEPTED, provider_id="77", http_status=200, reply=b"{}", price="4.35")
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    clock.forward(1)
    assert f"By {at} at this pace" in owner.get("/console/")


def put_off(gateway, source):
    """What waits of this source is due in a quarter of an hour."""
    with gateway.store.write() as tx:
        later = gateway.store.now_ms(tx) + 900_000
        tx.execute(update(leads).where(leads.c.source == source, leads.c.state == READY).values(due_at=later))
