"""A lead that a step looks at: what its source makes of it, and what is known of it and of its number. Pure."""

from dataclasses import dataclass, field

from core.lead import Lead
from core.mapping import Mapped, Unmapped
from core.policy import Facts
from core.ports import Call
from core.source import Source


@dataclass(frozen=True)
class Candidate:
    """One lead, what its source (None: removed) makes of it, and what is known. `number_hash` stands for the number of
    its call where the number itself must not (empty without a call), `event_hash` for its event."""

    lead: Lead
    source: Source | None
    mapped: Mapped | Unmapped
    facts: Facts = field(repr=False)
    number_hash: str = ""
    event_hash: str = ""

    @property
    def call(self) -> Call | None:
        """The call that it would become."""
        return self.mapped.call if isinstance(self.mapped, Mapped) else None
