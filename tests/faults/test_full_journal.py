"""A dispatch journal on a full disk: no half line swallows the next call's."""

import os
import resource
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

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


@contextmanager
def no_file_more():
    """This process can open no file."""
    before, free = resource.getrlimit(resource.RLIMIT_NOFILE), os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_where_the_daily_new_file_cannot_be_made_the_old_one_serves_on(tmp_path):
    journal = Journal(tmp_path)
    journal.write(FIRST)
    with patch("store.journal.NEW_FILE_S", -1):
        with no_file_more():
            journal.write(replace(FIRST, attempt="attempt-2"))
        assert len(list(tmp_path.glob("journal-*"))) == 1
        journal.write(replace(FIRST, attempt="attempt-3"))
    assert len(list(tmp_path.glob("journal-*"))) == 2
    assert {entry.attempt for entry in journal.entries("store")} == {"attempt-1", "attempt-2", "attempt-3"}
