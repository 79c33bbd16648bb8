"""The sign of life is one of work: a worker that lives and gets nothing done sends none, nor does a watch that nobody
hears."""

import pytest

from core.ports import Told
from flow import claim, decide, pauses, sweep, telling
from flow.watch import Watch
from tests.fakes import Stage
from tests.flow.test_telling import NOBODY as AN_ALARM
from tests.flow.test_telling import Phone, helped, ring, tell


class House:
    """A worker and a watch over one gateway, on the test's clock."""

    def __init__(self, gateway: Stage, worker, help_=None) -> None:
        self.gateway, self.worker, self.help = gateway, worker, help_ or helped()
        self.watch = Watch(gateway.parts, help_=self.help)

    def lead(self, n):
        return self.gateway.take({"id": str(n), "phone": f"+7999000000{n}"})

    def trouble_after(self, seconds):
        """Why there is no sign of life after so long, in which the worker has turned all the time."""
        for _ in range(seconds // 15):
            self.gateway.clock.forward(15)
            self.worker.turn()
            self.watch.turn()
            telling.send(self.gateway.parts, self.help)
        return self.watch.trouble()


@pytest.fixture
def house(gateway, hire):
    return House(gateway, hire(clock=gateway.clock))


def fails(*_, **__):
    raise RuntimeError("a bug of ours")


def test_a_worker_that_works_is_a_sign_of_life_also_where_no_lead_comes(house):
    assert house.trouble_after(120) == ""
    house.lead(1)
    assert house.trouble_after(120) == ""


def test_a_worker_whose_every_step_fails_is_none(house, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(decide, "decide_due", fails)
        broken.setattr(claim, "claim_due", fails)
        assert house.trouble_after(60) == ""  # nobody waits
        house.lead(1)
        assert house.trouble_after(90) == "leads are due and wait"
    assert house.trouble_after(15) == ""


def test_a_worker_whose_calls_all_hang_is_none(house):
    house.gateway.set_account(slots=1)
    house.worker._slots["main"].take(house.worker._slots["main"].free - 1)  # one is left
    house.lead(1)
    house.lead(2)
    with house.gateway.voice.line:
        assert house.trouble_after(120) == "leads are due and wait"
    house.worker.finish()


def test_calls_that_nobody_settles_are_none(house, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(sweep, "settle_lost", fails)
        with house.gateway.voice.line:
            house.lead(1)
            assert house.trouble_after(300) == "calls are not settled"
    house.worker.finish()


def test_what_a_person_paused_is_no_fault_of_the_machine(house):
    pauses.pause(house.gateway.parts, "main", "irina", "holiday")
    house.lead(1)
    assert house.trouble_after(300) == ""


def test_alarms_that_reach_nobody_are_no_sign_of_life(gateway, hire):
    deaf = Phone()
    deaf.answers = [Told(False, "HTTP 500")] * 1000
    house = House(gateway, hire(clock=gateway.clock), helped(deaf))
    gateway.alive()
    ring(gateway, AN_ALARM)
    tell(gateway, house.help)
    assert house.trouble_after(600) == "no channel gets an alarm out"
    deaf.answers.clear()
    assert house.trouble_after(1200) == ""
    assert deaf.came != []
