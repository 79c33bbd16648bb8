"""A running worker and versions that come into force while leads wait."""

import pytest

from config.load import from_text
from flow import decide
from flow.in_force import InForce
from store import versions as sources
from tests.fakes import SHOP

IVAN = {"id": "1", "phone": "+7 999 000-00-01"}


@pytest.fixture
def worker(gateway, hire):
    gateway.clock.forward(12 * 3600)  # midnight in Moscow
    return hire()


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


def test_the_first_lead_of_a_source_that_the_worker_has_not_read_yet_is_not_held(gateway, worker):
    other = InForce(gateway.store, from_text)
    gateway.parts.sources, worker_knows = other, gateway.parts.sources
    gateway.put("new", SHOP)  # taken by a web process, which also takes its first lead
    lead_id = gateway.take(IVAN, source="new")
    gateway.parts.sources = worker_knows
    assert gateway.parts.sources.get("new") is None
    while decide.decide_due(gateway.parts, 1):
        continue
    assert gateway.lead(lead_id).state == "received"
    gateway.clock.forward(1)
    turns(worker)
    assert gateway.lead(lead_id).state == "ready"


def test_a_source_switched_on_again_is_not_held_by_a_worker_that_still_knows_it_as_off(gateway, worker):
    gateway.put("shop", SHOP + "enabled: false\n")
    gateway.put("shop", SHOP, refresh=False)
    lead_id = gateway.take(IVAN)
    while decide.decide_due(gateway.parts, 1):
        continue
    assert gateway.lead(lead_id).state == "received"
