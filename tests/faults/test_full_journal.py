"""A dispatch journal on a full disk: no half line swallows the next call's."""

import resource
from contextlib import contextmanager
from dataclasses import replace

import pytest

from store.journal import Entry, Journal

FIRST = Entry("store", "attempt-1", "lead", "shop", "key", "main", "0" * 64, "Trial", 1, 1)


@contextmanager
def room_for(size):
    """No file of this process may grow beyond so many bytes: the write that crosses it is cut there."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_after_a_half_line_the_next_call_is_found_again(tmp_path):
    journal = Journal(tmp_path)
    journal.write(FIRST)
    written = sum(path.stat().st_size for path in tmp_path.glob("journal-*"))

    with room_for(written + 20), pytest.raises(OSError, match="part of the lines"):
        journal.write(replace(FIRST, attempt="attempt-2"))
    journal.write(replace(FIRST, attempt="attempt-3"))

    assert [entry.attempt for entry in journal.entries("store")] == ["attempt-1", "attempt-3"]


def test_a_journal_that_takes_nothing_says_so_and_goes_on_later(tmp_path):
    journal = Journal(tmp_path)

    with room_for(0), pytest.raises(OSError, match="File too large"):
        journal.write(FIRST)
    journal.write(FIRST)

    assert [entry.attempt for entry in journal.entries("store")] == ["attempt-1"]
