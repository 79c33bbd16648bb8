"""A process that ends inside a transaction: at any statement, just before its commit or just after it."""

from contextlib import contextmanager

from sqlalchemy import event, select

from store.engine import Store
from store.tables import meta

AT_A_STATEMENT, BEFORE_COMMIT, AFTER_COMMIT = range(3)


class Died(BaseException):
    """The process ends here, whatever it was doing."""


class Deaths:
    """Stands in the engine of a ground; what it is told to do it does once."""

    def __init__(self, store: Store) -> None:
        self._store, self._where, self._left = store, None, 0
        self.committed = {}  # the rows at the last commit before the death
        event.listen(store.engine, "before_cursor_execute", lambda *_: self._meet(AT_A_STATEMENT))
        self._do_commit = store.engine.dialect.do_commit
        store.engine.dialect.do_commit = self._commit

    @contextmanager
    def at(self, where: int, n: int):
        """Whoever comes to the n-th such place inside the block dies there."""
        self.committed = self.rows()
        self._where, self._left = where, n
        try:
            yield
        finally:
            self._where = None

    def rows(self):
        """Everything that the database holds."""
        with self._store.read() as tx:
            return {table.name: sorted(map(repr, tx.execute(select(table)))) for table in meta.sorted_tables}

    def _meet(self, where: int) -> None:
        if where != self._where:
            return
        self._left -= 1
        if self._left == 0:
            self._where = None
            raise Died

    def _commit(self, connection) -> None:
        self._meet(BEFORE_COMMIT)
        self._do_commit(connection)
        if (where := self._where) is not None:
            self._where = None  # our own look is nobody's place to die
            self.committed, self._where = self.rows(), where
        self._meet(AFTER_COMMIT)
