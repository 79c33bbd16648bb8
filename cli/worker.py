"""`flask worker`: the loop that maps, claims, calls and records. Any number of workers share a database."""

import errno
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import click
from flask.cli import with_appcontext

from cli.askers import Askers
from cli.context import fail, wired_gateway
from cli.interrupted import Stop
from config import logs
from core import outcome as outcomes
from core.ports import Account
from flow import call, caps, claim, decide, erase, recover, sweep, wishes
from flow.gateway import Gateway
from flow.set_back import SetBack
from flow.worker_sight import Sight
from store import epoch, migrate, todo, workers
from store.engine import StoreUnavailable
from store.epoch import OtherDatabase
from store.ids import new_id
from store.todo import ToDo

POLL_MS = 1_000
LOOK_MS = 250
PASSED_BY_MS = 100  # for a lead that came while a claim looked; the next one takes it
ERASE_MS = 60_000  # old data fades a batch at a time
PROCESSES = 3  # two web processes and a worker, as they come
FULL = (errno.ENOSPC, errno.EDQUOT)  # heals without a restart
QUESTION_MS = 2_000  # for what a CRM is being asked while the worker ends; nothing is lost by leaving it


class Slots:
    """The calls of one account that this worker may have in flight, and the threads that place them. An accepted call
    is in flight no more: while it is recorded, the next may start. As many may be recorded at once as be in flight."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.pool = ThreadPoolExecutor(2 * account.slots, f"call-{account.name}")
        self.wanted = False  # a lead waits until a call ends
        self.idle = False  # the last look found nothing that is due
        self.over: frozenset[str] = frozenset()  # attempts whose calls were accepted, and are not recorded yet
        self._free, self._lock = account.slots, threading.Lock()

    @property
    def free(self) -> int:
        return self._free

    def take(self, count: int) -> None:
        with self._lock:
            self._free -= count

    def ended(self, attempt: str) -> bool:
        """Give the slot of an accepted call back before it is recorded; False where too many are not recorded yet."""
        with self._lock:
            if len(self.over) == self.account.slots:
                return False
            self.over |= {attempt}
            self._free += 1
        return True

    def recorded(self, attempt: str) -> bool:
        """Give the slot back after it was recorded; False where it was given back before."""
        with self._lock:
            if attempt in self.over:
                self.over -= {attempt}
                return False
            self._free += 1
        return True


class Worker:
    """One worker process; each account has slots of its own in it, so that one whose calls hang keeps no other waiting.
    `run` returns after `stop`, when what it held is finished and recorded. `clock`: seconds that only go forward."""

    def __init__(
        self, gateway: Gateway, erase_every_ms: int = ERASE_MS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.id = new_id()
        self._gateway, self._clock = gateway, clock
        self._slots = {name: Slots(account) for name, account in gateway.accounts.items()}
        self._askers = Askers(gateway)
        self._sight = Sight(gateway)
        self._stopping = Stop()
        self._recorder = call.Recorder(gateway, self._stopping)
        self._set_back = SetBack(gateway, self._ms)
        self._tended_at = 0
        self._erased_at, self._erase_every_ms = self._ms(), erase_every_ms
        self._turn = 0
        self._more, self._looked_at = True, 0  # leads to be mapped, and when we last looked for one
        self._none_left = False  # a claim of this turn has seen that there are none
        self._seen: ToDo | None = None  # what there was to do at `_seen_at`
        self._seen_at = 0
        self._started_at = 0
        self._redo: list[str] = []

    def stop(self, *_: Any) -> None:
        self._stopping.set()
        self._gateway.bell.poke()

    def run(self) -> None:
        self._gateway.bell.listen()
        self._gateway.ticker.start(all_at_once=True)  # no file has had its say before that: nobody is rung by it
        self._askers.start()
        self._gateway.log.info("worker_started", worker=self.id)
        rung = True  # leads may wait to be mapped
        while not self._stopping.is_set():
            rest = self._guarded(partial(self.turn, rung))
            rung = self._gateway.bell.wait(rest)
        self.finish()
        self._askers.stop(QUESTION_MS)
        self._guarded(self._check_out)
        self._gateway.bell.close()
        self._gateway.log.info("worker_ended", worker=self.id)

    def finish(self) -> None:
        """Wait until what is on the wire is finished and recorded. No turn may follow."""
        for slots in self._slots.values():
            slots.pool.shutdown(wait=True)

    def turn(self, rung: bool = True) -> int:
        """Every step once; the milliseconds to rest, 0 to go on right away. `rung`: a lead may have come."""
        if self._ms() - self._tended_at >= POLL_MS:
            self.tend()
        self._askers.nudge()
        if self._redo and not self._beside(lambda: sweep.redo_next(self._gateway, self._redo[0]), False):
            self._redo.pop(0)
        told = rung or self._more
        asks = told or self._ms() - self._looked_at >= LOOK_MS
        looks = told or (asks and self._is_due())
        calls = [partial(self._call_due, slots) for slots in self._slots.values() if looks or not slots.idle]
        self._none_left = False
        rests = [self._beside(call_due, POLL_MS) for call_due in calls]
        go_on = bool(self._redo) or (looks and 0 not in rests and self._beside(self._decide_due, False))
        return 0 if go_on else min([POLL_MS if asks else LOOK_MS, *rests])

    def _look(self) -> ToDo:
        self._seen, self._seen_at = todo.look(self._gateway.store, list(self._slots)), self._ms()
        return self._seen

    def _is_due(self) -> bool:
        """Whether any lead is due for which nobody rang; asked a few times a second."""
        seen = self._seen if self._seen and self._ms() - self._seen_at < LOOK_MS else self._look()
        self._looked_at = self._ms()
        return seen.is_due

    def _decide_due(self) -> bool:
        """Map what no claim took; whether there was anything. It looks when rung, after each lead it found, and a few
        times a second, unless a claim has seen that none is left. What came a moment ago is left to the claim that it
        rings for: mapped here, it would cost a commit more, and half of the leads would be, at fifty a second on
        PostgreSQL (measured)."""
        self._looked_at, self._more = self._ms(), not self._none_left
        self._more = self._more and decide.decide_due(self._gateway, since_ms=PASSED_BY_MS)
        return self._more

    def tend(self) -> None:
        """Once a second: say that we live and can ring, look for new versions, settle what is overdue, look whether
        caps have room again. Raises OtherDatabase where this is not the database we knew: then that comes first."""
        store, journal = self._gateway.store, self._gateway.journal
        seen = self._look()
        self._beside(partial(self._set_back.look, seen), None)
        beside = [*workers.unsynced(store), *workers.runs(store)]
        with store.write(along=[*beside, *epoch.asks(store, journal)]) as tx:
            now, told = store.now_ms(tx), store.told(tx)
            ours = epoch.of(store, told[len(beside) :])
            epoch.check(store, journal, ours)
            journal.try_again()  # of a database that is not ours the recovery says whether it can be written
            self._started_at = self._started_at or now
            workers.check_in(tx, self.id, journal.run_id(), self._started_at, now, journal.problem)
            self._gateway.clock.tell(tx, now)
            self._sight.tell(tx, now)
        if beside:
            self._beside(partial(self._gateway.neighbours.note, ours.store, dict(told[len(beside) - 1])), None)
        self._beside(partial(wishes.look, self._gateway), None)
        steps: list[Callable[[], Any]] = [self._refresh]
        if sweep.is_lost(seen.deadline, now):
            steps.append(partial(sweep.settle_lost, self._gateway))
        if seen.reached:
            steps.append(partial(caps.look_again, self._gateway))
        if self._ms() - self._erased_at >= self._erase_every_ms and self._set_back.may_forget():
            steps += [self._erase, partial(sweep.forget_old, self._gateway)]
        for step in steps:
            self._beside(step, None)
        self._tended_at = self._ms()

    def _erase(self) -> None:
        """A batch of what is old; the next one comes after a while, or at the next look while more is due."""
        self._erased_at = self._ms()
        if erase.erase_old(self._gateway):
            self._erased_at -= self._erase_every_ms

    def _refresh(self) -> None:
        self._gateway.sources.refresh()
        self._redo += [name for name in self._gateway.sources.changed() if name not in self._redo]

    def _beside(self, step: Callable[[], Any], otherwise: Any) -> Any:
        """A step that the others do not wait for: a bug in it is said, and stops none of them."""
        try:
            return step()
        except (StoreUnavailable, OtherDatabase):
            raise
        except Exception:
            self._gateway.log.exception("step_failed")
            return otherwise

    def _call_due(self, slots: Slots) -> int:
        """Claim what may ring now; the milliseconds until the next look, 0 to look again right away."""
        slots.wanted = True
        if not slots.free:
            return POLL_MS  # a call that ends pokes the bell
        found = claim.claim_due(self._gateway, slots.account, self.id, self._turn, slots.free, slots.over)
        slots.take(len(found.claimed))
        self._turn += len(found.claimed)
        for claimed in found.claimed:
            slots.pool.submit(self._place, slots, claimed)
        self._none_left = self._none_left or found.none_left
        slots.wanted = found.full
        slots.idle = not found.more and found.rest_ms is None
        if found.more:
            return found.rest_ms or 0
        return POLL_MS if found.rest_ms is None else found.rest_ms

    def _place(self, slots: Slots, claimed: claim.Claimed) -> None:
        attempt = claimed.attempt.id
        try:
            outcome = call.place(self._gateway, claimed)
            if outcome.kind == outcomes.ACCEPTED and slots.ended(attempt):
                self._wake(slots)
            self._recorder.record_surely(claimed, outcome)
        except Exception:
            self._gateway.log.exception("call_failed", lead=claimed.lead.id)
        finally:
            if slots.recorded(attempt):
                self._wake(slots)

    def _wake(self, slots: Slots) -> None:
        if slots.wanted:
            self._gateway.bell.poke()

    def _guarded(self, step: Callable[[], int | None]) -> int:
        """The loop outlives a database that is away, and a bug; both are said."""
        try:
            return step() or 0
        except StoreUnavailable as why:
            self._gateway.log.warning("store_unavailable", why=str(why))
        except OtherDatabase:
            return self._guarded(lambda: recover.recover(self._gateway, self.id))
        except Exception:
            self._gateway.log.exception("step_failed")
        return POLL_MS

    def _ms(self) -> int:
        return int(self._clock() * 1000)

    def _check_out(self) -> None:
        with self._gateway.store.write() as tx:
            workers.check_out(tx, self.id)


@click.command("worker")
@with_appcontext
def command() -> None:
    """Map, claim, call and record until SIGTERM or Ctrl-C; then finish what is on the wire."""
    gateway = wired_gateway()
    logs.set_up()
    try:
        with gateway.store.read() as tx:
            if not migrate.is_current(tx):
                fail("the database is not at this code's migrations: run flask release first")
        _say_room(gateway)
        gateway.journal.run_id()
    except StoreUnavailable as why:
        gateway.log.warning("store_unavailable", why=str(why))
    except OtherDatabase:
        pass  # its first turn settles that
    except OSError as why:
        if why.errno not in FULL:
            place = why.filename or gateway.journal.directory
            fail(f"RUN_DIR: {place} cannot be written ({why.strerror}): give this user the right or move it")
    worker = Worker(gateway)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    worker.run()


def _say_room(gateway: Gateway) -> None:
    """How many processes fit the server's connections: one too many would now and then be answered 503."""
    own, allowed = gateway.store.room()
    fit = allowed // own
    if allowed:
        say = gateway.log.warning if fit < PROCESSES else gateway.log.info
        say("database_connections", of_a_process=own, allowed=allowed, processes_that_fit=fit)
