"""A running worker and versions that come into force while leads wait."""

import pytest

from cli.worker import Worker
from store import sources
from tests.fakes import SHOP

IVAN = {"id": "1", "phone": "+7 999 000-00-01"}


@pytest.fixture
def worker(gateway):
    gateway.clock.forward(12 * 3600)  # midnight in Moscow
    return Worker(gateway.house, 1)


def turns(worker, count=4):
    worker.tend()
    for _ in range(count):
        worker.turn()


def test_a_night_lead_is_mapped_again_by_a_new_version(gateway, worker):
    lead_id = gateway.take(IVAN)
    turns(worker)
    assert gateway.lead(lead_id).state == "ready"
    gateway.put("shop", SHOP.replace("Заявка", "Утро"), refresh=False)
    turns(worker)
    assert (gateway.lead(lead_id).state, gateway.lead(lead_id).script) == ("ready", "Утро")
    assert gateway.voice.asked == []


def test_a_removed_sources_waiting_leads_are_held_at_once(gateway, worker):
    lead_id = gateway.take(IVAN)
    turns(worker)
    with gateway.store.write() as tx:
        assert sources.remove(tx, "shop", who="anna", why="closed", now=1)
    turns(worker)
    assert (gateway.lead(lead_id).state, gateway.lead(lead_id).reason) == ("held", "source_off")


def test_a_version_that_another_thread_read_first_is_not_missed(gateway, worker):
    lead_id = gateway.take(IVAN)
    turns(worker)
    gateway.put("shop", SHOP.replace("Заявка", "Утро"))
    turns(worker)
    assert gateway.lead(lead_id).script == "Утро"
