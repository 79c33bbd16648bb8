"""gunicorn as `gunicorn.conf.py` sets it up: on a unix socket, silent, and no second door."""

import runpy
import socket
import stat

import pytest

from config.settings import ROOT, SettingsError, read
from tests.deploy.served import TOKEN, Served, Unix, ask, until_ready


@pytest.fixture(scope="module")
def by_path(tmp_path_factory):
    """A web process that was told the path of its socket, and where to say that it is ready."""
    folder = tmp_path_factory.mktemp("web")
    served = Served(folder, None)
    served.environ |= {"WEB_SOCKET": str(folder / "own.sock"), "NOTIFY_SOCKET": str(folder / "notify.sock")}
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(served.environ["NOTIFY_SOCKET"])
        supervisor.settimeout(60)
        with served:
            served.told = supervisor.recv(4096)
            until_ready(lambda: Unix(folder / "own.sock"))
            yield served, folder


def test_it_listens_on_the_unix_socket_it_was_told(by_path):
    _, folder = by_path
    mode = stat.S_IMODE((folder / "own.sock").stat().st_mode)
    assert mode & 0o007 == 0
    assert ask(Unix(folder / "own.sock"), "GET", "/healthz")[0] == 200


def test_it_tells_its_supervisor_that_it_is_ready(by_path):
    """A unit of `Type=notify` would wait for this for ever."""
    served, _ = by_path
    assert b"READY=1" in served.told.split(b"\n")


def test_it_writes_no_line_of_its_own_and_opens_no_second_door(by_path):
    served, folder = by_path
    ask(Unix(folder / "own.sock"), "GET", f"/hooks/shop?token={TOKEN}&phone=" + "9" * 9000)
    assert "ontrol" not in served.log
    assert "gunicorn" not in served.log
    assert TOKEN not in served.log
    assert [path.name for path in folder.rglob("*.ctl")] == []


def test_a_clients_script_name_moves_no_route(by_path):
    _, folder = by_path
    for header in ("SCRIPT_NAME", "Script-Name"):
        connection = Unix(folder / "own.sock")
        connection.putrequest("GET", "/hooks/shop/healthz")
        connection.putheader(header, "/hooks/shop")
        connection.endheaders()
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        assert b'"status":"ok"' not in body.replace(b" ", b""), header


def test_a_query_of_six_thousand_characters_arrives(by_path):
    _, folder = by_path
    path = f"/hooks/shop?token={TOKEN}&id=long&phone=89990000001&order=" + "9" * 6000
    assert ask(Unix(folder / "own.sock"), "GET", path)[0] == 200


def test_without_a_socket_it_takes_host_and_port(monkeypatch):
    monkeypatch.delenv("WEB_SOCKET", raising=False)
    monkeypatch.setenv("HOST", "127.0.0.1")
    monkeypatch.setenv("PORT", "21234")
    assert runpy.run_path(str(ROOT / "gunicorn.conf.py"))["bind"] == "127.0.0.1:21234"


# Platforms

GIVEN = {
    "VOICE_API_URL": "https://voice.example/",
    "VOICE_API_KEY": "a-key",
    "SECRET_KEY": "s" * 40,
    "DIGEST_KEY": "d" * 40,
    "API_TOKEN": "a" * 40,
}


@pytest.mark.parametrize("name", ["DYNO", "K_SERVICE", "VCAP_APPLICATION"])
def test_a_sqlite_file_is_refused_where_the_platform_keeps_no_disk(name):
    sqlite = {**GIVEN, "DATABASE_URL": "sqlite:///var/leads.db"}
    read(sqlite, dotenv=None)
    with pytest.raises(SettingsError, match="keeps no disk from one start to the next"):
        read({**sqlite, name: "web.1"}, dotenv=None)


def test_a_platforms_postgres_address_is_taken_as_it_comes():
    settings = read({**GIVEN, "DYNO": "web.1", "DATABASE_URL": "postgres://u:p@db.example:5432/leads"}, dotenv=None)
    assert settings.database_url == "postgresql://u:p@db.example:5432/leads"
