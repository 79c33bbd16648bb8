"""What a worker cannot read, written down for those who ask how the house is doing: only its own process knows."""

from core.alarm import Stamp
from flow.gateway import Gateway
from store import stamps
from store.engine import Tx, this_machine

BLIND = "blind"  # the stamp, followed by the machine
AGAIN_MS = 10_000


class Sight:
    """Of one worker process; `tell` from its loop."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._told_at = 0

    def tell(self, tx: Tx, now: int) -> None:
        """Say what it cannot read, again every ten seconds, and that it can."""
        said = self._said()
        if said and now - self._told_at >= AGAIN_MS:
            stamps.put(tx, f"{BLIND} {this_machine()}", Stamp(now, False, said))
            self._told_at = now
        elif not said and self._told_at:
            stamps.put(tx, f"{BLIND} {this_machine()}", Stamp(now, True))
            self._told_at = 0

    def _said(self) -> str:
        found = []
        if unreadable := self._gateway.secrets_problem():
            found.append(f"is blind to secrets ({unreadable}): their leads wait")
        if broken := self._gateway.sources.broken:
            names = ", ".join(sorted(broken))
            found.append(f"cannot read versions in force ({names}): its release is older, bring it to the newest one")
        return "; ".join(found)
