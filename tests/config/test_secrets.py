"""SECRETS_FILE: read while it changes, written whole."""

import os
import stat
import threading

import pytest

from config import secrets
from config.secrets import Secrets
from tests.fakes import Clock


@pytest.fixture
def file(tmp_path):
    return tmp_path / "secrets.env"


@pytest.fixture
def clock():
    return Clock(0.0)


def settled(known, clock):
    """The file as it reads once it has stayed the same for long enough."""
    known.look()
    clock.forward(secrets.SETTLE_S)
    known.look()


def test_the_environment_wins_over_the_file(file):
    file.write_text("A=of-file\nB=of-file\n")
    known = Secrets(file, {"A": "of-environment"})
    assert [known(f"env:{name}") for name in "ABC"] == ["of-environment", "of-file", None]


def test_a_new_name_counts_at_once_and_a_known_one_when_the_file_stays(file, clock):
    file.write_text("OLD=1\n")
    known = Secrets(file, {}, clock)
    settled(known, clock)
    file.write_text("OLD=2\nNEW=3\n")
    assert (known("env:OLD"), known("env:NEW")) == ("1", "3")
    settled(known, clock)
    assert (known("env:OLD"), known("env:NEW")) == ("2", "3")


def test_a_file_that_is_just_being_saved_refuses_nobody(file, clock):
    file.write_text("TOKEN=whole\n")
    known = Secrets(file, {}, clock)
    settled(known, clock)
    for half in ("", "TOK", "TOKEN=who"):
        file.write_text(half)
        assert known("env:TOKEN") == "whole"
    file.unlink()
    assert known("env:TOKEN") == "whole"
    file.write_bytes(b"TOKEN=\xff\n")
    assert known("env:TOKEN") == "whole"


def test_a_line_that_was_taken_out_counts_no_more(file, clock):
    file.write_text("TOKEN=a\n")
    known = Secrets(file, {}, clock)
    settled(known, clock)
    file.write_text("# nothing\n")
    settled(known, clock)
    assert known("env:TOKEN") is None


def test_adding_makes_a_private_file(file):
    assert secrets.add(file, "TOKEN", "a", {}) == "TOKEN"
    assert file.read_text() == "TOKEN=a\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not secrets.readable_by_others(file)


def test_adding_closes_the_file_to_others_and_keeps_its_group_and_its_link(file, tmp_path):
    real = tmp_path / "elsewhere.env"
    real.write_text("FIRST=1")
    real.chmod(0o644)
    file.symlink_to(real)
    assert secrets.readable_by_others(file)
    secrets.add(file, "SECOND", "2", {})
    assert file.is_symlink()
    assert real.read_text() == "FIRST=1\nSECOND=2\n"
    assert stat.S_IMODE(real.stat().st_mode) == 0o640


def test_a_known_name_is_never_given_again(file):
    file.write_text("TOKEN=\nTOKEN_2=x\n")
    assert secrets.add(file, "TOKEN", "a", {"TOKEN_3": "outside"}) == "TOKEN_4"


def test_two_at_once_lose_nothing(file):
    names = [f"T{n}" for n in range(20)]
    threads = [threading.Thread(target=secrets.add, args=(file, name, "x", {})) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(secrets.values_of(file)) == set(names)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_of_the_file_stays_its_owner(file):
    file.write_text("A=1\n")
    os.chown(file, 12345, 12345)
    secrets.add(file, "B", "2", {})
    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12345)
