"""Two accounts, one of which waits: what it explains of itself is no word about the other one."""

from dataclasses import replace

import pytest

from config.accounts import load_accounts
from core.account.pause import PERSON, Pause, Script
from core.account.trouble import NO_ANSWERS, Trouble
from flow import call, claim, decide, pauses
from store import accounts
from store import alarms as kept
from tests.cli.test_proof_of_work import House, fails
from tests.config.test_accounts import SECRETS, WAYS_IN, WHOLE, make
from tests.fakes import SHOP, FakeVoice
from tests.flow.test_telling import Phone, helped

WAITING = "leads are due and wait"


class TwoAccounts(House):
    """`main` and `theirs`, a source for each; `titles` is what somebody was told."""

    def __init__(self, gateway, hire, folder):
        (folder / "theirs.yaml").write_text(WHOLE)
        found = load_accounts(folder, WAYS_IN, SECRETS.get, make)
        gateway.parts.accounts["theirs"] = replace(found["theirs"], voice=FakeVoice())
        gateway.put("flats", SHOP + "account: theirs\n")
        self.phone = Phone()
        super().__init__(gateway, hire(clock=gateway.clock), helped(self.phone, digest=None))

    def lead_of(self, account, n=1):
        return self.gateway.take({"id": f"{account}{n}", "phone": f"+7999000000{n}"}, source=SOURCES[account])

    def wait_by(self, account, how):
        """Calls of the account, or of one script of it, wait from now on; no try of one call comes in a test."""
        now = int(self.gateway.clock() * 1000)
        itself = Pause(NO_ANSWERS, now, now + 3_600_000, wait=3_600_000)
        known = {
            "by a person": Trouble(pause=Pause(PERSON, now, None, who="irina", why="holiday")),
            "by itself": Trouble(pause=itself),
            "a script": Trouble(scripts={"Заявка": Script(pause=itself)}),
        }[how]
        with self.gateway.store.write() as tx:
            accounts.lock(tx, account)
            accounts.write(tx, account, known)

    def ringing(self):
        with self.gateway.store.read() as tx:
            return sorted(kept.ringing(tx))


SOURCES = {"main": "shop", "theirs": "flats"}
HOWS = ("by a person", "by itself", "a script")


@pytest.fixture
def house(gateway, hire, tmp_path):
    return TwoAccounts(gateway, hire, tmp_path)


def paused_of(account, how):
    """The subject of its alarm."""
    return f"{account}/Заявка" if how == "a script" else account


def rings_nobody(account):
    """A worker whose claims fail for this account alone."""
    asked = claim.claim_due

    def claim_due(gateway, of, *rest):
        return fails() if of.name == account else asked(gateway, of, *rest)

    return claim_due


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("waits", "other"), [("main", "theirs"), ("theirs", "main")])
def test_a_pause_hides_no_lead_of_the_other_account(house, monkeypatch, how, waits, other):
    house.wait_by(waits, how)
    house.lead_of(waits)
    assert house.trouble_after(300) == ""  # what its own pause explains is no fault of this machine
    assert house.ringing() == [("paused", paused_of(waits, how))]
    with monkeypatch.context() as broken:
        broken.setattr(claim, "claim_due", rings_nobody(other))
        house.lead_of(other, 2)
        assert house.trouble_after(90) == WAITING
    assert house.ringing() == [("leads_waiting", ""), ("paused", paused_of(waits, how))]
    assert house.phone.titles[1:] == ["Alarm: Leads are due and still wait"]
    with house.gateway.store.read() as tx:
        assert kept.ringing(tx)["leads_waiting", ""].value == 1  # its own alone
    assert house.trouble_after(15) == ""


def test_a_script_that_waits_hides_no_lead_of_another_script(house, monkeypatch):
    house.gateway.put("shop", SHOP.replace("Заявка", "Другой"))
    house.wait_by("theirs", "a script")
    house.wait_by("main", "a script")
    monkeypatch.setattr(claim, "claim_due", fails)
    house.lead_of("theirs")
    assert house.trouble_after(120) == ""
    house.lead_of("main")
    assert house.trouble_after(120) == WAITING


def test_what_is_not_mapped_waits_for_no_account(house, monkeypatch):
    pauses.pause(house.gateway.parts, "main", "irina", "holiday")
    monkeypatch.setattr(decide, "decide_due", fails)
    monkeypatch.setattr(claim, "claim_due", fails)
    house.lead_of("main")
    assert house.trouble_after(120) == WAITING


def late_calls(house, account):
    """Ten calls of the account that came 61 s after their leads."""
    gateway = house.gateway
    for n in range(10):
        house.lead_of(account, n)
    gateway.clock.forward(61)
    gateway.alive()
    decide.decide_due(gateway.parts)
    found = [None]
    while found:
        found = claim.claim_due(gateway.parts, gateway.account(account), "owner", 0, 8).claimed
        for claimed in found:
            call.record(gateway.parts, (claimed, call.place(gateway.parts, claimed)))
    for _ in range(2):
        house.watch.turn()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("waits", "other"), [("main", "theirs"), ("theirs", "main")])
def test_a_pause_explains_no_late_call_of_the_other_account(house, how, waits, other):
    house.gateway.set_account("theirs", calls_per_s=0)
    house.wait_by(waits, how)
    house.gateway.alive()
    house.watch.turn()
    late_calls(house, other)
    assert house.ringing() == [("paused", paused_of(waits, how)), ("slow", "")]


def test_a_pause_explains_the_late_calls_of_its_own_account(house):
    house.wait_by("main", "by itself")
    house.gateway.alive()
    house.watch.turn()
    house.gateway.clock.forward(1)
    for n in range(10):
        house.lead_of("main", n)
    pauses.resume(house.gateway.parts, "main", "irina", "mended")
    house.watch.turn()
    late_calls(house, "main")
    assert ("slow", "") not in house.ringing()
