from flow import alarms
from tests.fakes import LOST

IVAN = {"id": "1", "phone": "+7 (999) 000-00-01"}


def names(gateway):
    return [(a.name, a.count, a.cleared is not None) for a in alarms.told(gateway.parts)]


def rows(gateway):
    from store import alarms as kept

    with gateway.store.read() as tx:
        return kept.ringing(tx)


def test_an_alarm_is_raised_once_counted_and_cleared(gateway):
    gateway.alive()
    gateway.voice.otherwise = LOST
    first = gateway.take(IVAN)
    gateway.work()
    alarms.keep(gateway.parts)
    raised = rows(gateway)["unknown_calls"]
    assert raised.count == 1
    second = gateway.take({"id": "2", "phone": "9990000002"})
    gateway.work()
    alarms.keep(gateway.parts)
    alarms.keep(gateway.parts)
    assert rows(gateway)["unknown_calls"].count == 2
    assert rows(gateway)["unknown_calls"].since == raised.since
    from flow import operate

    for lead in (first, second):
        operate.resolve(gateway.parts, lead, "anna", "seen in the panel")
    alarms.keep(gateway.parts)
    assert rows(gateway) == {}
    assert names(gateway) == [("unknown_calls", 2, True)]


def test_two_processes_raise_one_alarm(gateway):
    from store import alarms as kept

    found = [kept.Alarm("no_worker", "nobody", None, 1)]
    with gateway.store.write() as tx:
        assert kept.keep(tx, found, 1000) == (["no_worker"], [])
    with gateway.store.write() as tx:
        assert kept.keep(tx, found, 2000) == ([], [])
        assert kept.ringing(tx)["no_worker"].since == 1000
        assert kept.keep(tx, [], 3000) == ([], ["no_worker"])
        assert kept.keep(tx, [], 4000) == ([], [])
        assert [a.cleared for a in kept.cleared(tx, 0)] == [3000]


def test_no_worker_and_a_changed_database_ring(gateway):
    assert [name for name, *_ in names(gateway)] == ["no_worker"]
    gateway.alive()
    assert names(gateway) == []
    from store import epoch

    with gateway.store.write() as tx:
        epoch.suspect(tx, "another", 5000)
    assert names(gateway) == [("database_changed", 1, False)]
