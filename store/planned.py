"""Connections to PostgreSQL whose server process keeps the plans of what it is asked: planning a statement of ours
costs more than running it.

Behind a transaction pooler each transaction may be run by another process, which knows none of our statements, or by
the same name somebody else's. So they are kept only where the process that answers is the one that the connection was
opened with: each transaction begins by asking which it is.
"""

import hashlib
from functools import lru_cache

from psycopg.pq import TransactionStatus

from store.patient import PatientConnection

SEEN = 5  # times that a statement has come before its plan is worth keeping


class PlannedConnection(PatientConnection):
    """Statements with parameters are kept by psycopg; those whose values stand in their text by `kept`."""

    keeps = False
    _names: frozenset[str] = frozenset()

    def answered_by(self, pid: int) -> None:
        """The server process that runs the present transaction."""
        self.keeps = pid == self.info.backend_pid
        self.prepare_threshold = SEEN if self.keeps else None

    def keep(self, statements: list[str]) -> list[str]:
        """The names by which these statements, with `$1` and so on, can be executed. Outside of a transaction, where
        some are new."""
        names = [_name_of(statement) for statement in statements]
        new = {name: f"PREPARE {name} AS {one}" for name, one in zip(names, statements, strict=True)}
        if missing := [made for name, made in new.items() if name not in self._names]:
            self.execute("; ".join(missing), prepare=False)
            self._names |= new.keys()
        return names

    def rollback(self) -> None:
        """psycopg gives up all that is kept: what was rolled back may be a table's new form."""
        was_open = self.pgconn.transaction_status != TransactionStatus.IDLE
        super().rollback()
        if was_open and self._names:
            self._names = frozenset()
            self.execute("DEALLOCATE ALL", prepare=False)


@lru_cache(1024)
def _name_of(statement: str) -> str:
    """So no two statements ever share one, in whichever process they were made."""
    return f"ask_{hashlib.sha256(statement.encode()).hexdigest()[:24]}"
