"""A backup that is damaged in any way: `flask restore --check` says so in one sentence and ends with 1."""

import hashlib
import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from core.alarms import DRILL
from flow import backup
from store import stamps

pytestmark = pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not here")


@pytest.fixture
def made(app, gateway, tmp_path):
    """A whole backup of a few leads, in BACKUP_DIR."""
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], backup_dir=tmp_path / "backups")
    for n in range(5):
        gateway.take({"id": str(n), "phone": f"79990000{n:03}", "name": "x" * 900})
    gateway.work()
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "shop.yaml").write_text("preset: generic\n")
    (tmp_path / "secrets.env").write_text("A=1\n")
    beside = {"sources": tmp_path / "sources", "secrets.env": tmp_path / "secrets.env"}
    return backup.make(gateway.parts, tmp_path / "backups", beside)


@pytest.fixture
def refused(app, gateway):
    """The one sentence that `flask restore --check` ends with 1 by; the drill is stamped as failed."""

    def run(folder):
        done = app.test_cli_runner().invoke(args=["restore", "--check", str(folder)])
        assert isinstance(done.exception, SystemExit), repr(done.exception)
        assert (done.exit_code, done.output.count("\n")) == (1, 1), done.output
        assert done.output.startswith("it cannot be put back: ")
        with gateway.store.read() as tx:
            assert not stamps.known(tx)[DRILL].well
        return done.output

    return run


def database_of(made):
    return next(made.glob("database.*"))


def manifest_of(made):
    return json.loads((made / backup.MANIFEST).read_text())


def put(made, manifest):
    (made / backup.MANIFEST).write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))


def agree(made):
    """The manifest says that the database's file is as it was written: what damaged it was there before."""
    manifest, file = manifest_of(made), database_of(made)
    manifest["sha256"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    put(made, manifest)


def cut_in_half(file):
    os.truncate(file, file.stat().st_size // 2)


def shortened_by_one(file):
    os.truncate(file, file.stat().st_size - 1)


def emptied(file):
    os.truncate(file, 0)


def full_of_zeros(file):
    file.write_bytes(bytes(file.stat().st_size))


def without_its_head(file):
    file.write_bytes(b"x" * 100 + file.read_bytes()[100:])


def a_text(file):
    file.write_text("this is no database\n")


def away(file):
    file.unlink()


def a_folder(file):
    file.unlink()
    file.mkdir()


def a_link_to_nowhere(file):
    file.unlink()
    file.symlink_to(file.with_name("nowhere"))


DAMAGES = [cut_in_half, shortened_by_one, emptied, full_of_zeros, without_its_head, a_text]


def each(made, damages):
    """(the damage, a copy of the backup to be damaged), one after the other."""
    for n, damage in enumerate(damages):
        yield damage, shutil.copytree(made, made.with_name(f"copy{n}"))


def test_a_file_that_was_damaged_since_is_named(made, refused):
    for damage, folder in each(made, [*DAMAGES, away, a_folder, a_link_to_nowhere]):
        damage(database_of(folder))
        assert f"{folder}/database." in refused(folder), damage


def test_what_went_along_is_looked_at_too(made, refused):
    assert any(path.startswith("journal/journal-") for path in manifest_of(made)["sha256"])
    for name, folder in each(made, ["journal", "sources/shop.yaml", "secrets.env"]):
        shutil.rmtree(folder / name) if (folder / name).is_dir() else (folder / name).write_text("another")
        assert f"{folder}/{name}" in refused(folder)


def test_a_copy_that_was_damaged_from_the_start_is_told(made, refused):
    for damage, folder in each(made, [one for one in DAMAGES if one is not shortened_by_one]):
        damage(database_of(folder))
        agree(folder)
        assert refused(folder), damage


def test_whatever_bytes_are_flipped_it_is_opened_or_told(app, made, refused):
    """Also where the damage is in what a tool then says, or in a row."""
    file, dice = database_of(made), random.Random(1)
    whole, told = file.read_bytes(), 0
    for n in (0, 100, *(dice.randrange(len(whole)) for _ in range(20))):
        file.write_bytes(whole[:n] + bytes(each ^ 0xFF for each in whole[n : n + 8]) + whole[n + 8 :])
        agree(made)
        done = app.test_cli_runner().invoke(args=["restore", "--check", str(made)])
        if done.exit_code:
            told += 1
            refused(made)
    assert told > 0


def test_a_name_that_is_no_text_any_more_is_told(made, refused):
    """SQLite says it in its own words, which Python then cannot read."""
    file, name = database_of(made), b"autoindex_wishes_1"
    if file.suffix == ".sqlite":
        file.write_bytes(file.read_bytes().replace(name, b"\xff" * len(name)))
        agree(made)
        assert "cannot be read" in refused(made)


MANIFESTS = ["", "[]", "{}", "null", "[" * 100_000, b"\xff".decode("latin-1"), {"leads": "x"}, {"made_at": "soon"}]
MANIFESTS += [
    {"made_at": 10**30},
    {"file": "../secrets"},
    {"file": "a\0b"},
    {"file": "."},
    {"sha256": "1"},
    {"sha256": {}},
]


def test_a_manifest_that_is_none_is_told(made, refused):
    whole = manifest_of(made)
    endless = json.dumps({**whole, "made_at": 1}).replace('"made_at": 1', '"made_at": 1e400')
    for wrong in (*MANIFESTS, endless):
        put(made, {**whole, **wrong} if isinstance(wrong, dict) else wrong)
        assert "is no backup of flask backup" in refused(made), wrong


def test_a_backup_of_something_else_is_told(made, refused, gateway):
    file = database_of(made)
    if gateway.store.is_sqlite:
        file.unlink()
        with closing(sqlite3.connect(file)) as other:
            other.execute("CREATE TABLE leads (x)")
        agree(made)
        assert "no way leads from there" in refused(made)
        manifest = manifest_of(made)
        file.rename(made / "database.dump")
        manifest["sha256"]["database.dump"] = manifest["sha256"].pop("database.sqlite")
        put(made, {**manifest, "file": "database.dump"})
        assert "it is a dump of PostgreSQL" in refused(made)
    else:
        file.write_bytes(b"PGDMP" + file.read_bytes()[5:200])
        agree(made)
        assert "pg_restore: " in refused(made)


def test_no_room_for_the_copy_is_told(made, refused, gateway, monkeypatch):
    if not gateway.store.is_sqlite:
        pytest.skip("the server has the copy")
    monkeypatch.setattr(backup.tempfile, "tempdir", str(made / "nowhere"))
    assert "nowhere" in refused(made)
