"""What the owner says over all sources and accounts: in force as a version, as the sources are."""

from dataclasses import dataclass, field

from core.source import Totals

POLICY = "policy.yaml"  # the name of its versions; no source can be called so, for the dot


@dataclass(frozen=True)
class Overall:
    """The policy file's word beside its `defaults`; built in where no file ever said anything."""

    totals: Totals = field(default_factory=Totals)
    account_trouble: tuple[str, ...] | None = (
        None  # what a refusal says when it means the account; None: each provider's
    )
