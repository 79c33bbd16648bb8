"""deploy/install.sh, as far as it can be asked without making anything. `make deploy-trial` runs it whole."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from config.settings import ROOT, read
from tests.pages import first_names

SCRIPTS = sorted((ROOT / "deploy").glob("*.sh"))
INSTALL = (ROOT / "deploy" / "install.sh").read_text()


def refused(*words):
    """What the script says before it has made anything."""
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    if os.geteuid() != 0 or not re.search(r'^VERSION_ID="1[23]"', release, re.MULTILINE):
        pytest.skip("the script goes on only as root of a Debian 12 or 13")
    if Path("/etc/leads").exists():
        pytest.skip("this machine has it installed")
    asked = subprocess.run(["sh", ROOT / "deploy" / "install.sh", *words], capture_output=True, text=True)
    assert (asked.returncode, asked.stdout) == (1, "")
    return asked.stderr


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_shell_can_read_it(script):
    asked = subprocess.run(["sh", "-n", script], capture_output=True, text=True)
    assert (asked.returncode, asked.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--domain leads.example.ru"),
        (["--domain", "https://leads.example.ru/", "--sqlite"], "a bare name like leads.example.ru"),
        (["--domain", ""], "--domain wants a value"),
        (["--voice-url"], "--voice-url wants a value"),
        (["--domain", "leads example.ru", "--sqlite"], "a bare name like leads.example.ru"),
        (["--domain", "заявки.рф", "--sqlite"], "xn--... for a Cyrillic one"),
        (["--domain", "--sqlite"], "a bare name"),
        (["--domain", "localhost", "--sqlite"], "a bare name"),
        (["--domain", "203.0.113.7", "--sqlite"], "a bare name"),
        (["--domain", "leads..ru", "--sqlite"], "a bare name"),
        (["--domain", "leads.example.ru\nserver", "--sqlite"], "a bare name"),
        (["--domain", "leads.example.ru"], "--postgresql, or --sqlite"),
        (["--domain", "leads.example.ru", "--mysql"], "there is no option --mysql"),
        (["--undo"], "there is nothing of ours on this machine"),
        (["--undo", "--with-data"], "there is nothing of ours on this machine"),
    ],
)
def test_a_mistake_is_one_sentence_and_changes_nothing(words, said):
    told = refused(*words)
    assert said in told
    assert told.startswith("install: ")
    assert told.count("\n") == 1
    assert not Path("/etc/leads").exists()


def settings_written():
    text = INSTALL.split("<< END\n")[1].split("\nEND\n")[0]
    return dict(line.split("=", 1) for line in text.splitlines() if not line.startswith("#"))


def test_the_settings_it_writes_are_settings(tmp_path):
    names = {re.sub(r"^VOICE_API_KEY_FILE$", "VOICE_API_KEY", name) for name in settings_written()}
    assert names <= set(first_names("settings.md", "name", "default"))


def test_the_settings_it_writes_are_whole(tmp_path):
    (tmp_path / "voice_api_key").write_text("a-key\n")
    shell = {
        "$url": f"sqlite:///{tmp_path}/a.db",
        "$voice_url": "https://voice.example/",
        "$domain": "leads.example.ru",
    }
    shell |= {"$(openssl rand -hex 32)": "5" * 64, "$etc": str(tmp_path), "$var": str(tmp_path)}
    written = settings_written()
    for name, value in shell.items():
        written = {key: text.replace(name, value) for key, text in written.items()}
    assert [text for text in written.values() if "$" in text] == []
    settings = read(written, dotenv=None)
    assert settings.public_url == "https://leads.example.ru"
    assert settings.trusted_proxies == 1


def test_every_file_of_the_owner_lies_outside_of_the_code():
    """So that an upgrade touches none."""
    own = {
        name for name in first_names("settings.md", "name", "default") if re.search(r"(SOURCES|ACCOUNTS|RUN)_DIR", name)
    }
    own |= {"POLICY_FILE", "SECRETS_FILE"}
    written = settings_written()
    assert {name: written.get(name, "")[:4] for name in own} == dict.fromkeys(own, "$etc") | {"RUN_DIR": "$var"}
