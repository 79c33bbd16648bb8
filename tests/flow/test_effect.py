"""What ringing many leads again would do: foreseen for all at once as it is for each by itself."""

from core.outcome import ACCEPTED, Outcome
from flow import effect, operate
from store import search
from tests.fakes import LOST, NO, YES

DEAR = Outcome(ACCEPTED, provider_id="77", http_status=200, reply=b"{}", price="4.35")


def foreseen(gateway, ids, **more):
    with gateway.store.read() as tx:
        return effect.of_rearm(gateway.parts, tx, search.leads_by_ids(tx, ids), **more)


def told(found):
    """Each lead's number with what was foreseen of it."""
    whys = {lead.no: reason.code for lead, reason in (*found.later, *found.never)}
    return whys | {lead.no: "now" for lead in found.now} | {lead.no: "settling" for lead, _ in found.settling}


def test_many_are_foreseen_as_each_by_itself(gateway, clock):
    gateway.alive()
    gateway.voice.outcomes = [DEAR, NO, LOST, NO, NO]
    ids = []
    for n, phone in enumerate(("79990000001", "79990000002", "79990000003", "79990000001", "79990000005", "")):
        ids.append(gateway.take({"id": str(n), "phone": phone}))
        gateway.work()
        clock.forward(60)
    with gateway.store.read() as tx:
        states = [lead.state for lead in search.leads_by_ids(tx, ids)]
    assert states == ["accepted", "refused", "unknown", "suppressed", "refused", "held"]
    seen = []
    for _ in range(2):
        seen.append(told(foreseen(gateway, ids)))
        apart = {}
        for one in ids:
            apart |= told(foreseen(gateway, [one]))
        assert seen[-1] == apart
        clock.forward(20 * 60)
    assert "settling" in seen[0].values()
    assert set(seen[1].values()) == {"now", "called_recently", "number_missing"}


def test_a_lead_whose_last_call_may_come_to_light_is_not_called_before(gateway, clock):
    gateway.alive()
    gateway.voice.outcomes = [LOST]
    lead = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    (pair,) = foreseen(gateway, [lead]).settling
    assert pair[1] > clock.at * 1000
    clock.at = pair[1] / 1000
    gateway.alive()
    assert [one.id for one in foreseen(gateway, [lead]).now] == [lead]
    gateway.voice.otherwise = YES
    operate.rearm(gateway.parts, lead, "Anna", "looked")
    gateway.work()
    assert gateway.lead(lead).state == "accepted"


def test_nobody_is_foreseen_for_nothing(gateway):
    assert foreseen(gateway, []) == effect.Effect()
