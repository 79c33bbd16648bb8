"""Whether all who wait are called before the hours end: at the pace of their own account, but for those that something
else explains."""

import pytest

from core.ports import Account
from flow import decide, pauses
from handlers.console import backlog
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
