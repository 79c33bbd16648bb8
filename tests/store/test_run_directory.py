"""The run directory: its id, and how many claims it knows of each store."""

import os
import shutil
import time

from store.journal import Entry, Journal

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
