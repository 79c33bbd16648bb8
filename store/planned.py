"""Connections to PostgreSQL whose server process keeps the plans of what it is asked: planning a statement of ours
costs more than running it.

Behind a transaction pooler each transaction may be run by another process, which knows none of our statements, or by
the same name somebody else's. So they are kept only where the process that answers is the one that the connection was
opened with: each transaction begins by asking which it is.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from psycopg.pq import Escaping, TransactionStatus

from store.patient import PatientConnection

SEEN = 5  # times that a statement has come before its plan is worth keeping


class PlannedConnection(PatientConnection):
    """Statements with parameters are kept by psycopg; those whose values stand in their text by `keep`."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.keeps = False
        self._names: set[str] = set()

    def answered_by(self, pid: int) -> None:
        """The server process that runs the present transaction."""
        self.keeps = pid == self.info.backend_pid
        self.prepare_threshold = SEEN if self.keeps else None

    def keep(self, statements: list[str]) -> list[str]:
        """The names by which these statements, with `$1` and so on, can be executed. Outside of a transaction, where
        some are new."""
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

    def rollback(self) -> None:
        """psycopg gives up all that is kept: what was rolled back may be a table's new form."""
        was_open = self.pgconn.transaction_status != TransactionStatus.IDLE
        super().rollback()
        if was_open and self._names:
            self._names.clear()
            self.execute("DEALLOCATE ALL", prepare=False)


@lru_cache(1024)
def _name_of(statement: str) -> str:
    """So no two statements ever share one, in whichever process they were made."""
    return f"ask_{hashlib.sha256(statement.encode()).hexdigest()[:24]}"
