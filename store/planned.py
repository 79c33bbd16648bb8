"""Connections to PostgreSQL whose server process keeps the plans of what it is asked: planning a statement of ours
costs more than running it.

Behind a transaction pooler each transaction may be run by another process, which knows none of our statements, or by
the same name somebody else's. So they are kept only where the process that answers is the one that the connection was
opened with: each transaction begins by asking which it is.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Generator, Sequence
from functools import lru_cache
from itertools import count
from typing import Any

from psycopg import Error, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import Escaping, ExecStatus, TransactionStatus
from psycopg.waiting import Wait

from store.patient import PatientConnection
from store.rows import Last, NotCommitted

SEEN = 5  # times that a statement has come before its plan is worth keeping
MOST = 200  # statements that go along with a COMMIT: where there are more, no further one is kept


class PlannedConnection(PatientConnection):
    """Statements with parameters are kept by psycopg; those whose values stand in their text, and those that go along
    with a COMMIT, by `keep`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.keeps = False
        self.last: Last | None = None
        self._times: Counter[str] = Counter()  # that each has gone along with a COMMIT
        self._names: set[str] = set()

    def answered_by(self, pid: int) -> None:
        """The server process that runs the present transaction."""
        self.keeps = pid == self.info.backend_pid
        self.prepare_threshold = SEEN if self.keeps else None

    def keep(self, statements: list[str]) -> list[str]:
        """The names by which these statements, with `$1` and so on, can be executed. Each new one costs a message; one
        that is refused inside a transaction spoils that."""
        names = [_name_of(statement) for statement in statements]
        for name, statement in zip(names, statements, strict=True):
            if name not in self._names:
                self.execute(f"PREPARE {name} AS {statement}", prepare=False)
                self._names.add(name)
        return names

    def literal(self, value: str | int | Sequence[str]) -> str:
        """The value as it is written into a statement's text."""
        if isinstance(value, str):
            return Escaping(self.pgconn).escape_literal(value.encode()).decode()
        if isinstance(value, int):
            return f"({value})"
        return f"ARRAY[{', '.join(map(self.literal, value))}]::text[]"

    def cursor(self, *given: Any, **named: Any) -> Any:
        if self.last is not None:
            raise RuntimeError(f"nothing may follow what goes along with COMMIT: {self.last.statement[:100]}")
        return super().cursor(*given, **named)

    def commit(self) -> None:
        """With `last`, where there is one. Raises NotCommitted where that was refused."""
        last, self.last = self.last, None
        if last is None:
            super().commit()
            return
        try:
            self._commit_with(last)
        except Error as why:
            if self.pgconn.transaction_status == TransactionStatus.INERROR:  # so it is open still
                raise NotCommitted(last, why) from why
            raise

    def _commit_with(self, last: Last) -> None:
        statement = _numbered(last.statement)
        if statement in self._times or len(self._times) < MOST:
            self._times[statement] += 1
        (name,) = self.keep([statement]) if self.keeps and self._times[statement] >= SEEN else ("",)
        with self.lock:
            self.pgconn.enter_pipeline_mode()
            if name:
                self.pgconn.send_query_prepared(name.encode(), last.given)
            else:
                self.pgconn.send_query_params(statement.encode(), last.given)
            self.pgconn.send_query_params(b"COMMIT", None)
            self.pgconn.pipeline_sync()
            results = self.wait(_fetched(self.pgconn, 2))
            self.pgconn.exit_pipeline_mode()
        for result in results:
            if result.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(result, encoding=self.info.encoding)

    def rollback(self) -> None:
        """psycopg gives up all that is kept: what was rolled back may be a table's new form."""
        self.last = None
        was_open = self.pgconn.transaction_status != TransactionStatus.IDLE
        super().rollback()
        if was_open and self._names:
            self._names.clear()
            self.execute("DEALLOCATE ALL", prepare=False)


@lru_cache(1024)
def _name_of(statement: str) -> str:
    """So no two statements ever share one, in whichever process they were made."""
    return f"ask_{hashlib.sha256(statement.encode()).hexdigest()[:24]}"


@lru_cache(256)
def _numbered(statement: str) -> str:
    """With `$1` and so on for psycopg's `%s`."""
    nth = count(1)
    return re.sub("%s", lambda _: f"${next(nth)}", statement)


def _fetched(pgconn: Any, many: int) -> Generator[Wait, Any, list[Any]]:
    """The results of so many commands that were sent in libpq's pipeline, up to its end. psycopg's own pipeline sends
    each command by itself and costs more than it saves (423 us beside 180; this: 106)."""
    while pgconn.flush():
        if (yield Wait.RW) & Wait.R:
            pgconn.consume_input()
    results: list[Any] = []
    silent = 0
    while len(results) <= many:
        while pgconn.is_busy():
            yield Wait.R
            pgconn.consume_input()
        result = pgconn.get_result()
        silent = silent + 1 if result is None else 0
        if result is not None:
            results.append(result)
        elif silent > 1:  # between two results there is one
            raise OperationalError("the connection was lost in a pipeline")
    return results
