"""The run directory: its id, and how many claims it knows of each store."""

import errno
import json
import os
import shutil
import time
from dataclasses import asdict, replace

import pytest

from store.journal import Entry, Journal
from tests.faults.test_full_journal import room_for

ENTRY = Entry("store", "attempt", "lead", "shop", "key", "main", "0" * 64, "Trial", 1, 1)


def test_two_stores_in_one_directory_keep_their_own_marks(tmp_path):
    for store, claims in (("one", 5), ("another", 3), ("one", 4), ("another", 7)):
        Journal(tmp_path).raise_highest(store, claims)
    assert [Journal(tmp_path).highest(store) for store in ("one", "another", "a third")] == [5, 7, 0]


def test_a_torn_line_of_the_marks_is_no_mark(tmp_path):
    Journal(tmp_path).raise_highest("one", 5)
    with (tmp_path / "claims.mark").open("ab") as marks:
        marks.write(b"another 000")
    assert Journal(tmp_path).highest("one") == 5
    Journal(tmp_path).raise_highest("another", 12)
    assert [Journal(tmp_path).highest(store) for store in ("one", "another")] == [5, 12]


def test_a_copied_directory_is_another_one(tmp_path):
    here, there = Journal(tmp_path / "run"), tmp_path / "copy"
    first = here.run_id()
    shutil.copytree(tmp_path / "run", there)
    assert Journal(tmp_path / "run").run_id() == first
    assert Journal(there).run_id() != first
    assert Journal(there).run_id() == Journal(there).run_id()


def test_a_directory_that_was_renamed_is_the_same(tmp_path):
    first = Journal(tmp_path / "release-1").run_id()
    (tmp_path / "release-1").rename(tmp_path / "release-2")
    assert Journal(tmp_path / "release-2").run_id() == first


def aged(directory, **days):
    """Journal files by their name's middle, last written so many days ago."""
    for name, ago in days.items():
        path = directory / f"journal-{name}.jsonl"
        path.write_text("")
        os.utime(path, (time.time() - ago * 86_400,) * 2)


def names(directory):
    return {
        path.stem.removeprefix("journal-") for path in directory.glob("journal-*.jsonl") if path.stat().st_size == 0
    }


def test_journals_are_kept_for_a_week_before_the_newest_that_is_not_of_today(tmp_path):
    aged(tmp_path, old=12, week=8, yesterday=1.5, today=0.1)
    Journal(tmp_path).write(ENTRY)
    assert names(tmp_path) == {"week", "yesterday", "today"}


def test_a_clock_that_is_a_month_ahead_deletes_no_journal_of_the_last_week(tmp_path):
    """To it all of them are a month older; another worker has begun its file by it, too."""
    aged(tmp_path, old=12 + 30, week=6 + 30, yesterday=1 + 30, another=0)
    Journal(tmp_path).write(ENTRY)
    assert names(tmp_path) == {"week", "yesterday", "another"}


def test_lines_of_a_later_release_are_read_and_whatever_is_no_line_is_passed_over(tmp_path):
    """The release was taken back: what the later one has rung is known all the same."""
    journal = Journal(tmp_path)
    journal.write(ENTRY)
    (file,) = tmp_path.glob("journal-*.jsonl")
    whole = file.read_bytes()
    later = json.dumps({**asdict(ENTRY), "attempt": "later", "said_since": {"a": 1}}).encode()
    torn = [whole[:40], b"null", b"[1]", b'"text"', b"\xff\xfe", b"{}", b"\0" * 100, b"12"]
    file.write_bytes(whole + whole + b"\n".join(torn) + b"\n" + later + b"\n" + whole[:-10])
    assert [entry.attempt for entry in journal.entries("store")] == ["attempt", "attempt", "later"]
    assert list(journal.entries("another")) == []


def moved(run, folder):
    run.rename(folder / "run.old")
    run.mkdir()


def removed_beside_a_copy_by_links(run, folder):
    shutil.copytree(run, folder / "copy", copy_function=os.link)
    shutil.rmtree(run)


@pytest.mark.parametrize("goes", [moved, removed_beside_a_copy_by_links, lambda run, _: shutil.rmtree(run)])
def test_the_next_line_is_where_it_is_looked_for(tmp_path, goes):
    run = tmp_path / "run"
    journal = Journal(run)
    journal.write(ENTRY)
    goes(run, tmp_path)
    journal.write(replace(ENTRY, attempt="attempt-2"))
    assert [entry.attempt for entry in Journal(run).entries("store")] == ["attempt-2"]


def test_a_file_that_its_disk_no_longer_knows_is_left(tmp_path, monkeypatch):
    journal = Journal(tmp_path)
    journal.write(ENTRY)
    bad, fstat = journal._file, os.fstat

    def stale(file):
        if file == bad:
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return fstat(file)

    monkeypatch.setattr("store.journal.os.fstat", stale)
    journal.write(replace(ENTRY, attempt="attempt-2"))
    assert {entry.attempt for entry in journal.entries("store")} == {"attempt", "attempt-2"}


def test_a_directory_that_takes_no_id_keeps_nothing_of_the_tries(tmp_path):
    journal = Journal(tmp_path)
    with room_for(0):
        for _ in range(10):
            with pytest.raises(OSError, match="File too large"):
                journal.run_id()
    assert list(tmp_path.iterdir()) == []
    journal.run_id()
    assert [file.name for file in tmp_path.iterdir()] == ["run-id"]
