"""What the twin remembers and writes down."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simulator.provider import mask
from simulator.server import Simulator


def test_a_call_is_told_as_it_was_asked(client, sim):
    client.ring("Заявка", sms="Спасибо")
    [call] = client.request("GET", "/calls").fields["calls"]
    at = call.pop("at")
    assert at.endswith("+00:00")
    assert call == {
        "n": 1,
        "number": "79990000001",
        "script": "Заявка",
        "sms": "Спасибо",
        "auth": "header",
        "behaviour": "accept",
        "answered": "ok 7.45",
        "status": 200,
        "rung": True,
        "id": "1234",
    }


def test_an_sms_left_out_is_told_from_one_that_is_null(client, sim):
    client.ring()
    client.ring(sms=None)
    left_out, null = client.request("GET", "/calls").fields["calls"]
    assert "sms" not in left_out
    assert null["sms"] is None
    assert [call.has_sms for call in sim.calls] == [False, True]


def test_calls_are_asked_for_by_number_and_from_a_point_on(client):
    for number in ("79990000001", "79990000002", "79990000001"):
        client.ring(number=number)

    def ns(query: str) -> list[int]:
        return [call["n"] for call in client.request("GET", f"/calls?{query}").fields["calls"]]

    assert ns("number=79990000001") == [1, 3]
    assert ns("since_n=1") == [2, 3]
    assert ns("number=79990000001&since_n=1") == [3]
    assert client.request("GET", "/calls?since_n=x").status == 400


def test_counts_tell_the_rung_from_the_read_and_clearing_forgets(client):
    client.ring()
    client.ring("sim:refuse")
    assert client.request("GET", "/calls/count").fields == {"count": 2, "rung": 1, "unfinished": 0}
    assert client.request("DELETE", "/calls").fields == {"count": 0, "rung": 0, "unfinished": 0}
    assert client.request("GET", "/calls").fields == {"calls": []}
    client.ring()
    assert [call["n"] for call in client.request("GET", "/calls").fields["calls"]] == [3], "n counts on"


def test_waiting_ends_with_the_call_or_with_the_time(client, sim):
    assert not sim.wait(1, seconds=0.01)
    client.ring()
    assert sim.wait(1, seconds=0)


def test_no_credential_is_kept_shown_or_logged(tmp_path, client_of):
    log = tmp_path / "calls.jsonl"
    lines = []
    with Simulator(key="canary-key", login="me", password="canary-word", log=str(log), say=lines.append) as sim:
        client = client_of(sim)
        fields = {"number": "79990000001", "script": "x"}
        client.post(fields, Authorization="canary-key")
        client.post(fields | {"security": {"apiKey": "canary-wrong"}})
        client.post(fields | {"security": {"login": "me", "password": "canary-word"}})
        seen = log.read_text() + client.request("GET", "/calls").body.decode() + repr(sim.calls) + "".join(lines)
    assert len(lines) == 3
    assert "canary" not in seen


def test_the_log_is_for_its_owner_only(tmp_path):
    log = tmp_path / "calls.jsonl"
    with Simulator(log=str(log)):
        assert log.stat().st_mode & 0o777 == 0o600


def test_the_log_survives_kill_9_and_a_restart_adds_to_it(tmp_path, client_of):
    log = tmp_path / "calls.jsonl"
    for _ in range(2):
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator", "--port", "0", "--log", str(log), "--behaviour", "hang"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        port = int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])
        client = client_of(Simulator(port))
        with client.connect() as sock:
            sock.sendall(client.wire())
            deadline = time.monotonic() + 60
            while client.request("GET", "/calls/count").fields["count"] == 0:
                assert time.monotonic() < deadline
        process.send_signal(signal.SIGKILL)
        process.communicate()
    calls = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(call["number"], call["behaviour"]) for call in calls] == [("79990000001", "hang")] * 2


def test_a_call_is_in_the_log_before_it_is_answered(tmp_path, client_of):
    log = tmp_path / "calls.jsonl"
    with Simulator(key="k", log=str(log)) as sim:
        for count in range(1, 20):
            client_of(sim).ring()
            assert len(log.read_text().splitlines()) == count


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full to stand for a full disk")
def test_a_call_that_cannot_be_logged_is_not_rung_and_the_twin_says_so(client_of, capsys):
    with Simulator(key="k", log="/dev/full") as sim:
        assert client_of(sim).ring().status == 500
        assert sim.calls == ()
    assert "the simulator's log cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("Заявка с сайта", 'rang 7999***0001 "Заявка с сайта" -> ok 4.35'),
        ("sim:refuse", 'asked 7999***0001 "sim:refuse" -> error: Скрипт с таким именем не найден'),
        ("\x1b[31mred\r\nnew", 'rang 7999***0001 "?[31mred??new" -> ok 4.35'),
    ],
)
def test_a_person_reads_one_calm_line_a_call(client_of, script, line):
    lines = []
    with Simulator(key="k", say=lines.append) as sim:
        client_of(sim).ring(script)
    assert lines == [line]


@pytest.mark.parametrize(
    ("number", "shown"),
    [("79990000001", "7999***0001"), (79990000001, "(no number)"), ("Иван", "(no number)"), (None, "(no number)")],
)
def test_a_number_is_masked_and_anything_else_is_not_shown(number, shown):
    assert mask(number) == shown
