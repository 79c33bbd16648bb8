"""Which run directories the workers of a database have, noted in each of them.

A database that was put back knows of no machine that joined since. Its neighbours do, and wait for it.
"""

import contextlib
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from store import private

AGAIN_MS = 10_000  # that a moment may be old before it is noted anew
KEPT_MS = 30 * 86_400_000


class Neighbours:
    """The files of one run directory, one for each database. Safe to share between processes: what one of them
    overwrites of another's it notes again."""

    def __init__(self, directory: Callable[[], Path]) -> None:
        self._directory = directory
        self._noted: dict[str, dict[str, int]] = {}  # by database, as this process last knew its file

    def note(self, store_id: str, seen: Mapping[str, int]) -> None:
        """`seen`: when workers of each run directory were last seen (milliseconds), as the database has it. Costs a
        comparison, and every ten seconds a file."""
        noted = self._noted.get(store_id, {})
        if all(abs(at - noted.get(run, 0)) < AGAIN_MS for run, at in seen.items()):
            return
        newest = max(seen.values())
        both = {**self.noted(store_id), **seen}
        self._noted[store_id] = {run: at for run, at in both.items() if run in seen or at > newest - KEPT_MS}
        private.folder(self._directory())
        draft = self._directory() / f"neighbours-{secrets.token_hex(4)}"
        private.write(draft, json.dumps(self._noted[store_id]))
        draft.replace(self._path(store_id))

    def noted(self, store_id: str) -> dict[str, int]:
        """Run directory -> when a worker of it was last seen. A file that a power cut has torn says nothing."""
        with contextlib.suppress(FileNotFoundError, ValueError, AttributeError):
            return {str(run): int(at) for run, at in json.loads(self._path(store_id).read_bytes()).items()}
        return {}

    def _path(self, store_id: str) -> Path:
        return self._directory() / f"neighbours-{store_id}.json"
