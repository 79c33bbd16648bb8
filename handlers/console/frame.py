"""What every page shows around itself: how much waits for a decision, whether calls are on, and who stopped them."""

from dataclasses import dataclass

from core.account.pause import Pause
from core.account.trouble import pauses_of
from flow.gateway import Gateway
from store import accounts, inbox
from store.engine import Tx


@dataclass(frozen=True)
class Stopped:
    """A pause of an account, or of one of its scripts (`script`)."""

    account: str
    script: str | None
    pause: Pause


@dataclass(frozen=True)
class Frame:
    """`waiting` leads wait to be called; counted only while something is stopped. `dry` are the sources (names)
    that are in a dry run."""

    inbox: int
    stopped: tuple[Stopped, ...]
    waiting: int
    dry: tuple[str, ...] = ()

    @property
    def all_stopped(self) -> bool:
        return any(one.script is None for one in self.stopped)


def read(tx: Tx, gateway: Gateway, now: int) -> Frame:
    stopped = []
    for name, known in sorted(accounts.all_accounts(tx).items()):
        pauses = pauses_of(known, name)
        scripts = [script for script, one in sorted(known.scripts.items()) if one.pause is not None]
        names = ([None] if known.pause is not None else []) + list(scripts)
        stopped += [Stopped(name, script, pause) for script, (_, pause) in zip(names, pauses, strict=True)]
    waiting = inbox.waiting(tx) if stopped else 0
    sources = ((name, gateway.sources.get(name)) for name in gateway.sources.names())
    dry = tuple(name for name, one in sources if one is not None and one.source.dry_run)
    return Frame(inbox.count(tx), tuple(stopped), waiting, dry)
