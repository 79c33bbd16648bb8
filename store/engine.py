"""The database: one `Store` over SQLite or PostgreSQL, with the two kinds of transaction.

`write()` commits when its block ends well and rolls back otherwise; what it did is proven only
when the block's `with` has ended without an exception. `read()` never blocks a writer.
"""

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InternalError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoneFree  # every connection of the pool is in use

from store import opening, private
from store.rows import Ask, NotCommitted, named_refusal
from store.writers import Writers

BUSY_SECONDS = 10
LOCK_NOT_AVAILABLE, READ_ONLY = "55P03", "25006"  # PostgreSQL's codes
NO_RIGHT, NO_TABLE, NO_COLUMN = "42501", "42P01", "42703"
NOT_KEPT = "26000"  # by that name the server knows no statement (any more)
POOL = 16  # of a process; its threads share them, so that a machine's processes fit PostgreSQL's usual 100
BESIDE = 2  # connections of a process that are not the pool's: the bell's
LOCK_MS, STATEMENT_MS, IDLE_MS = 10_000, 10_000, 10_000


Tx = Connection  # an open transaction, for those who may not import the library
Refused = DBAPIError  # a statement that the database would not do: a mistake of ours, so nobody expects it


class StoreUnavailable(Exception):
    """The database cannot be reached, is locked or is full: nothing of this transaction was promised."""


class Busy(StoreUnavailable):
    """A row that this transaction wanted stayed locked for longer than it would wait."""


class UnprovenCommit(StoreUnavailable):
    """COMMIT was sent and its fate is unknown, or the standby did not confirm it: send nothing on it."""


class Store:
    """An open database. Safe to share between threads; open one per process (after a fork)."""

    def __init__(
        self,
        url: str,
        *,
        pool: int = POOL,
        clock: Callable[[], float] | None = None,
        busy_s: float = BUSY_SECONDS,
    ) -> None:
        """`clock` (seconds since 1970) stands in for the shared clock in tests and trials; `busy_s` is how long
        a transaction waits for a free connection, and a SQLite writer for the others."""
        self.url = make_url(url)
        self._busy_s, self._pool = busy_s, pool
        self._clock = clock
        self._file: tuple[int, int] | None = None
        self.has_own_clock = self.url.get_backend_name() != "sqlite" and clock is None
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and clock is None:
            self._clock = time.time
        self.path = Path(self.url.database or "") if self.is_sqlite else None
        self._writers = Writers(self.path) if self.path is not None else None
        # Last in, first out: as many connections as are busy at once, and their caches are warm.
        options: dict[str, Any] = {"pool_size": pool, "max_overflow": 0, "pool_timeout": busy_s}
        options["pool_use_lifo"] = True
        if self.path is not None:
            private.folder(self.path.parent)
            options["connect_args"] = {"timeout": busy_s, "check_same_thread": False}
        else:
            from store.patient import CONNECT  # with PostgreSQL's driver

            # What a server keeps of our statements `store.planned` decides for each transaction.
            options |= {"connect_args": {"prepare_threshold": None, **CONNECT}, "pool_pre_ping": False}
        self.engine = create_engine(self.url, **options)
        opening.listen(self.engine, self.path)
        self._reader = self.engine.execution_options(reads_only=True)

    @contextlib.contextmanager
    def write(
        self, *, lock_ms: int = LOCK_MS, statement_ms: int = STATEMENT_MS, along: Sequence[Ask] = ()
    ) -> Iterator[Connection]:
        """One transaction, committed at the block's end. Raises StoreUnavailable when the database
        fails, UnprovenCommit when it may have kept what the caller must not rely on. `along` is asked as it begins,
        on PostgreSQL in the same round trip: `told` has the answers.

        On PostgreSQL it waits `lock_ms` for a row (then Busy) and `statement_ms` for a statement, and a process
        that is frozen inside it is cut off by the server after `IDLE_MS`; 0 is without an end."""
        # What tidies up does so when the next writer has its turn already.
        with contextlib.ExitStack() as after, self._in_turn():
            file = self._same_file()
            with _named_failures():
                connection = self.engine.connect()
            after.callback(_give_back, connection)
            with _named_failures(), self._leaving_read_only(connection):
                if not self.is_sqlite:
                    connection.info["limits"] = (lock_ms, statement_ms, IDLE_MS if statement_ms else 0)
                connection.info["along"] = along
                transaction = connection.begin()
                try:
                    if not statement_ms:
                        _set_patience(connection, patient=False)
                    yield connection
                except BaseException:
                    _roll_back(transaction, connection)
                    raise
            with _named_failures(), self._leaving_read_only(connection):
                _commit(transaction, connection)
            if file != (0, 0) and file != self._same_file():
                raise UnprovenCommit("the database's file was replaced during the transaction")

    @contextlib.contextmanager
    def _leaving_read_only(self, connection: Connection) -> Iterator[None]:
        """A server that only reads any more (a demoted primary, a full disk) is left: the next connections may find
        the one that writes, or this one when it is well again."""
        try:
            yield
        except BaseException as why:
            if _code(why) == READ_ONLY:
                connection.invalidate()
                self.engine.dispose()
            raise

    @contextlib.contextmanager
    def _in_turn(self) -> Iterator[None]:
        """A SQLite writer's place in the queue of all writers; PostgreSQL needs none."""
        with contextlib.ExitStack() as turn:
            if self._writers is not None:
                try:
                    turn.enter_context(self._writers.turn(self._busy_s))
                except TimeoutError as why:
                    raise StoreUnavailable(str(why)) from why
            yield

    def read(self, *, along: Sequence[Ask] = ()) -> contextlib.AbstractContextManager[Connection]:
        """A view of the database at one moment; changes nothing. On PostgreSQL no answer is waited for longer than
        `store.patient.PATIENCE_S`, and the server gives its statements up as a writer's; then StoreUnavailable, as
        wherever the database fails. `along` as in `write`."""
        return self._reads(along)

    @contextlib.contextmanager
    def _reads(self, along: Sequence[Ask], *, alone: bool = False) -> Iterator[Connection]:
        self._same_file()
        with _named_failures(), self._reader.connect() as connection:
            connection.info["along"] = along
            if not self.is_sqlite:
                connection.info["alone"] = alone
                connection.info["limits"] = (LOCK_MS, STATEMENT_MS, 0)  # whoever reads slowly keeps nobody waiting
            if along or not self.is_sqlite:
                connection.begin()
            yield connection
            connection.commit()  # or PostgreSQL's driver gives up what is kept planned, as after each rollback

    def ask(self, asks: Sequence[Ask]) -> tuple[int, list[list[Any]]]:
        """(the shared clock's milliseconds, the rows of each question), where nothing else is to be read: a read that
        costs PostgreSQL one round trip."""
        with self._reads(asks, alone=True) as tx:
            return self.now_ms(tx), self.told(tx)

    def _same_file(self) -> tuple[int, int]:
        """The SQLite file that the path leads to. When it is another one than before, the connections to
        the old one are given up: what is committed there is on no disk that anybody will read."""
        if self.path is None:
            return 0, 0
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0, 0  # a new database, about to be made
        except OSError as why:
            raise StoreUnavailable(f"its file cannot be looked at: {why.strerror}") from why
        file = (found.st_dev, found.st_ino)
        if file != self._file:
            if self._file is not None:
                self.engine.dispose()
            self._file = file
        return file

    def told(self, tx: Connection) -> list[list[Any]]:
        """The rows of each question that went along with this transaction's beginning."""
        return list(tx.info.pop("told"))

    def now_ms(self, tx: Connection) -> int:
        """The clock that processes share, in milliseconds: PostgreSQL's, or this machine's for SQLite. Asked the
        first time in a writing transaction, it is the moment at which that began."""
        own = self.own_ms()
        if own is not None:
            return own
        began: int | None = tx.info.pop("now_ms", None)
        if began is not None:
            return began
        return int(tx.execute(_NOW_POSTGRESQL).scalar_one())

    def own_ms(self) -> int | None:
        """The same where nobody has to be asked."""
        return None if self._clock is None else int(self._clock() * 1000)

    def room(self) -> tuple[int, int]:
        """(connections that one process opens at most, those that the server lets all processes have); the second is
        0 on SQLite, which has no such bound."""
        own = self._pool + BESIDE
        if self.is_sqlite:
            return own, 0
        with self.read() as tx:
            return own, int(tx.execute(_ALLOWED).scalar_one())

    def dispose(self) -> None:
        self.engine.dispose()


_ALLOWED = text(
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
)
_NOW_POSTGRESQL = text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)")


@contextlib.contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except (OperationalError, NoneFree) as why:
        if _code(why) == LOCK_NOT_AVAILABLE:
            raise Busy(_without_values(why)) from why
        raise StoreUnavailable(_without_values(why)) from why
    except DBAPIError as why:
        if why.connection_invalidated or why.statement is None or not _is_ours(why):  # None: while it connected
            raise StoreUnavailable(_without_values(why)) from why
        raise


# A statement that is right, for another server, another user or another state of the tables.
_NOT_OURS = frozenset({READ_ONLY, NO_RIGHT, NO_TABLE, NO_COLUMN, NOT_KEPT})


def _is_ours(why: DBAPIError) -> bool:
    """Whether it is a mistake in a statement or in what it was given, which fails on a database that is well, too."""
    code = _code(why) or ""
    mistake = isinstance(why, DataError | IntegrityError | InternalError | ProgrammingError)
    return mistake and code not in _NOT_OURS and not code.startswith("XX")


def _code(why: BaseException) -> str | None:
    return getattr(getattr(why, "orig", None), "sqlstate", None)


def _set_patience(connection: Connection, *, patient: bool) -> None:
    """Whether an answer is waited for on this connection for as long as usual (`store.patient`), or for ever."""
    if not connection.invalidated and not connection.closed:
        driver: Any = connection.connection.driver_connection
        if hasattr(driver, "patience_s"):  # PostgreSQL's
            driver.patience_s = type(driver).patience_s if patient else None


def _give_back(connection: Connection) -> None:
    with contextlib.suppress(DBAPIError):
        _set_patience(connection, patient=True)
        connection.close()


def _commit(transaction: Any, connection: Connection) -> None:
    notices = connection.connection.info.get("notices") if connection.connection else None
    if notices:
        notices.clear()
    try:
        transaction.commit()
    except NotCommitted as why:
        refused = named_refusal(connection, why)
        _roll_back(connection.connection, connection)  # SQLAlchemy takes its transaction for ended
        raise refused from why
    except Exception as why:  # whatever it is: nobody else may find this transaction, or half of its answer
        connection.invalidate()
        raise UnprovenCommit(_without_values(why)) from why
    if notices:
        raise UnprovenCommit("the commit was not confirmed by the synchronous standby")


def _roll_back(transaction: Any, connection: Connection) -> None:
    try:
        transaction.rollback()
    except (DBAPIError, connection.dialect.loaded_dbapi.Error):  # the connection is gone, and the transaction with it
        connection.invalidate()


def _without_values(why: BaseException) -> str:
    """The driver's own first line: SQLAlchemy's text would carry the statement's values."""
    origin = getattr(why, "orig", None) or why
    return f"{type(origin).__name__}: {str(origin).splitlines()[0] if str(origin) else ''}"


def this_machine() -> str:
    return socket.gethostname()
