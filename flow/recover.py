"""When the database is not the one we knew: what the journals know comes back before anybody claims.

The database forgot calls (a stale standby promoted, a backup put back, a clone). Every worker compares
the journals of its run directory with the database; the last one opens the new epoch. Journals that
are lost are waited for 30 s; then what was due is held for a person.
"""

import errno
import itertools
from collections.abc import Iterator, Sequence

from core import decision, ended, states
from core.outcome import UNKNOWN, Outcome
from core.ports import Call
from core.reason import Reason
from flow import wishes
from flow.gateway import Gateway
from store import attempts, epoch, leads, workers
from store.attempts import Attempt
from store.engine import StoreUnavailable, Tx
from store.epoch import Epoch
from store.journal import Entry

WENT_BACK = Outcome(
    UNKNOWN, how="store_went_back", error="the database was replaced by one that had forgotten this call"
)
GRACE_MS = 3_000  # on several machines: until every running worker has noticed
LOST_MS = 30_000
REST_MS = 1_000  # between tries where the database still does not know what it should
BATCH = 500
REPLACED = "the run directory is another one than this worker began with: start the worker anew"


def recover(gateway: Gateway, worker_id: str) -> int:
    """Bring back what the journals know. 0 when the epoch is open, else the milliseconds until to ask again. Raises
    OSError where the run directory is none to compare with; who looks at the worker is told of that."""
    try:
        return _recover(gateway, worker_id)
    except OSError as why:
        gateway.journal.note(why)
        raise


def _recover(gateway: Gateway, worker_id: str) -> int:
    if gateway.journal.is_replaced():
        raise OSError(errno.ESTALE, REPLACED)
    with gateway.journal.recovering():
        with gateway.store.read() as tx:
            seen = epoch.read(gateway.store, gateway.journal, tx)
        if gateway.journal.served(seen.store) != seen.found:
            _catch_up(gateway, seen, worker_id)
        with gateway.store.write() as tx:
            now = gateway.store.now_ms(tx)
            seen = epoch.read(gateway.store, gateway.journal, tx)
            if epoch.is_ours(gateway.store, gateway.journal, seen):
                epoch.open_next(tx, seen, now)  # what was missing has come back: nothing is suspect any more
                return 0
            epoch.suspect(tx, seen.found, now)
            _miss_neighbours(gateway, tx)
            workers.check_in(tx, worker_id, gateway.journal.run_id(), now, now, gateway.journal.problem)
        gateway.log.error("database_changed", expected=seen.identity, found=seen.found, worker=worker_id)
        _catch_up(gateway, seen, worker_id)
        return _open(gateway, worker_id)


def _miss_neighbours(gateway: Gateway, tx: Tx) -> None:
    """Machines that joined after the backup that this database is: their journals are waited for, too."""
    if not gateway.store.is_sqlite:
        seen = epoch.read(gateway.store, gateway.journal, tx)
        workers.miss(tx, gateway.neighbours.noted(seen.store), seen.alive_at, gateway.store.now_ms(tx))


def _catch_up(gateway: Gateway, seen: Epoch, worker_id: str) -> None:
    """Whatever this run directory knows is known to this database, and the two belong together from now on."""
    brought = _compare(gateway, seen)
    said_again = wishes.bring_back(gateway)
    gateway.journal.serve(seen.store, seen.found)
    gateway.log.error("journals_compared", brought_back=brought, said_again=said_again, worker=worker_id)


def _compare(gateway: Gateway, seen: Epoch) -> int:
    """Every line that is kept, however old: clocks are set back, and a worker may have slept since its last call."""
    brought = 0
    for entries in _batches(gateway, seen.store):
        with gateway.store.read() as tx:
            gone = epoch.forgotten(tx, entries)
        if not gone:
            continue
        gone.sort(key=lambda entry: entry.lead)  # leads are locked in the order of their ids, by whoever locks several
        try:
            brought += _bring_back(gateway, gone)
        except StoreUnavailable:
            raise
        except Exception:
            gateway.log.exception("brought_back_one_by_one")
            brought += sum(_by_itself(gateway, entry) for entry in gone)
    return brought


def _bring_back(gateway: Gateway, gone: Sequence[Entry]) -> int:
    with gateway.store.write(lock_ms=0, statement_ms=0) as tx:
        now = gateway.store.now_ms(tx)
        return sum(bring_back(tx, entry, now) for entry in gone)


def _by_itself(gateway: Gateway, entry: Entry) -> int:
    """One that cannot be brought back stops no other: its number and event are guarded, its lead waits for a person."""
    try:
        return _bring_back(gateway, [entry])
    except StoreUnavailable:
        raise
    except Exception:
        gateway.log.exception("not_brought_back", lead=entry.lead, attempt=entry.attempt)
    with gateway.store.write() as tx:
        epoch.remember(tx, entry)
        lead = leads.get(tx, entry.lead, lock=True)
        if lead is not None and lead.state in states.WAITING:
            leads.apply(tx, lead, decision.hold(Reason("may_have_rung")), at=gateway.store.now_ms(tx))
    return 1


def _batches(gateway: Gateway, store_id: str) -> Iterator[list[Entry]]:
    """What the run directory knows of this database, and this process itself where its file is gone."""
    last = gateway.journal.last
    own = [last] if last is not None and last.store == store_id else []
    entries = itertools.chain(gateway.journal.entries(store_id), own)
    while batch := list(itertools.islice(entries, BATCH)):
        yield batch


def bring_back(tx: Tx, entry: Entry, now: int) -> bool:
    """Make the database know of a call again; False when it does.

    Its lead's round and count of claims rise to what they were, whatever became of the lead: a later rearm
    must not begin a round that has rung."""
    if not epoch.forgotten(tx, [entry]):
        return False
    lead = leads.get(tx, entry.lead, lock=True)
    if lead is None or not lead.number:
        epoch.remember(tx, entry)
    if lead is None:
        return True
    n = attempts.counts(tx, [lead.id]).get(lead.id, 0) + 1
    move = ended.brought_back(lead, n, entry.round, WENT_BACK)
    if attempts.may_have_rung(tx, lead.id, entry.round):
        if lead.number:
            epoch.remember(tx, entry)
        move = None
    else:
        call = Call(lead.number or "", entry.script)
        attempt = Attempt(entry.attempt, lead.id, n, entry.round, entry.account, call, entry.at, entry.source)
        attempts.open_all(tx, [attempt], "journal", entry.at)
        attempts.close(tx, attempt.id, WENT_BACK, now)
    leads.apply(tx, lead, move or ended.counted_again(lead, entry.round), at=now)
    return True


def _open(gateway: Gateway, worker_id: str) -> int:
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        seen = epoch.read(gateway.store, gateway.journal, tx)
        epoch.recovered(tx, worker_id, seen.found)
        missing = epoch.missing_runs(tx, seen)
        wait = 0 if gateway.store.is_sqlite else seen.suspect_since + (LOST_MS if missing else GRACE_MS) - now
        if wait > 0:
            return min(1_000, wait)
        before = epoch.until_loss(tx, seen.suspect_since or now)
    if missing:
        gateway.log.error("journals_lost", runs=len(missing))
        _hold_waiting(gateway, before)
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        seen = epoch.read(gateway.store, gateway.journal, tx)
        if missing:
            epoch.calls_are_lost(tx, before)
            workers.forget_runs(tx, missing)
        epoch.raise_claims(tx, gateway.journal.highest(seen.store))
        if epoch.open_next(tx, seen, now):
            gateway.log.error("epoch_opened", identity=seen.found)
        seen = epoch.read(gateway.store, gateway.journal, tx)
        return 0 if epoch.is_ours(gateway.store, gateway.journal, seen) else REST_MS


def _hold_waiting(gateway: Gateway, before: int) -> None:
    """What was due may have rung before the database changed, and the journal that knew is lost."""
    while True:
        with gateway.store.write() as tx:
            now = gateway.store.now_ms(tx)
            waiting = epoch.waiting_leads(tx, before, BATCH)
            for lead_id in sorted(waiting):
                lead = leads.get(tx, lead_id, lock=True)
                if lead is not None and lead.state in states.WAITING:
                    leads.apply(tx, lead, decision.hold(Reason("may_have_rung")), at=now)
        if len(waiting) < BATCH:
            return
