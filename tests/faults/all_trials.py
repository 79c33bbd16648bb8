"""All trials, in the order of the table."""

# Importing a file puts its trials on the list.
from tests.faults import accepting, dispatching, failing_database, storming  # noqa: F401
from tests.faults.trial import TRIALS

__all__ = ["TRIALS"]
