"""What the owner says over all sources and accounts: in force as a version, as the sources are."""

from dataclasses import dataclass, field
from decimal import Decimal

POLICY = "policy.yaml"  # the name of its versions; no source can be called so, for the dot
TIMEZONE = "Europe/Moscow"


@dataclass(frozen=True)
class Totals:
    """Caps over all sources and accounts; 0 is off, as all but the one of a number are until somebody writes them.
    `spend_per_day` by the provider's maximum price."""

    calls_per_hour: int = 0
    calls_per_day: int = 0
    spend_per_day: Decimal = Decimal(0)
    calls_per_number_per_day: int = 3


@dataclass(frozen=True)
class Overall:
    """The policy file's word beside its `defaults`; built in where no file ever said anything."""

    totals: Totals = field(default_factory=Totals)
    account_trouble: tuple[str, ...] | None = None  # what a refusal says that means the account; None: the provider's
    timezone: str = TIMEZONE  # of the defaults: what people read times in, too


@dataclass(frozen=True)
class Standing:
    """Where a source (or the policy) stands in the database: its newest version, that version's text as a digest,
    since when it is there in milliseconds, and whether the source has been removed after it."""

    n: int
    digest: str
    since: int
    removed: bool = False
