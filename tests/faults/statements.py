"""The trial that the N-th statement fails, for N = 1, 2, ... until a whole walk comes through clean."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from flow import call, claim, decide, sweep
from store.engine import Store, StoreUnavailable
from store.ids import new_id
from tests.fakes import SHOP, Clock, Stage
from tests.faults import database
from tests.faults.checker import check
from tests.faults.senders import FIRST_NUMBER
from tests.faults.trial import Result, Trial, put_on

BEFORE_STATEMENT = "before the statement"
AFTER_STATEMENT = "after the statement"
BEFORE_COMMIT = "before the commit"
AFTER_COMMIT = "after the commit"
WHERE = (BEFORE_STATEMENT, AFTER_STATEMENT, BEFORE_COMMIT, AFTER_COMMIT)
MOST = 400


class Failing:
    """Makes the N-th statement (or commit) of an armed stretch fail, as a locked or lost database does."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine
        self._where, self._left = "", 0
        self.failed = False
        event.listen(self._engine, "before_cursor_execute", lambda *_: self._meet(BEFORE_STATEMENT))
        event.listen(self._engine, "after_cursor_execute", lambda *_: self._meet(AFTER_STATEMENT))
        self._do_commit = self._engine.dialect.do_commit
        self._engine.dialect.do_commit = self._commit  # type: ignore[method-assign]

    @contextmanager
    def at(self, n: int, where: str) -> Iterator[None]:
        self._where, self._left, self.failed = where, n, False
        try:
            yield
        finally:
            self._where = ""

    def _meet(self, where: str) -> None:
        if where != self._where:
            return
        self._left -= 1
        if self._left == 0:
            self.failed = True
            raise OperationalError("injected", None, Exception("database is locked"))

    def _commit(self, connection: object) -> None:
        error = self._engine.dialect.loaded_dbapi.OperationalError
        try:
            self._meet(BEFORE_COMMIT)
        except OperationalError as why:
            raise error("injected before") from why
        self._do_commit(connection)
        try:
            self._meet(AFTER_COMMIT)
        except OperationalError as why:
            raise error("injected after") from why


TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial("T7", "the N-th statement or commit fails", short={"every": 2}, long={"every": 1})
def nth_statement_fails(kind: str, folder: Path, every: int) -> Result:
    """In one process: a walk from POST to outcome with each statement failing in turn. Its sender repeats what was
    not taken; the loop goes on as the worker's does; whatever happens, one ring at most and nothing lost."""
    folder.mkdir(parents=True)
    log = folder / "senders.jsonl"
    log.touch()
    clock = Clock()
    store = Store(database.fresh(kind, folder), clock=clock)
    gateway = Stage(store, clock)
    gateway.put("shop", SHOP + 'policy: {calls_per_hour: "0", calls_per_day: "0", spend_per_day: "0"}\n')
    failing = Failing(store)
    problems: list[str] = []
    faults = 0
    for where in WHERE:
        for n in range(1, MOST, every):
            walk = Walk(gateway, str(FIRST_NUMBER + faults + 1), log)
            with failing.at(n, where):
                walk.go()
            if not failing.failed:
                break
            faults += 1
        else:
            problems.append(f"{where}: no clean pass")
    clock.forward(60)
    Walk(gateway, str(FIRST_NUMBER), log).work(lambda: not sweep.settle_lost(gateway.parts))
    for _ in range(8):  # whatever was put off comes due, and is gone on with
        clock.forward(60)
        Walk(gateway, str(FIRST_NUMBER), log).finish()
    posts = Counter(asked.number for asked in gateway.voice.asked)
    with store.read() as tx:
        states = [(row.id, row.state) for row in tx.exec_driver_sql("SELECT id, state FROM leads")]
    store.dispose()
    verdict = check(log, posts, states)
    if len(states) != verdict.leads:
        problems.append(f"{len(states)} leads for {verdict.leads} events")
    return Result(faults, verdict, problems + verdict.problems())


class Walk:
    """One lead's sender and a worker, in this process; both go on after a StoreUnavailable, as they do in earnest."""

    def __init__(self, gateway: Stage, number: str, log: Path) -> None:
        self._gateway, self._number, self._log = gateway, number, log

    def go(self) -> None:
        self._send()
        self.work(self._turn)

    def finish(self) -> None:
        """The worker goes on until it has nothing to do."""
        self.work(self._turn)

    def _send(self) -> None:
        while True:
            answer = self._gateway.post({"id": f"e{self._number}", "phone": f"+{self._number}"})
            if answer.status == 200:
                break
            assert answer.status == 503, answer.status
        leads = [lead["id"] for lead in json.loads(answer.body)["leads"]]
        with open(self._log, "a", encoding="utf-8") as file:
            file.write(json.dumps({"number": self._number, "leads": leads}) + "\n")

    def work(self, done: Callable[[], bool]) -> None:
        for _ in range(MOST):
            try:
                if done():
                    return
            except StoreUnavailable:
                continue

    def _turn(self) -> bool:
        """One turn of the worker's loop; whether there is nothing to do any more."""
        parts = self._gateway.parts
        sweep.settle_lost(parts)
        mapped = decide.decide_due(parts, 1)
        claims = claim.claim_due(parts, parts.accounts["main"], new_id(), slots=4)
        recorder = call.Recorder(parts, threading.Event())
        for claimed in claims.claimed:
            recorder.record_surely(claimed, call.place(parts, claimed))
            self._gateway.clock.forward(2)  # what was proven not sent is due again
        return not mapped and not claims.looked_at
