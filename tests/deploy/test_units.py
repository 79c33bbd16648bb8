"""systemd's own judgement of the units, where its tool is at hand; nothing here starts one."""

import os
import shutil
import subprocess

import pytest

from config.settings import ROOT

UNITS = ROOT / "deploy" / "systemd"
NAMES = sorted(path.name for path in UNITS.iterdir() if path.is_file())
SERVICES = [name for name in NAMES if name.endswith(".service")]


@pytest.fixture(scope="module")
def analyze(tmp_path_factory):
    """`systemd-analyze`, on the units as `deploy/install.sh` would write them for this folder."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not here: apt-get install systemd")
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(UNITS, folder, dirs_exist_ok=True)
    for path in (path for path in folder.rglob("*") if path.is_file()):
        path.write_text(path.read_text().replace("/srv/leads", str(ROOT)))

    def run(*words):
        environ = {**os.environ, "SYSTEMD_UNIT_PATH": f"{folder}:", "LC_ALL": "C.UTF-8"}
        command = ["systemd-analyze", "--no-pager", *words[:-1], str(folder / words[-1])]
        return subprocess.run(command, env=environ, capture_output=True, text=True)

    run.folder = folder
    return run


def test_there_is_a_unit_for_each_process_of_the_procfile():
    processes = [line.split(":")[0] for line in (ROOT / "Procfile").read_text().splitlines()]
    assert {f"leads-{name}.service" for name in processes if name != "release"} <= set(SERVICES)


@pytest.mark.parametrize("name", NAMES)
def test_systemd_finds_nothing_wrong(analyze, name):
    said = analyze("verify", name)
    assert (said.returncode, said.stderr) == (0, "")


def test_systemd_would_find_a_wrong_key(analyze):
    wrong = analyze.folder / "leads-wrong.service"
    wrong.write_text("[Service]\nExecStart=/bin/true\nProtectSistem=strict\n")
    assert analyze("verify", wrong.name).stderr != ""


@pytest.mark.parametrize("name", SERVICES)
def test_a_stolen_process_could_do_little(analyze, name):
    """At most 2.0 of 10 by systemd's own count; a unit that says nothing has 9.2."""
    said = analyze("security", "--offline=true", "--threshold=20", name)
    assert said.returncode == 0, said.stdout


def test_an_open_unit_would_be_told(analyze):
    bare = analyze.folder / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    assert analyze("security", "--offline=true", "--threshold=20", bare.name).returncode != 0


def test_a_worker_has_time_to_finish_what_is_on_the_wire():
    unit = (UNITS / "leads-.service.d" / "hardening.conf").read_text()
    stop = int(unit.split("TimeoutStopSec=")[1].split()[0])
    settings = (ROOT / "config" / "settings.py").read_text()
    total = float(settings.split('"VOICE_TOTAL_TIMEOUT", ')[1].split(",")[0])
    assert stop >= total + 15
