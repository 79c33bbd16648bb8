"""All trials, in the order of the table."""

# Importing a file puts its trials on the list.
from tests.faults import (  # noqa: F401
    accepting,
    clocks,
    dispatching,
    failing_database,
    failing_provider,
    repeating,
    several_machines,
    statements,
    storming,
    syncing,
)
from tests.faults.trial import TRIALS

__all__ = ["TRIALS"]
