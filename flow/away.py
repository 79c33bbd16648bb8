"""A database that is away: the one alarm that cannot be a row, told from memory."""

from core.alarm import PAGE
from core.ports import Message
from core.telling import CLEARED, RAISED, REMINDER, Batch, Row, text
from flow.gateway import Gateway
from flow.telling import Help

LOOKS = 2  # in a row: a restart of PostgreSQL is shorter
AGAIN_MS = 3_600_000
KIND = "database_away"


class Away:
    """Remembers since when; tells once, each hour again, and that it is over. At most one more message a restart."""

    def __init__(self, gateway: Gateway, help_: Help) -> None:
        self._gateway, self._help = gateway, help_
        self._looks, self._since_ms, self._told_ms = 0, 0, 0

    def look(self, away: str, now_ms: int) -> None:
        """`away`: why the database could not be asked at this look, empty when it could."""
        if not away:
            if self._told_ms:
                self._tell(CLEARED, now_ms)
            self._looks, self._told_ms = 0, 0
            return
        self._looks += 1
        if self._looks == 1:
            self._since_ms = now_ms
        if self._looks >= LOOKS and now_ms - self._told_ms >= AGAIN_MS:
            self._tell(REMINDER if self._told_ms else RAISED, now_ms)
            self._told_ms = now_ms

    def _tell(self, what: str, now_ms: int) -> None:
        since, now = self._since_ms, now_ms
        row = Row(0, KIND, "", PAGE, 1, since, since, cleared_at=now if what == CLEARED else None)
        title, body = text(Batch(what, (row,)), self._help.manners)
        message = Message(f"alarm-{KIND}-{since}.{now}", f"{KIND}-{since}", what, title, body, now)
        for name, channel in self._help.channels.items():
            came = channel.tell(message)
            if not came.well:
                self._gateway.log.warning("alarm_not_told", channel=name, said=came.said)
