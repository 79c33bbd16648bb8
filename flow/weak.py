"""Sources that a stranger could easily make ring: said at the start, and whenever that changes."""

from dataclasses import dataclass, field

from core.proofs.authentic import weakness
from flow.gateway import Gateway


def known(gateway: Gateway) -> dict[str, str]:
    """Source -> what is weak about its proof, of those in force."""
    current = ((name, gateway.sources.get(name)) for name in gateway.sources.names())
    found = {name: weakness(one.source, gateway.secrets) for name, one in current if one is not None}
    return {name: said for name, said in found.items() if said}


@dataclass
class WeakProofs:
    gateway: Gateway
    _said: dict[str, str] = field(default_factory=dict)

    def look(self) -> None:
        """A log line for each that is new."""
        found = known(self.gateway)
        for name, said in found.items():
            if self._said.get(name) != said:
                self.gateway.log.warning("weak_proof", source=name, said=said)
        self._said = found
