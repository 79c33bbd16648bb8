"""`flask worker`: the loop that maps, claims, calls and records. Any number of workers share a database."""

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
from config import logs
from flow import call, claim, decide, erase, recover, sweep
from flow.gateway import Gateway
from store import migrate, workers
from store.engine import StoreUnavailable
from store.epoch import OtherDatabase
from store.ids import new_id

POLL_S = 1.0
LOOK_S = 0.25
ERASE_S = 60.0  # old data fades a batch at a time
QUESTION_S = 2.0  # for what a CRM is being asked while the worker ends; nothing is lost by leaving it


class Worker:
    """One worker process; each account has slots of its own in it, so that one whose calls hang keeps no other waiting.
    `run` returns after `stop`, when what it held is finished and recorded. `clock`: seconds that only go forward."""

    def __init__(
        self, gateway: Gateway, erase_every_s: float = ERASE_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.id = new_id()
        self._gateway, self._clock = gateway, clock
        self._slots = {name: threading.Semaphore(account.slots) for name, account in gateway.accounts.items()}
        self._pools = {name: ThreadPoolExecutor(account.slots, "call") for name, account in gateway.accounts.items()}
        self._askers = Askers(gateway)
        self._stopping = threading.Event()
        self._tended_at = 0.0
        self._erased_at, self._erase_every_s = self._clock(), erase_every_s
        self._turn = 0
        self._more, self._looked_at = True, 0.0  # leads to be mapped, and when we last looked for one
        self._started_at = 0
        self._redo: list[str] = []

    def stop(self, *_: Any) -> None:
        self._stopping.set()
        self._gateway.bell.poke()

    def run(self) -> None:
        self._gateway.bell.listen()
        self._gateway.ticker.start()
        self._askers.start()
        self._gateway.log.info("worker_started", worker=self.id)
        rung = True  # leads may wait to be mapped
        while not self._stopping.is_set():
            rest = self._guarded(partial(self.turn, rung))
            rung = self._gateway.bell.wait(rest)
        # What is on the wire is finished and recorded; nothing new is claimed.
        for pool in self._pools.values():
            pool.shutdown(wait=True)
        self._askers.stop(QUESTION_S)
        self._guarded(self._check_out)
        self._gateway.bell.close()
        self._gateway.log.info("worker_ended", worker=self.id)

    def turn(self, rung: bool = True) -> float:
        """Every step once; the seconds to rest, 0 to go on right away. `rung`: a lead may have come."""
        if self._clock() - self._tended_at >= POLL_S:
            self.tend()
        self._askers.nudge()
        looks = rung or self._more or self._clock() - self._looked_at >= LOOK_S
        go_on = looks and self._decide_next()
        if self._redo:
            go_on = True
            if not sweep.redo_next(self._gateway, self._redo[0]):
                self._redo.pop(0)
        rest = POLL_S if looks else LOOK_S
        for account in self._gateway.accounts:
            rest = min(rest, self._call_next(account))
        return 0.0 if go_on else rest

    def _decide_next(self) -> bool:
        """Map one lead, where one is due; whether there was. A look costs a turn among the writers, and the loop
        turns for each call that ends: so it looks when rung, after each lead it found, and a few times a second."""
        self._looked_at, self._more = self._clock(), True
        self._more = decide.decide_next(self._gateway)
        return self._more

    def tend(self) -> None:
        """Once a second: say that we live, look for new versions, settle what is overdue."""
        with self._gateway.store.write() as tx:
            now = self._gateway.store.now_ms(tx)
            self._started_at = self._started_at or now
            workers.check_in(tx, self.id, self._gateway.journal.run_id(), self._started_at, now)
        self._gateway.sources.refresh()
        self._redo += [name for name in self._gateway.sources.changed() if name not in self._redo]
        sweep.settle_lost(self._gateway)
        if self._clock() - self._erased_at >= self._erase_every_s:
            self._erased_at = self._clock()
            erase.erase_old(self._gateway)
        self._tended_at = self._clock()

    def _call_next(self, account: str) -> float:
        slots = self._slots[account]
        if not slots.acquire(blocking=False):
            return POLL_S  # a call that ends pokes the bell
        held = True
        try:
            claimed = claim.claim_next(self._gateway, account, self.id, self._turn)
            if isinstance(claimed, claim.Rest):
                return POLL_S if claimed.seconds is None else claimed.seconds
            if claimed is not None:
                self._turn += 1
                self._pools[account].submit(self._place, claimed)
                held = False
            return 0.0
        finally:
            if held:
                slots.release()

    def _place(self, claimed: claim.Claimed) -> None:
        try:
            call.record_surely(self._gateway, claimed, call.place(self._gateway, claimed), self._stopping)
        except Exception:
            self._gateway.log.exception("call_failed", lead=claimed.lead.id)
        finally:
            self._slots[claimed.attempt.account].release()
            self._gateway.bell.poke()

    def _guarded(self, step: Callable[[], float | None]) -> float:
        """The loop outlives a database that is away, and a bug; both are said."""
        try:
            return step() or 0.0
        except StoreUnavailable as why:
            self._gateway.log.warning("store_unavailable", why=str(why))
        except OtherDatabase:
            return self._guarded(lambda: recover.recover(self._gateway, self.id))
        except Exception:
            self._gateway.log.exception("step_failed")
        return POLL_S

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
    except StoreUnavailable as why:
        gateway.log.warning("store_unavailable", why=str(why))
    worker = Worker(gateway)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    worker.run()
