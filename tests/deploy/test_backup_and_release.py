"""`flask backup` beside `flask release`, commands of two releases: the copy is of before or of after, never between."""

import contextlib
import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from sqlalchemy import text

from store.backup import _sql
from store.engine import Store
from tests.databases import empty_schema
from tests.deploy import releases
from tests.deploy.served import SOURCE, Served
from tests.fakes import Clock, Stage
from tests.faults.processes import wait_until
from tests.flow.test_backup import waits_for_a_table

pytestmark = [pytest.mark.storm, pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not here")]
OF_AFTER = {"things_to_come", "mood", "weight", "leads_by_mood"}
LEADS = 150
# The migration waits, its transaction open, until the test lets it go on.
HELD = """    op.add_column("leads", sa.Column("mood", sa.Text, nullable=True))
    import pathlib, time

    pathlib.Path("{0}/inside").touch()
    while not pathlib.Path("{0}/go_on").exists():
        time.sleep(0.02)
"""


class Two:
    """Two releases over one database with leads in it; the old one's tables are there, the new one's are to come."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url
        self.old, self.new = (made(folder / name) for name, made in (("old", releases.first), ("new", releases.second)))
        self.environ = Served(folder, None, root=self.old, database_url=url).environ
        self.environ |= {"BACKUP_DIR": str(folder / "kept"), "TMPDIR": str(folder / "tmp")}
        (folder / "tmp").mkdir()
        (folder / "secrets.env").write_text("SHOP_TOKEN=test-token\n")
        releases.flask(self.old, self.environ, "release")
        self.store = Store(self.environ["DATABASE_URL"])
        stage = Stage(self.store, Clock(), folder / "journal")
        stage.put("shop", SOURCE.replace("{script: Demo}", "{script: Demo, number: {field: phone, region: RU}}"))
        for n in range(LEADS):
            stage.take({"id": str(n), "phone": "79990000001", "said": os.urandom(10_000).hex()})
        self.begun = []

    def begin(self, root, *words):
        self.begun.append(
            subprocess.Popen(
                [sys.executable, "-m", "flask", *words],
                cwd=root,
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        )
        return self.begun[-1]

    def hold_the_migration(self):
        path = next((self.new / "store/migrations/versions").glob("0002_*.py"))
        column = '    op.add_column("leads", sa.Column("mood", sa.Text, nullable=True))\n'
        path.write_text(path.read_text().replace(column, HELD.format(self.folder)))

    def go_on(self):
        (self.folder / "go_on").touch()

    def copies(self):
        return sorted((self.folder / "kept").glob("leads-*"))

    def litter(self):
        kept = [path.name for path in (self.folder / "kept").glob(".leads-*")]
        return kept + [path.name for path in (self.folder / "tmp").iterdir()]

    def age(self):
        """What lies there was not touched for a day."""
        for path in [*self.folder.glob("kept/.leads-*"), *(self.folder / "tmp").iterdir()]:
            for each in (path, *path.rglob("*")):
                os.utime(each, (time.time() - 86_400,) * 2)

    def is_whole(self, copy, root=None):
        """`before` or `after`; and `flask restore --check` of the release (else the new one) can put it back."""
        said = releases.flask(root or self.new, self.environ, "restore", "--check", str(copy))
        assert f"leads {LEADS}, attempts 0, deliveries {LEADS}" in said, said
        found = OF_AFTER & words_of(copy)
        assert found in (set(), OF_AFTER), found
        return "after" if found else "before"

    def close(self):
        self.go_on()
        for one in self.begun:
            with one:
                if one.poll() is None:
                    os.killpg(one.pid, signal.SIGKILL)
        self.store.dispose()


def words_of(copy):
    """Every name in the statements that make the copy's tables."""
    if (copy / "database.sqlite").exists():
        with sqlite3.connect(f"file:{copy}/database.sqlite?mode=ro", uri=True) as there:
            said = " ".join(sql or "" for (sql,) in there.execute("SELECT sql FROM sqlite_master"))
        there.close()
    else:
        words = ["pg_restore", "--schema-only", "--file=-", str(copy / "database.dump")]
        said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return set(said.replace("(", " ").replace(",", " ").replace(".", " ").replace('"', " ").split())


def ended(process):
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


@pytest.fixture(params=["sqlite", "postgresql"])
def two(request, tmp_path):
    if request.param == "postgresql":
        request.getfixturevalue("_schema")  # skips where there is no server
    made = Two(tmp_path, empty_schema() if request.param == "postgresql" else f"sqlite:///{tmp_path}/leads.db")
    yield made
    made.close()


def in_the_middle(two):
    """A backup of the old release that has begun to copy and is frozen there."""
    for _ in range(20):  # a quick machine may be through before anybody has looked
        backup = two.begin(two.old, "backup")
        if not two.store.is_sqlite:
            with two.store.write(statement_ms=0) as tx:
                tx.execute(text("LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE"))
                assert wait_until(lambda: waits_for_a_table(two.store), 120)  # it has its snapshot, and other tables
                os.killpg(backup.pid, signal.SIGSTOP)
            return backup
        while backup.poll() is None and not any(map(size, two.folder.glob("kept/.leads-*/database.sqlite"))):
            pass  # without a rest: the copy takes some milliseconds
        if backup.poll() is None:
            os.killpg(backup.pid, signal.SIGSTOP)
            if not two.copies():
                return backup
            os.killpg(backup.pid, signal.SIGCONT)
        ended(backup)
        for copy in two.copies():
            shutil.rmtree(copy)
    raise AssertionError("no backup was met in the middle")


def size(path):
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size
    return 0


def test_a_backup_that_begins_while_a_release_migrates(two):
    two.hold_the_migration()
    release = two.begin(two.new, "release")
    assert wait_until((two.folder / "inside").exists, 120)
    backup = two.begin(two.old, "backup")
    if two.store.is_sqlite:
        assert wait_until(lambda: two.copies() or backup.poll() is not None, 120)
    else:
        assert wait_until(lambda: waits_for_a_table(two.store) or backup.poll() is not None, 120)
    two.go_on()
    assert ended(release)[0] == 0
    code, said = ended(backup)
    assert code == 0, said
    (copy,) = two.copies()
    assert two.is_whole(copy) in ("before", "after")


def test_a_release_that_begins_while_a_backup_copies(two):
    backup = in_the_middle(two)
    release = two.begin(two.new, "release")
    assert wait_until(lambda: release.poll() is not None or not two.store.is_sqlite, 120)
    os.killpg(backup.pid, signal.SIGCONT)
    code, said = ended(backup)
    assert code == 0, said
    assert ended(release)[0] == 0
    (copy,) = two.copies()
    assert two.is_whole(copy) == "before"


def test_a_backup_that_is_killed_in_the_middle_leaves_none_and_the_next_one_tidies_up(two):
    backup = in_the_middle(two)
    os.killpg(backup.pid, signal.SIGKILL)
    backup.wait()
    assert two.copies() == []
    (left,) = two.litter()
    releases.flask(two.old, two.environ, "backup")
    assert two.litter() == [left]  # it may be another machine's, and at work
    (first,) = two.copies()
    shutil.rmtree(first)
    two.age()
    code, said = ended(two.begin(two.old, "restore", "--check"))
    assert (code, "there is no backup" in said) == (1, True)
    releases.flask(two.new, two.environ, "release")
    releases.flask(two.new, two.environ, "backup")
    (copy,) = two.copies()
    assert two.is_whole(copy) == "after"
    assert two.litter() == []


def test_a_backup_that_is_interrupted_tidies_up_itself(two):
    backup = in_the_middle(two)
    os.killpg(backup.pid, signal.SIGINT)
    os.killpg(backup.pid, signal.SIGCONT)
    code, said = ended(backup)
    assert code in (130, 0), said
    assert len(two.copies()) == (code == 0)
    assert two.litter() == []


def test_a_check_that_was_killed_leaves_what_the_next_one_deletes(two):
    releases.flask(two.old, two.environ, "backup")
    check = two.begin(two.old, "restore", "--check")
    assert wait_until(lambda: two.litter() or check.poll() is not None, 120)
    os.killpg(check.pid, signal.SIGKILL)
    check.wait()
    two.age()
    (copy,) = two.copies()
    assert two.is_whole(copy, two.old) == "before"
    assert two.litter() == []


def test_a_copy_on_the_server_whose_check_was_killed_is_dropped_by_the_next_one(two):
    if two.store.is_sqlite:
        pytest.skip("its copy is a file")
    releases.flask(two.old, two.environ, "backup")
    now, mark = int(time.time()), secrets.token_hex(4)
    old, fresh, another = (f"leads_check_{one}_{mark}" for one in (now - 86_400, now, "of_mine"))
    try:
        for name in (old, fresh, another):
            _sql(two.store, f'CREATE DATABASE "{name}" TEMPLATE template0')
        (copy,) = two.copies()
        assert two.is_whole(copy, two.old) == "before"
        with two.store.read() as tx:
            listed = text("SELECT datname FROM pg_database WHERE datname LIKE :like")
            assert set(tx.execute(listed, {"like": f"%{mark}"}).scalars()) == {fresh, another}
    finally:
        for name in (old, fresh, another):
            _sql(two.store, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
