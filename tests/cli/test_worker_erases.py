"""The worker lets old data fade beside its calls, and no more often than it should."""

from cli.worker import Worker


def test_it_erases_in_its_turn(gateway):
    lead = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    gateway.clock.forward(91 * 24 * 3600)
    Worker(gateway.parts).tend()
    assert gateway.lead(lead).erased_at is None
    Worker(gateway.parts, erase_every_ms=0).tend()
    assert gateway.lead(lead).erased_at is not None
