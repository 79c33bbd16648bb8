"""The errors of the first day: one sentence with what to do, exit code 1, and never a traceback."""

import fcntl
import os
import runpy
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from gunicorn.util import parse_address

from config.settings import ROOT, SettingsError, read
from tests.application import SETTINGS

FLASK, GUNICORN = ("-m", "flask"), ("-m", "gunicorn", "-c", "gunicorn.conf.py", "app:create_app()")


def run(command, tmp_path, *, before=(), **said):
    folders = {name: str(tmp_path / name.lower()) for name in ("SOURCES_DIR", "ACCOUNTS_DIR", "RUN_DIR")}
    environ = {"PATH": os.environ["PATH"], "FLASK_SKIP_DOTENV": "1", "FLASK_APP": "app.py", "PYTHONPATH": str(ROOT)}
    environ |= {**SETTINGS, "DATABASE_URL": f"sqlite:///{tmp_path}/leads.db", **folders, **said}
    done = subprocess.run(
        [*before, sys.executable, *command],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("command", "said", "words"),
    [
        ((*FLASK, "release"), {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "see whether it runs"),
        ((*FLASK, "leads", "list"), {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "DATABASE_URL is right"),
        ((*FLASK, "release"), {"DATABASE_URL": "postgresql://u:p@h:abc/x"}, "the port a number"),
        ((*FLASK, "release"), {"DATABASE_URL": "mysql://h/x"}, "must start with sqlite:/// or postgresql://"),
        ((*FLASK, "release"), {"DATABASE_URL": "sqlite:////sys/leads/x.db"}, "its folder cannot be made"),
        (
            (*FLASK, "release"),
            {"DATABASE_URL": "sqlite:////proc/leads.db"},
            "unable to open database file; see whether",
        ),
        (
            (*FLASK, "release"),
            {"DATABASE_URL": "postgresql://u@127.0.0.1:1/x?frobnicate=1"},
            "whether DATABASE_URL is right",
        ),
        ((*FLASK, "release"), {"DATABASE_URL": "sqlite:////tmp/" + "x" * 300}, "DATABASE_URL: must be a path"),
        ((*FLASK, "release"), {"DATABASE_URL": "sqlite:///:memory:"}, "DATABASE_URL: must name a file"),
        ((*FLASK, "release"), {"DATABASE_URL": "sqlite:////tmp/leads.db?mode=ro"}, "DATABASE_URL: must name a file"),
        ((*FLASK, "leads", "list"), {"DATABASE_URL": "sqlite:////dev/null/leads.db"}, "its folder cannot be made"),
        ((*FLASK, "release"), {"SOURCES_DIR": "/dev/null"}, "SOURCES_DIR: must be a folder"),
        ((*FLASK, "worker"), {"RUN_DIR": "/dev/null"}, "RUN_DIR: must be a folder"),
        (GUNICORN, {"WEB_SOCKET": "/dev/null"}, "WEB_SOCKET: /dev/null is there already and no socket"),
        ((*FLASK, "worker"), {"PORT": "abc"}, "PORT: Not a valid integer"),
        ((*FLASK, "demo"), {"PORT": "abc"}, "try: PORT=8010 make run"),
        (GUNICORN, {"PORT": "abc"}, "PORT: expected a whole number from 1 to 65535, got 'abc'"),
        ((*FLASK, "release"), {"TIMEZONE": "Moscow"}, "TIMEZONE: must be a zone's name like Europe/Moscow"),
        ((*FLASK, "watch"), {"PUBLIC_URL": "leads.example.ru"}, "with https:// before it"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_one_sentence_says_what_to_do(tmp_path, command, said, words):
    code, output = run(command, tmp_path, **said)
    assert code == 1, output
    assert words in output
    assert "Traceback" not in output


def sentences(output):
    """What was said, without the logs of the application's own start."""
    return [line for line in output.splitlines() if line.strip() and "[warning" not in line]


@pytest.fixture
def gunicorn(tmp_path, monkeypatch, capsys):
    """What its settings say in an environment: they are read, then asked about each place before the first is
    listened at. (exit code, output), as the process would end."""

    def start(**said):
        for name in ("HOST", "PORT", "WEB_SOCKET", "WEB_CONCURRENCY", "LISTEN_FDS", "GUNICORN_FD"):
            monkeypatch.delenv(name, raising=False)
        for name, value in said.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            settings = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
            settings["on_starting"](SimpleNamespace(address=[parse_address(settings["bind"])]))
        return end.value.code, capsys.readouterr().err

    return start


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"PORT": "0"}, "PORT: expected a whole number from 1 to 65535, got '0'"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY: expected a whole number from 1 to 256, got '0'"),
        ({"WEB_CONCURRENCY": "100000"}, "WEB_CONCURRENCY: expected a whole number"),
        ({"HOST": "nowhere.invalid"}, "HOST: nowhere.invalid leads to no address"),
        ({"HOST": "a..b"}, "HOST: a..b leads to no address"),
        ({"HOST": "203.0.113.7"}, "HOST: 203.0.113.7 is no address of this machine"),
        ({"WEB_SOCKET": "/tmp/" + "x" * 120}, "x cannot be made: its folder"),
        ({"WEB_SOCKET": "/nowhere/leads.sock"}, "WEB_SOCKET: /nowhere/leads.sock cannot be made"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_place_that_cannot_be_is_one_sentence(gunicorn, said, words):
    code, output = gunicorn(**said)
    assert (code, len(sentences(output))) == (1, 1), output
    assert words in output


@contextmanager
def taken(host):
    """A port of this host where another listens."""
    family, kind, _, _, place = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as other:
        try:
            other.bind(place)
        except OSError:
            pytest.skip(f"this machine has no {host}")
        other.listen()
        yield str(other.getsockname()[1])


@pytest.mark.parametrize("host", ["::1", "localhost"])
def test_a_port_that_is_taken_is_one_sentence(gunicorn, monkeypatch, host):
    monkeypatch.setattr(time, "sleep", lambda _: None)  # it waits for a process before it that is just going
    with taken(host) as port:
        code, output = gunicorn(HOST=host, PORT=port)
    assert (code, sentences(output)) == (1, [output.strip()])
    assert f"PORT: {port} of {host} is taken" in output


def test_a_whole_process_says_no_more_than_that(tmp_path):
    with taken("127.0.0.1") as port:
        code, output = run(GUNICORN, tmp_path, HOST="127.0.0.1", PORT=port)
    assert code == 1, output
    assert len(sentences(output)) == 1, output
    assert f"PORT: {port} of 127.0.0.1 is taken" in sentences(output)[0]


def test_a_port_that_the_user_may_not_take_is_one_sentence(tmp_path):
    """In a user namespace of its own, which has no right over this machine's network."""
    if not shutil.which("unshare") or subprocess.run(["unshare", "-r", "true"], check=False).returncode:
        pytest.skip("no user namespaces here: unshare -r")
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as first:
        if int(first.read()) <= 80:
            pytest.skip("here every user may take port 80")
    code, output = run(GUNICORN, tmp_path, before=("unshare", "-r"), HOST="127.0.0.1", PORT="80")
    assert code == 1, output
    assert len(sentences(output)) == 1, output
    assert "PORT: this user may not take 80" in sentences(output)[0]


def test_a_worker_that_may_write_no_journal_says_so_and_ends(tmp_path):
    assert run((*FLASK, "release"), tmp_path)[0] == 0
    code, output = run((*FLASK, "worker"), tmp_path, RUN_DIR="/proc/leads")
    assert (code, len(sentences(output))) == (1, 1), output
    assert "RUN_DIR: /proc/leads cannot be written" in output


def test_an_unreadable_env_file_is_named(tmp_path):
    for content in (b"\xff\xfe=1\n", None):
        file = tmp_path / ("folder" if content is None else "text")
        file.mkdir() if content is None else file.write_bytes(content)
        with pytest.raises(SettingsError, match="cannot be read"):
            read(SETTINGS, dotenv=file)


def test_a_second_make_run_is_a_clear_no(tmp_path):
    (ROOT / "var").mkdir(exist_ok=True)
    with (ROOT / "var" / "run.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        code, output = run((*FLASK, "demo"), tmp_path)
    assert (code, "make run runs here already" in output, "Traceback" in output) == (1, True, False)


def test_that_no_worker_runs_stands_above_the_leads(flask, gateway):
    lead = gateway.take({"id": "1", "phone": "79990000001"})
    for words in (("leads", "list"), ("leads", "show", lead)):
        assert flask(*words)[1].startswith("! no worker is running: nobody is rung; start one: flask worker")
    gateway.alive()
    for words in (("leads", "list"), ("leads", "show", lead)):
        assert "no worker" not in flask(*words)[1]
