"""Connections to PostgreSQL that are given up where the server says nothing more, however its network went silent.

The kernel notices a machine that is gone (keepalives, unacknowledged bytes). It notices neither a frozen server nor a
pooler that answers for a dead one: so no answer is waited for longer than `PATIENCE_S`.
"""

from typing import Any

import psycopg
from psycopg.pq import TransactionStatus

PATIENCE_S = 8.0  # for one answer; a request that met silence is told so within 10 s
CONNECT: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}


class PatientConnection(psycopg.Connection[Any]):
    """`patience_s` None waits for ever: for what may rightly take long."""

    patience_s: float | None = PATIENCE_S

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """As psycopg waits; a server that is silent for too long has lost this connection."""
        if timeout is not None or self.patience_s is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience_s)
        except psycopg.OperationalError as why:
            if self.pgconn.transaction_status != TransactionStatus.ACTIVE:
                raise
            self.close()  # its answer may still come, and would be taken for the next one's
            raise psycopg.OperationalError(f"the server said nothing for {self.patience_s:g} s") from why
