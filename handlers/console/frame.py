"""What every page shows around itself: how much waits for a decision, whether calls are on, and who stopped them."""

from dataclasses import dataclass

from core.account.pause import Pause
from core.account.trouble import pauses_of
from flow.gateway import Gateway
from store import accounts, inbox
from store.engine import Tx


@dataclass(frozen=True)
class Stopped:
    """A pause of an account, or of one of its scripts (`script`), for which `waiting` leads wait, or `more`."""

    account: str
    script: str | None
    pause: Pause
    waiting: int

    @property
    def more(self) -> bool:
        return self.waiting >= inbox.MOST


@dataclass(frozen=True)
class Frame:
    """`all_stopped`: no account rings. `dry` are the sources (names) that are in a dry run."""

    inbox: int
    stopped: tuple[Stopped, ...]
    all_stopped: bool = False
    dry: tuple[str, ...] = ()

    @property
    def waiting(self) -> int:
        """How many leads wait for what is stopped, or `more`."""
        return sum(one.waiting for one in self._counted)

    @property
    def more(self) -> bool:
        return any(one.more for one in self._counted)

    @property
    def _counted(self) -> list[Stopped]:
        """A script's are among its account's where all of it is stopped."""
        whole = {one.account for one in self.stopped if one.script is None}
        return [one for one in self.stopped if one.script is None or one.account not in whole]


def read(tx: Tx, gateway: Gateway, now: int) -> Frame:
    stopped = []
    for name, known in sorted(accounts.all_accounts(tx).items()):
        stopped += [Stopped(name, script, pause, inbox.waiting(tx, name, script)) for script, pause in pauses_of(known)]
    whole = {one.account for one in stopped if one.script is None}
    sources = ((name, gateway.sources.get(name)) for name in gateway.sources.names())
    dry = tuple(name for name, one in sources if one is not None and one.source.dry_run)
    return Frame(inbox.count(tx), tuple(stopped), whole >= set(gateway.accounts), dry)
