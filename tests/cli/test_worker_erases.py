"""The worker lets old data fade beside its calls, and no more often than it should."""

from sqlalchemy import func, select, update

from cli.worker import Worker
from store.tables import leads
from tests.fakes import Clock


def test_it_erases_in_its_turn(gateway):
    lead = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    gateway.clock.forward(91 * 24 * 3600)
    Worker(gateway.parts).tend()
    assert gateway.lead(lead).erased_at is None
    Worker(gateway.parts, erase_every_ms=0).tend()
    assert gateway.lead(lead).erased_at is not None


def test_while_more_is_due_it_goes_on_at_the_next_look_and_then_rests(gateway):
    for n in range(60):
        gateway.take({"id": f"{n}", "phone": f"7999000{n:04}"})
    gateway.work()
    gateway.clock.forward(91 * 24 * 3600)
    ticks = Clock()
    worker = Worker(gateway.parts, clock=ticks)
    ticks.forward(60)
    for erased in (50, 60):
        worker.tend()
        assert how_many_are_erased(gateway) == erased
    gateway.take({"id": "late"})  # held, so that no call keeps it
    gateway.work()
    with gateway.store.write() as tx:
        tx.execute(update(leads).where(leads.c.erased_at.is_(None)).values(received_at=0))
    worker.tend()
    assert how_many_are_erased(gateway) == 60
    ticks.forward(60)
    worker.tend()
    assert how_many_are_erased(gateway) == 61


def how_many_are_erased(gateway):
    with gateway.store.read() as tx:
        return tx.execute(select(func.count()).where(leads.c.erased_at.is_not(None))).scalar_one()
