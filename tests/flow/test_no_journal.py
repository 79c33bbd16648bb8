"""A journal that cannot be written rings nobody, is said, and costs no lead its tries. A missing epoch is said, too."""

import contextlib
import errno
import os
import shutil

import pytest

from cli.worker import POLL_MS, Worker
from core.outcome import NOT_SENT, Outcome
from flow import operate
from flow.watch import Watch
from store import alarms as kept
from store import workers
from store.engine import StoreUnavailable
from store.journal import Journal
from store.tables import epoch
from tests.fakes import YES


class FullDisk(Journal):
    """Of a disk on which no new file can be begun, until it is `mended`."""

    mended = False

    def _new_file(self):
        if not self.mended:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super()._new_file()

    def _opened(self, name):
        if not self.mended and "room-for-a-line" in name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super()._opened(name)


def a_full_disk(gateway):
    journal = gateway.parts.journal = FullDisk(gateway.parts.journal.directory)
    return lambda: setattr(journal, "mended", True)


def no_directory(gateway):
    """A file stands where the directory should be."""
    directory = gateway.parts.journal.directory
    shutil.rmtree(directory, ignore_errors=True)
    directory.write_text("")
    return directory.unlink


def tends(worker):
    with contextlib.suppress(OSError):
        worker.tend()


def tended(gateway):
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        workers.check_in(tx, "worker", "run", 1, now, gateway.parts.journal.problem)
    with gateway.store.read() as tx:
        return workers.unwritable_journals(tx, now - 30_000, now)


def test_what_was_not_sent_by_our_own_fault_does_not_count_against_the_lead(gateway):
    for how in ("journal", "unproven_commit"):
        gateway.voice.outcomes = [Outcome(NOT_SENT, how)] * 9
        lead_id = gateway.take({"id": how, "phone": "+7 999 000-00-01"})
        for _ in range(9):
            gateway.work()
            assert (gateway.lead(lead_id).state, gateway.lead(lead_id).tries) == ("ready", 0)
            gateway.clock.forward(7)
        gateway.work()
        assert gateway.lead(lead_id).state == "accepted"
        gateway.clock.forward(40 * 24 * 3600)


@pytest.mark.parametrize("trouble", [a_full_disk, no_directory])
def test_a_journal_that_cannot_be_written_is_told_until_it_can_and_holds_no_lead(gateway, trouble):
    mend = trouble(gateway)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.work()
    assert gateway.voice.asked == []
    assert (gateway.lead(lead_id).state, gateway.lead(lead_id).tries) == ("ready", 0)
    ((_, why),) = tended(gateway).items()
    assert why
    mend()
    gateway.clock.forward(7)
    gateway.voice.otherwise = YES
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
    assert tended(gateway) == {}


@pytest.mark.parametrize("trouble", [a_full_disk, no_directory])
def test_a_journal_that_heals_while_nothing_is_due_is_well_again_within_a_second(gateway, trouble):
    worker, watch = Worker(gateway.parts), Watch(gateway.parts)
    worker.tend()
    mend = trouble(gateway)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    gateway.work()
    operate.cancel(gateway.parts, lead_id, "anna", "rung by hand")
    gateway.clock.forward(90)
    tends(worker)
    for _ in range(5):
        watch.turn()
        gateway.clock.forward(15)
        tends(worker)
    watch.turn()
    with gateway.store.read() as tx:
        # Where it cannot even be read nobody knows which database this is: then nothing at all is done on it.
        found = {kind for kind, _ in kept.ringing(tx)}
        assert found == ({"journal_unwritable", "no_worker"} if trouble is a_full_disk else {"no_worker"})
    mend()
    worker.tend()
    watch.turn()
    with gateway.store.read() as tx:
        assert set(kept.ringing(tx)) == set()
        assert workers.last_able(tx, gateway.store.now_ms(tx)) == gateway.store.now_ms(tx)


def test_claims_whose_mark_cannot_be_raised_say_so_until_it_can(gateway, monkeypatch):
    if not gateway.store.is_sqlite:
        pytest.skip("only a SQLite file has a mark beside it")
    worker = Worker(gateway.parts)
    lead_id = gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    with monkeypatch.context() as broken:
        broken.setattr("store.journal.os.pwrite", failing)
        gateway.work()
        worker.tend()
        assert gateway.voice.asked == []
        with gateway.store.read() as tx:
            assert list(workers.unwritable_journals(tx, 0, gateway.store.now_ms(tx)).values()) == ["Input/output error"]
    gateway.clock.forward(7)
    worker.tend()
    with gateway.store.read() as tx:
        assert workers.unwritable_journals(tx, 0, gateway.store.now_ms(tx)) == {}
    gateway.work()
    assert gateway.lead(lead_id).claims > 1
    assert len(gateway.voice.asked) == 1


def failing(*_):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_worker_without_an_epoch_says_what_to_do_and_does_not_spin(gateway):
    with gateway.store.write() as tx:
        tx.execute(epoch.delete())
    gateway.take({"id": "1", "phone": "+7 999 000-00-01"})
    worker = Worker(gateway.parts)
    with pytest.raises(StoreUnavailable, match="flask release"):
        worker.turn()
    assert worker._guarded(worker.turn) == POLL_MS
    assert gateway.voice.asked == []
