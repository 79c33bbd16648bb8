"""A backup of a gateway that works, and the proof that it can be put back: on both databases."""

import json
import os
import shutil
import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import structlog
from sqlalchemy import text

from core.alarms import BACKUP, DRILL
from flow import backup
from store import stamps
from store.backup import BackupFailed
from store.engine import Store
from store.tables import leads
from tests import databases
from tests.deploy.test_upgrade import A_LATER_RELEASE, waits_for_a_table
from tests.fakes import Stage
from tests.faults.processes import wait_until
from tests.flow.test_alarms import Away

pytestmark = pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not here")


def stamp(gateway, name):
    with gateway.store.read() as tx:
        return stamps.known(tx).get(name)


def fill(gateway, count, start=0):
    for n in range(start, start + count):
        gateway.take({"id": str(n), "phone": f"79990000{n:03}"})
    gateway.work()


def test_a_backup_holds_everything_and_can_be_put_back(gateway, tmp_path):
    fill(gateway, 3)
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "shop.yaml").write_text("preset: generic\n")
    (tmp_path / "secrets.env").write_text("A=1\n")
    beside = {"sources": tmp_path / "sources", "secrets.env": tmp_path / "secrets.env", "env": tmp_path / "none"}
    made = backup.make(gateway.parts, tmp_path / "kept", beside)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert stat.S_IMODE((made / "secrets.env").stat().st_mode) == 0o600
    assert (made / "sources" / "shop.yaml").read_text() == "preset: generic\n"
    assert list((made / "journal").glob("journal-*.jsonl"))
    assert stamp(gateway, BACKUP).well
    found = backup.check(gateway.parts, made)
    assert (found.rows["leads"], found.rows["attempts"], found.at_risk) == (3, 3, ())
    assert stamp(gateway, DRILL).well


def test_who_was_rung_after_it_is_told_without_a_number(gateway, tmp_path):
    waiting = gateway.take({"id": "before", "phone": "79990000001"})
    made = backup.make(gateway.parts, tmp_path / "kept", {})
    gateway.work()
    fill(gateway, 1, start=7)
    found = backup.check(gateway.parts, made)
    assert len(found.at_risk) == 2
    known, lost = sorted(found.at_risk, key=lambda one: one.no is None)
    assert (known.source, known.no, known.number) == (
        "shop",
        gateway.lead(waiting).no,
        "",
    )  # not mapped in it yet
    assert (lost.source, lost.no, lost.number, lost.at) == ("shop", None, "", gateway.clock.ms())


def test_a_backup_under_writes_is_of_one_moment(gateway, tmp_path):
    fill(gateway, 5)
    stop, wrote = threading.Event(), []

    def write():
        other = Stage(gateway.store, gateway.clock, tmp_path / "other")
        while not stop.is_set():
            wrote.append(other.take({"id": f"w{len(wrote)}", "phone": "79990000500"}))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = backup.make(gateway.parts, tmp_path / "kept", {})
    finally:
        stop.set()
        writer.join()
    rows = backup.check(gateway.parts, made).rows
    assert 5 <= rows["leads"] <= 5 + len(wrote)
    assert rows["deliveries"] == rows["leads"]


def test_a_damaged_or_strange_backup_is_told(gateway, tmp_path):
    fill(gateway, 1)
    made = backup.make(gateway.parts, tmp_path / "kept", {})
    file = next(made.glob("database.*"))
    with file.open("r+b") as content:
        content.seek(2000)
        content.write(b"x" * 100)
    with pytest.raises(BackupFailed, match="damaged or was changed"):
        backup.check(gateway.parts, made)
    assert not stamp(gateway, DRILL).well
    with pytest.raises(BackupFailed, match="no backup of flask backup"):
        backup.check(gateway.parts, tmp_path)


def test_a_backup_with_fewer_leads_than_there_were_is_told(gateway, tmp_path):
    fill(gateway, 2)
    made = backup.make(gateway.parts, tmp_path / "kept", {})
    manifest = json.loads((made / backup.MANIFEST).read_text())
    (made / backup.MANIFEST).write_text(json.dumps({**manifest, "leads": 3}))
    with pytest.raises(BackupFailed, match="2 leads are in it, 3 were there"):
        backup.check(gateway.parts, made)


def test_a_database_that_cannot_be_told_changes_nothing_of_what_came_of_it(gateway, tmp_path):
    """A release may hold it for longer than anybody waits."""
    fill(gateway, 1)
    store = gateway.parts.store
    gateway.parts.store = Away(store)
    with structlog.testing.capture_logs() as said:
        made = backup.make(gateway.parts, tmp_path / "kept", {})
        assert backup.check(gateway.parts, made).rows["leads"] == 1
    gateway.parts.store = store
    assert [(one["event"], one["what"]) for one in said] == [("not_noted", BACKUP), ("not_noted", DRILL)]
    assert stamp(gateway, BACKUP) is None


def test_where_nothing_can_be_written_nothing_is_left_and_it_is_said(gateway, tmp_path):
    (tmp_path / "kept").write_text("a file stands in the way")
    with pytest.raises(BackupFailed, match="cannot be read or written"):
        backup.make(gateway.parts, tmp_path / "kept", {})
    assert "cannot be read or written" in stamp(gateway, BACKUP).said


def test_a_broken_copy_leaves_no_folder(gateway, tmp_path, monkeypatch):
    fill(gateway, 1)
    monkeypatch.setenv("PATH", str(tmp_path))
    if gateway.store.is_sqlite:
        gateway.store.path.rename(tmp_path / "away.db")
    with pytest.raises(BackupFailed):
        backup.make(gateway.parts, tmp_path / "kept", {})
    assert os.listdir(tmp_path / "kept") == []
    if gateway.store.is_sqlite:
        (tmp_path / "away.db").rename(gateway.store.path)


def test_what_an_editor_left_beside_the_sources_is_no_hindrance_and_what_cannot_be_copied_is_named(gateway, tmp_path):
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / ".#shop.yaml").symlink_to("irina@host.1234")
    made = backup.make(gateway.parts, tmp_path / "kept", {"sources": tmp_path / "sources"})
    assert list((made / "sources").iterdir()) == []
    os.mkfifo(tmp_path / "sources" / "pipe")
    with pytest.raises(BackupFailed, match="sources/pipe cannot be copied: "):
        backup.make(gateway.parts, tmp_path / "kept2", {"sources": tmp_path / "sources"})
    assert os.listdir(tmp_path / "kept2") == []


@pytest.fixture(params=databases.KINDS)
def alone(request, tmp_path, clock):
    """A gateway on a database of this test alone: what a migration does to it lasts."""
    opened = Store(databases.of_kind(request.param, tmp_path), clock=clock)
    yield Stage(opened, clock, tmp_path / "run")
    opened.dispose()


def test_a_backup_during_a_migration_is_of_before_or_of_after_it(alone, tmp_path):
    """The migration has changed tables and has not committed; PostgreSQL lets nobody read them until then."""
    fill(alone, 3)
    store = Store(alone.store.url.render_as_string(hide_password=False))
    made = []
    copying = threading.Thread(target=lambda: made.append(backup.make(alone.parts, tmp_path / "kept", {})))
    with store.write() as tx:
        for line in A_LATER_RELEASE:
            tx.execute(text(line))
        copying.start()
        where = tmp_path / "kept"
        if alone.store.is_sqlite:
            assert wait_until(lambda: list(where.glob("leads-*")), 60)  # nobody waited for the migration
        else:
            assert wait_until(lambda: waits_for_a_table(alone.store), 60)
    copying.join(60)
    found = backup.check(alone.parts, made[0])
    assert (found.rows["leads"], found.rows["deliveries"], found.at_risk) == (3, 3, ())
    store.dispose()


def test_old_backups_go(gateway, tmp_path):
    for _ in range(20):
        gateway.clock.forward(24 * 3600)
        (tmp_path / backup.PREFIX).with_name(f"{backup.PREFIX}x").mkdir(exist_ok=True)
        newest = backup.make(gateway.parts, tmp_path, {})
        if not gateway.store.is_sqlite and len(backup.made_of(tmp_path)) > 1:
            break  # what goes is told by the folders' names alone
    kept = backup.made_of(tmp_path)
    assert kept[max(kept)] == newest
    assert (tmp_path / f"{backup.PREFIX}x").is_dir()  # what we did not make is left alone
    if gateway.store.is_sqlite:
        assert 14 < len(kept) < 18


def test_backups_of_one_second_do_not_meet(gateway, tmp_path):
    """One by the timer and one by hand: each is whole, under a name of its own; of one day, the newest is kept."""
    fill(gateway, 1)
    began = threading.Barrier(4)

    def make():
        began.wait()
        return backup.make(gateway.parts, tmp_path, {})

    with ThreadPoolExecutor(4) as threads:
        made = [one.result() for one in [threads.submit(make) for _ in range(4)]]
    assert set(backup.made_of(tmp_path).values()) <= set(made)
    made.append(backup.make(gateway.parts, tmp_path, {}))
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    for path in backup.made_of(tmp_path).values():
        assert backup.check(gateway.parts, path).rows["leads"] == 1
    assert made[-1].is_dir()


def test_a_backup_is_kept_also_where_the_clock_was_put_back(gateway, tmp_path):
    made = backup.make(gateway.parts, tmp_path, {})
    made.rename(f"{str(made)[: -len('hhmmssZ')]}235959Z")
    assert backup.make(gateway.parts, tmp_path, {}).is_dir()


def test_the_commands(flask_on, tmp_path):
    flask, gateway = flask_on
    code, said = flask("restore", "--check")
    assert (code, "run: flask backup" in said) == (1, True)
    fill(gateway, 2)
    code, said = flask("backup")
    assert code == 0, said
    assert "1 backup is kept" in said
    fill(gateway, 1, start=5)
    code, said = flask("restore", "--check")
    assert code == 0, said
    assert "leads 2, " in said
    assert "! a lead of shop that is not in it" in said
    with gateway.store.read() as tx:
        assert len(tx.execute(leads.select()).all()) == 3


@pytest.fixture
def flask_on(app, gateway, tmp_path):
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], backup_dir=tmp_path / "backups")

    def run(*words):
        done = app.test_cli_runner().invoke(args=words)
        return done.exit_code, done.output

    return run, gateway
