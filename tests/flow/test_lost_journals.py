"""What a database forgot, where it lies in a rearm, in another round, in a journal that is gone; on both databases."""

import pytest
from sqlalchemy import update

from flow import bulk, operate, recover, sweep
from store import alarms, epoch, leads, versions, workers
from store.epoch import OtherDatabase
from store.queries import Wanted
from store.tables import alarms as alarm_rows
from store.tables import refused_proofs
from store.tables import workers as worker_rows
from tests.fakes import LOST
from tests.flow.test_recover import ALWAYS, PEOPLE, keep, path, rung, sqlite, went_back, work  # noqa: F401

MINUTE, DAY = 60, 24 * 3600


def becomes_another(gateway):
    """As if another server had been promoted: everything else is as it was."""
    with gateway.store.write() as tx:
        tx.execute(update(epoch.epoch).values(identity="another"))


def open_anew(gateway, clock, worker="w1"):
    """The new epoch, after however many waits."""
    with pytest.raises(OtherDatabase):
        gateway.claim()
    for _ in range(60):
        rest = recover.recover(gateway.parts, worker)
        if not rest:
            return
        clock.forward(rest / 1000)
    raise AssertionError("the new epoch was never opened")


def seen_last(gateway, worker, run, seconds_ago):
    with gateway.store.write() as tx:
        at = gateway.store.now_ms(tx) - seconds_ago * 1000
        workers.check_in(tx, worker, run, at, at)


def suspected(gateway):
    with gateway.store.read() as tx:
        return epoch.suspect_since(tx)


def test_a_rearm_that_a_restored_database_forgot_stops_neither_the_next_rearm_nor_anybody_else(sqlite, path, tmp_path):  # noqa: F811
    sqlite.put("shop", ALWAYS)
    lead_id = sqlite.take(PEOPLE[0])
    sqlite.voice.outcomes = [LOST]
    sqlite.work()
    keep(sqlite, path, tmp_path / "copy.db")
    sqlite.clock.forward(20 * MINUTE)
    operate.rearm(sqlite.parts, lead_id, "anna", "looked")
    sqlite.work()
    went_back(sqlite, path, tmp_path / "copy.db")
    other = sqlite.take(PEOPLE[1])
    work(sqlite)
    lead = sqlite.lead(lead_id)
    assert (lead.round, lead.claims, lead.state) == (2, 2, "unknown")
    sqlite.clock.forward(20 * MINUTE)
    operate.rearm(sqlite.parts, lead_id, "anna", "looked again")
    last = sqlite.take(PEOPLE[2])
    sqlite.work()
    assert {sqlite.lead(one).state for one in (lead_id, other, last)} == {"accepted"}
    assert rung(sqlite).count("79990000000") == 3


def test_a_lead_whose_claim_breaks_stops_nobody_and_waits_for_a_person(gateway):
    """A row that no code of ours would write: an attempt of the round that the lead is about to begin."""
    first = gateway.take(PEOPLE[0])
    gateway.work()
    with gateway.store.write() as tx:
        tx.execute(update(leads.leads).where(leads.leads.c.id == first).values(state="ready", urgent=1))
    others = [gateway.take(one) for one in PEOPLE[1:3]]
    gateway.work()
    assert {gateway.lead(one).state for one in others} == {"accepted"}
    assert (gateway.lead(first).state, gateway.lead(first).reason) == ("held", "mapping_error")
    assert len(rung(gateway)) == 3


def test_a_worker_of_a_month_ago_does_not_hold_what_waits_at_each_restart(gateway, clock):
    seen_last(gateway, "old", "its run", 30 * DAY)
    gateway.alive("w1")
    for person in PEOPLE[:2]:
        lead_id = gateway.take(person)
        becomes_another(gateway)
        open_anew(gateway, clock)
        gateway.work()
        assert gateway.lead(lead_id).state == "accepted"


def test_a_run_that_is_lost_is_settled_once(gateway, clock):
    seen_last(gateway, "gone", "its run", 5)
    first = gateway.take(PEOPLE[0])
    becomes_another(gateway)
    open_anew(gateway, clock)
    second = gateway.take(PEOPLE[1])
    becomes_another(gateway)
    open_anew(gateway, clock)
    gateway.work()
    assert (gateway.lead(first).reason, gateway.lead(second).state) == ("may_have_rung", "accepted")


def test_a_worker_that_vanished_before_the_failover_took_its_time_is_still_missed(gateway, clock):
    """Its last moment is told by when anybody last looked, not by when the others came back."""
    gateway.alive("w1")
    seen_last(gateway, "gone", "its run", 5)
    lead_id = gateway.take(PEOPLE[0])
    clock.forward(20 * MINUTE)  # the database is away
    becomes_another(gateway)
    open_anew(gateway, clock)
    assert gateway.lead(lead_id).reason == "may_have_rung"


def test_a_lost_journal_is_still_missed_where_the_database_is_replaced_again_before_its_epoch_is_open(gateway, clock):
    """Those that are left have looked at it meanwhile, and not as the one they knew."""
    if gateway.store.is_sqlite:
        pytest.skip("a file's epoch is opened at once: nobody has to be waited for")
    lead_id = gateway.take(PEOPLE[0])
    seen_last(gateway, "gone", "another-machine", 0)
    clock.forward(6 * 60 * MINUTE)
    becomes_another(gateway)
    with pytest.raises(OtherDatabase):
        gateway.claim()
    assert recover.recover(gateway.parts, "w1") > 0
    with gateway.store.write() as tx:
        tx.execute(update(epoch.epoch).values(identity="a third", suspect="another"))
    open_anew(gateway, clock)
    assert (gateway.lead(lead_id).state, gateway.lead(lead_id).reason) == ("held", "may_have_rung")


def test_what_was_held_when_a_journal_was_lost_is_rung_by_no_repeat_and_by_nothing_done_to_many(gateway, clock):
    """The database forgot that the lead was corrected and rung; its sender posts again."""
    gateway.put("shop", ALWAYS)
    corrected = gateway.take({"id": "1", "phone": "none yet"})
    mended = gateway.take({"id": "2", "phone": "none either"})
    gateway.work()
    seen_last(gateway, "gone", "its run", 5)
    becomes_another(gateway)
    open_anew(gateway, clock)
    gateway.post({"id": "1", "phone": "9990000001"})
    gateway.put("shop", ALWAYS.replace("field: phone", 'field: "phone || id"'))
    done = bulk.carry_out(gateway.parts, bulk.plan(gateway.parts, Wanted(state="held"), "remap"), "remap", "anna", "ok")
    assert (done.changed, len(done.refused)) == (0, 2)
    gateway.work()
    assert rung(gateway) == []
    assert gateway.lead(corrected).reason == "may_have_rung"
    gateway.put("shop", ALWAYS)
    operate.remap(gateway.parts, corrected, "anna", "looked in the panel")
    gateway.work()
    assert (rung(gateway), gateway.lead(mended).state) == (["79990000001"], "held")


def forget_the_call(gateway):
    """The rows as they were before the call, put back into the same server; the epoch's row stays."""
    with gateway.store.write() as tx:
        for statement in (
            "DELETE FROM attempts",
            "DELETE FROM number_locks",
            "DELETE FROM history WHERE n > 2",
            "UPDATE leads SET state = 'ready', history_n = 2, claims = 0",
        ):
            tx.exec_driver_sql(statement)


def test_a_worker_that_wakes_long_after_compares_its_own_last_call_whatever_its_age(gateway, clock):
    slept = gateway.take(PEOPLE[0])
    gateway.work()
    forget_the_call(gateway)
    clock.forward(3 * 3600)
    with gateway.store.write() as tx:  # another worker has called meanwhile, and this one's file is gone
        leads.apply(tx, leads.get(tx, slept), recover.decision.hold(recover.Reason("source_off")), at=1)
    for file in gateway.parts.journal.directory.glob("journal-*"):
        file.unlink()
    open_anew(gateway, clock)
    assert gateway.lead(slept).reason == "store_went_back"
    gateway.work()
    assert len(rung(gateway)) == 1


def test_a_restore_in_place_is_said_and_then_over(gateway, clock):
    gateway.take(PEOPLE[0])
    gateway.work()
    forget_the_call(gateway)
    with pytest.raises(OtherDatabase):
        gateway.claim()
    rest = recover.recover(gateway.parts, "w1")
    assert suspected(gateway) or not rest
    while rest:
        clock.forward(rest / 1000)
        rest = recover.recover(gateway.parts, "w1")
    assert suspected(gateway) is None


def test_clocks_set_back_hide_no_call_from_the_comparison(sqlite, path, tmp_path):  # noqa: F811
    sqlite.clock.forward(DAY)
    sqlite.take(PEOPLE[0])
    sqlite.work()
    sqlite.clock.forward(-DAY)
    lead_id = sqlite.take(PEOPLE[1])
    keep(sqlite, path, tmp_path / "copy.db")
    sqlite.work()
    went_back(sqlite, path, tmp_path / "copy.db")
    work(sqlite)
    assert (len(rung(sqlite)), sqlite.lead(lead_id).reason) == (2, "store_went_back")


def test_old_rows_of_workers_alarms_and_refused_proofs_go(gateway):
    hundred_days = 100 * DAY
    seen_last(gateway, "old", "its run", hundred_days)
    gateway.alive("w1")
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        for at in (now - hundred_days * 1000, now):
            versions.count_refused(tx, "shop", at, "wrong", 1)
            alarm = {"kind": "backlog", "severity": "page", "text": "", "value": 1, "since": at, "raised_at": at}
            tx.execute(alarm_rows.insert().values(**alarm, subject=str(at), cleared_at=at))
    sweep.forget_old(gateway.parts)
    with gateway.store.read() as tx:
        left = [len(tx.execute(table.select()).all()) for table in (worker_rows, alarm_rows, refused_proofs)]
        assert (left, len(alarms.cleared(tx, 0))) == ([1, 1, 1], 1)
