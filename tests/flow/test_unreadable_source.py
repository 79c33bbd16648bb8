"""A worker that cannot read one source's version leaves its leads to others, and rings everybody else's."""

import pytest

from core.overall import POLICY
from store import versions
from tests.fakes import SHOP


def newer_version(gateway, source: str) -> None:
    """As a later release writes it: this process cannot read it, and still has the version before."""
    with gateway.store.write() as tx:
        n = versions.newest(tx, source)
        versions.put_in_force(tx, source, "{of: [a later, release", after=n, who="later", now=gateway.store.now_ms(tx))
    gateway.parts.sources.refresh()


def test_its_leads_wait_untouched_and_the_others_ring(gateway):
    gateway.put("torn", SHOP)
    waiting = [gateway.take({"id": str(n), "phone": f"+7 999 {n:07d}"}, source="torn") for n in range(20)]
    newer_version(gateway, "torn")
    assert gateway.parts.readable() == ["shop"]
    stood = [gateway.lead(lead_id) for lead_id in waiting]
    others = [gateway.take({"id": str(n), "phone": f"+7 999 1{n:06d}"}) for n in range(3)]
    for _ in range(3):
        gateway.work()
        gateway.clock.forward(1)
    assert {gateway.lead(lead_id).state for lead_id in others} == {"accepted"}
    assert [gateway.lead(lead_id) for lead_id in waiting] == stood
    gateway.put("torn", SHOP)
    gateway.work()
    assert {gateway.lead(lead_id).state for lead_id in waiting} == {"accepted"}


class FilesThatDiffer:
    """A machine's files, of which some have not had their say yet."""

    def __init__(self, *names):
        self.broken, self.differing, self.names = {}, {}, names

    def has_file(self, name):
        return True

    def unsettled(self, standing):
        return self.names


@pytest.mark.parametrize("differs", ["shop", POLICY])
def test_nobody_is_rung_by_a_source_whose_file_has_not_had_its_say(gateway, differs):
    """Nor by any, where it is the policy's."""
    lead_id = gateway.take({"id": "1", "phone": "9990000001"})
    gateway.parts.sources.files = FilesThatDiffer(differs)
    gateway.work()
    assert (gateway.lead(lead_id).state, gateway.voice.asked) == ("received", [])
    gateway.parts.sources.files = FilesThatDiffer()
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
