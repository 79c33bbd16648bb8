"""What the owner writes is neither shipped nor ignored: no `git pull` stops at it, and a fork may keep it."""

import subprocess

import pytest

from config.settings import ROOT

OWN = ["config/policy.yaml", "config/alarms.yaml", "config/sources/shop.yaml", "config/accounts/second.yaml"]


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)


@pytest.fixture(autouse=True)
def _in_a_clone():
    if git("rev-parse", "--git-dir").returncode:
        pytest.skip("this is no clone of the repository: git has nothing to say about its files")


def test_none_of_the_owners_files_is_shipped():
    shipped = git("ls-files", "config").stdout.split()
    assert "config/policy.example.yaml" in shipped
    own = ("config/policy.yaml", "config/alarms.yaml", "config/sources/", "config/accounts/")
    assert [name for name in shipped if name.startswith(own) and not name.endswith("/.gitkeep")] == []


def test_none_of_the_owners_files_is_ignored():
    asked = git("check-ignore", "--no-index", *OWN, "var/leads.db")
    assert asked.stdout.split() == ["var/leads.db"]
