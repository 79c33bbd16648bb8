"""All trials, in the order of the table."""

from tests.faults import (
    accepting,
    claims_in_groups,
    clocks,
    crowds,
    dispatching,
    failing_database,
    failing_groups,
    failing_provider,
    full_journal,
    grouped,
    histories,
    mute_database,
    old_rows,
    other_database,
    repeating,
    several_machines,
    statements,
    storming,
    syncing,
    troubled_account,
)
from tests.faults.trial import Trial

_FILES = (
    accepting,
    syncing,
    dispatching,
    storming,
    failing_database,
    full_journal,
    mute_database,
    statements,
    failing_provider,
    grouped,
    failing_groups,
    claims_in_groups,
    other_database,
    old_rows,
    histories,
    crowds,
    troubled_account,
    clocks,
    repeating,
    several_machines,
)
TRIALS: list[Trial] = [one for file in _FILES for one in file.TRIALS]
