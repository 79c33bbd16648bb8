"""Starting, stopping, and the command line."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.behaviours import BEHAVIOURS
from simulator.server import Simulator

ROOT = Path(__file__).parents[2]


def start(*arguments: str) -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
    )
    return process, int(process.stdout.readline().split("127.0.0.1:")[1].split("/")[0])


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "simulator", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        encoding="utf-8",
        cwd=ROOT,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_though_clients_hang(client_of, number):
    process, port = start("--key", "k")
    client = client_of(Simulator(port))
    with client.connect() as sock, client.connect() as dripping:
        sock.sendall(client.wire("sim:hang"))
        dripping.sendall(client.wire("sim:drip:100"))
        assert dripping.recv(1) == b"H"
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")


@pytest.mark.parametrize(("flag", "count"), [((), 1), (("--quiet",), 0)])
def test_it_says_one_line_a_call_unless_quiet(client_of, flag, count):
    process, port = start("--key", "k", *flag)
    client_of(Simulator(port)).ring()
    process.terminate()
    said, _ = process.communicate(timeout=60)
    assert said.splitlines() == ['rang 7999***0001 "Заявка" -> ok 4.35'] * count


def test_the_flags_reach_the_calls(client_of):
    process, port = start(
        "--key",
        "k",
        "--behaviour",
        "refuse:раз",
        "--behave-for",
        "1",
        "--ending",
        "0404=no_money",
        "--scripts",
        "Заявка",
    )
    client = client_of(Simulator(port))
    try:
        assert client.ring().fields["error_code"] == "раз"
        assert client.ring().fields["result"] == "ok"
        assert client.ring(number="79990000404").fields["error_code"] == "Недостаточно средств на балансе"
        assert client.ring("Другой").fields["result"] == "error"
    finally:
        process.terminate()
        process.communicate(timeout=60)


def test_a_taken_port_is_one_line_and_exit_code_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run("--port", str(port))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == f"simulator: port {port} is taken; choose another with --port\n"


def test_a_log_that_cannot_be_opened_is_one_line_and_exit_code_1(tmp_path):
    ended = run("--port", "0", "--log", str(tmp_path / "no" / "calls.jsonl"))
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "x"],
        ["--port", "65536"],
        ["--behaviour", "hnag"],
        ["--behaviour", "slow:soon"],
        ["--behave-for", "0"],
        ["--ending", "0404"],
        ["--ending", "x=hang"],
        ["--login", "me"],
        ["--prot", "1"],
        ["more"],
    ],
)
def test_wrong_usage_is_exit_code_2_with_a_reason(arguments):
    ended = run("--port", "0", *arguments)
    assert ended.returncode == 2
    assert ended.stderr.strip()
    assert "Traceback" not in ended.stderr


def test_help_names_every_behaviour(client):
    page = client.request("GET", "/").body.decode()
    printed = run("--help").stdout
    for name in BEHAVIOURS:
        assert f"  {name}" in page
        assert f"  {name}" in printed


def test_it_starts_again_on_the_same_port_and_remembers(client, sim):
    client.ring()
    url = sim.url
    silent = client.connect()
    silent.sendall(client.wire("sim:hang"))
    assert sim.wait(2)
    sim.stop()
    with pytest.raises(ConnectionRefusedError):
        client.connect()
    assert silent.recv(1) == b""
    silent.close()
    sim.start()
    client.ring()
    assert sim.url == url
    assert [call.n for call in sim.calls] == [1, 2, 3]


def test_stopping_twice_and_starting_twice_change_nothing(client, sim):
    assert sim.start() is sim
    assert client.ring().fields["result"] == "ok"
    sim.stop()
    sim.stop()


def test_it_may_be_stopped_the_moment_it_started():
    sim = Simulator()
    for _ in range(100):
        sim.start()
        sim.stop()
    assert sim.connections == 0


def test_two_simulators_live_side_by_side(sim, client_of):
    with Simulator() as other:
        assert other.port != sim.port
        client_of(other).ring()
        assert (len(other.calls), len(sim.calls)) == (1, 0)


@pytest.mark.parametrize(
    "wrong", [{"behaviour": "hnag"}, {"endings": {"1": "hnag"}}, {"login": "me"}, {"behave_for": 0}]
)
def test_a_wrong_option_is_a_value_error(wrong):
    with pytest.raises(ValueError):
        Simulator(**wrong)
