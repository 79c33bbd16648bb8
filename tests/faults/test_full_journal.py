"""A dispatch journal on a full disk: no half line swallows the next call's."""

import os
import resource
import shutil
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


def test_what_could_not_be_written_is_tried_again_and_read_by_nobody(tmp_path):
    journal = Journal(tmp_path)
    journal.write(FIRST)
    with room_for(0), pytest.raises(OSError, match="File too large"):
        journal.write(replace(FIRST, attempt="attempt-2"))
    with room_for(4096):  # so little is left
        journal.try_again()
        assert journal.problem
    journal.try_again()
    assert journal.problem == ""
    journal.write(replace(FIRST, attempt="attempt-3"))
    assert [entry.attempt for entry in journal.entries("store")] == ["attempt-1", "attempt-3"]


def test_a_journal_that_is_well_is_not_written_for_nothing(tmp_path):
    journal = Journal(tmp_path)
    journal.write(FIRST)
    before = sum(path.stat().st_size for path in tmp_path.iterdir())
    journal.try_again()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("name", ["claims.lock", "claims.mark"])
def test_whatever_else_a_claim_opens_is_tried_too(tmp_path, name):
    journal = Journal(tmp_path)
    journal.problem = "Permission denied"
    (tmp_path / name).mkdir()
    journal.try_again()
    assert journal.problem == "Is a directory"
    (tmp_path / name).rmdir()
    journal.try_again()
    assert journal.problem == ""


def test_the_marks_are_as_they_were_after_a_try(tmp_path):
    journal = Journal(tmp_path)
    for store, claims in (("one", 5), ("another", 3)):
        journal.raise_highest(store, claims)
    before = (tmp_path / "claims.mark").read_bytes()
    journal.problem = "No space left on device"
    journal.try_again()
    assert (tmp_path / "claims.mark").read_bytes() == before


def test_a_day_of_tries_on_a_full_disk_leaves_no_files(tmp_path):
    journal = Journal(tmp_path)
    with room_for(20):
        for _ in range(20):
            with pytest.raises(OSError, match="part of the lines"):
                journal.write(FIRST)
            journal.try_again()
    assert journal.problem
    assert list(tmp_path.glob("journal-*")) == []


def test_a_directory_whose_sync_fails_costs_no_descriptor_and_leaves_no_file(tmp_path):
    journal = Journal(tmp_path)
    open_ = len(os.listdir("/proc/self/fd"))
    with patch("store.private.os.fsync", side_effect=OSError(5, "Input/output error")):
        for _ in range(5):
            with pytest.raises(OSError, match="Input/output"):
                journal.write(FIRST)
    assert len(os.listdir("/proc/self/fd")) == open_
    assert list(tmp_path.glob("journal-*")) == []


def test_where_somebody_removed_the_directory_the_next_line_is_in_a_new_one(tmp_path):
    journal = Journal(tmp_path / "run")
    journal.write(FIRST)
    shutil.rmtree(tmp_path / "run")
    journal.write(replace(FIRST, attempt="attempt-2"))
    assert [entry.attempt for entry in journal.entries("store")] == ["attempt-2"]
