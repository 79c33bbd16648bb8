"""A database that is away: the one alarm that cannot be a row, told from memory."""

from collections.abc import Collection
from dataclasses import dataclass, field

from core.alarm import PAGE
from core.durations import HOUR_MS
from core.ports import Channel, Message
from core.telling import AWAY, CLEARED, MOST_AN_HOUR, RAISED, REMINDER, Batch, Row, text
from flow.alarms import CALM_MS
from flow.gateway import Gateway
from flow.telling import Help, wait_ms
from store.quiets import Quiet

LOOKS = 2  # in a row: a restart of PostgreSQL is shorter
AGAIN_MS = HOUR_MS


@dataclass
class _Heard:
    """What one channel knows: of an alarm since then (0: of none), told last at `told_ms`. `sent`: when messages got
    out; `tried_ms`, `wait_ms`, `tries`: of a message that did not."""

    since_ms: int = 0
    told_ms: int = 0
    sent: list[int] = field(default_factory=list)
    tried_ms: int = 0
    wait_ms: int = 0
    tries: int = 0


class Away:
    """Remembers since when; tells once, each hour again, and that it is over after some calm: one that comes and goes
    is one alarm. At most one more message a restart. `quiets`: what nobody wants to hear of, as last read."""

    def __init__(self, gateway: Gateway, help_: Help) -> None:
        self._gateway, self._help = gateway, help_
        self.quiets: Collection[Quiet] = ()
        self._heard: dict[str, _Heard] = {}
        self._looks = 0  # in a row at which it was away
        self._since_ms = self._calm_ms = self._over_ms = 0  # of the trouble, of the calm after it, of its end
        self._stands = False

    def look(self, away: str, now_ms: int) -> None:
        """`away`: why the database could not be asked at this look, empty when it could."""
        self._keep(bool(away), now_ms)
        if not self._hushed(now_ms):
            for name, channel in self._help.channels.items():
                heard = self._heard.setdefault(name, _Heard())
                if what := self._due(heard, bool(away), now_ms):
                    self._tell(what, name, channel, heard, now_ms)

    def _keep(self, away: bool, now_ms: int) -> None:
        self._looks = self._looks + 1 if away else 0
        if away:
            if not self._stands and self._looks == 1:
                self._since_ms = now_ms
            self._stands, self._calm_ms = self._stands or self._looks >= LOOKS, 0
            return
        self._calm_ms = self._calm_ms or now_ms
        if self._stands and _passed(self._calm_ms, now_ms, CALM_MS):
            self._stands, self._over_ms = False, now_ms

    def _hushed(self, now_ms: int) -> bool:
        quiet = any(one.until_at > now_ms and one.covers(AWAY, "") for one in self.quiets)
        return quiet or AWAY in self._help.manners.off

    def _due(self, heard: _Heard, away: bool, now_ms: int) -> str:
        """What this channel has to be told now, empty for nothing."""
        what = ""
        if self._stands and away and _passed(heard.told_ms, now_ms, AGAIN_MS):
            what = REMINDER if heard.since_ms else RAISED
        elif not self._stands and heard.since_ms and not self._looks:
            what = CLEARED
        heard.sent = [at for at in heard.sent if not _passed(at, now_ms, HOUR_MS)]
        may = len(heard.sent) < MOST_AN_HOUR and _passed(heard.tried_ms, now_ms, heard.wait_ms)
        return what if may else ""

    def _tell(self, what: str, name: str, channel: Channel, heard: _Heard, now_ms: int) -> None:
        since = heard.since_ms or self._since_ms
        row = Row(0, AWAY, "", PAGE, 1, since, since, cleared_at=self._over_ms if what == CLEARED else None)
        title, body = text(Batch(what, (row,)), self._help.manners)
        thread = f"{AWAY}-{since}"
        came = channel.tell(Message(f"alarm-{thread}.{what}.{heard.told_ms}", thread, what, title, body, now_ms))
        if came.well:
            over = what == CLEARED
            self._heard[name] = _Heard(0 if over else since, 0 if over else now_ms, [*heard.sent, now_ms])
            return
        self._gateway.log.warning("alarm_not_told", channel=name, said=came.said)
        heard.tried_ms, heard.wait_ms, heard.tries = now_ms, wait_ms(heard.tries, came), heard.tries + 1


def _passed(since_ms: int, now_ms: int, span_ms: int) -> bool:
    """Whether so much time has passed since then; so it has where the clock was set back meanwhile."""
    return not 0 <= now_ms - since_ms < span_ms
