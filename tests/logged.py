"""What is told to the log meanwhile."""

from contextlib import contextmanager

import log


@contextmanager
def logged():
    """The lines, as they come."""
    lines = []
    before = log.use(lines.append)
    try:
        yield lines
    finally:
        log.use(before)
