"""Lengths of time, in milliseconds."""

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

CLOCKS_DIFFER_MS = 5_000  # what is dated further ahead was written by a clock that has been set back since
