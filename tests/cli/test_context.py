"""A command is a process of its own: what it knows of the sources it has read from the database."""

import json
import time

import pytest

from app import create_app
from config.settings import read
from store import do_not_call
from tests.application import SETTINGS

WHY = ("--who", "anna", "--why", "asked us to stop")
IVAN = {"id": "1", "name": "Иван", "phone": "+7 (999) 000-00-01"}


class Process:
    """The commands as a shell starts them: wired by the settings, nothing read yet."""

    def __init__(self, database_url, tmp_path):
        self.environ = {**SETTINGS, "DATABASE_URL": database_url, "RUN_DIR": str(tmp_path / "own-run")}

    def __call__(self, *words):
        app = create_app(read(self.environ, dotenv=None))
        done = app.test_cli_runner().invoke(args=words)
        app.extensions["gateway"].store.dispose()
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output


@pytest.fixture
def process(database_url, tmp_path):
    return Process(database_url, tmp_path)


def on_the_list(gateway):
    with gateway.store.read() as tx:
        return {row["number"] for row in do_not_call.page(tx, 1000)[0]}


def test_the_first_example_of_the_docs_and_its_way_back(gateway, process):
    code, text = process("do-not-call", "add", "8 999 000-00-01", *WHY)
    assert (code, on_the_list(gateway)) == (0, {"79990000001"}), text
    code, text = process("do-not-call", "list", "--number", "8 999 000-00-01")
    assert (code, "79990000001" in text) == (0, True), text
    code, text = process("do-not-call", "remove", "8 999 000-00-01", *WHY)
    assert (code, on_the_list(gateway)) == (0, set()), text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_a_list_of_a_call_centre_is_imported_whole(gateway, process, tmp_path, encoding):
    file = tmp_path / "list.csv"
    rows = ["8 999 000-00-01", "89990000002", "79990000003", "9990000004", "+79990000005", "8(999)0000006"]
    file.write_bytes(("Имя;Номер телефона\r\n" + "".join(f"Иван;{row}\r\n" for row in rows)).encode(encoding))
    code, text = process("do-not-call", "import", str(file), *WHY)
    assert (code, "6 numbers added" in text) == (0, True), text
    assert on_the_list(gateway) == {f"7999000000{n}" for n in range(1, 7)}


def test_numbers_are_read_as_the_sources_in_force_read_theirs(gateway, process):
    gateway.put(
        "shop", "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nmapping: {number: {field: p, region: TR}, script: x}"
    )
    code, text = process("do-not-call", "add", "0 312 213 12 13", *WHY)
    assert (code, on_the_list(gateway)) == (0, {"903122131213"}), text


def test_a_person_is_erased_in_any_spelling_and_the_same_id_stays_a_repeat(gateway, process):
    """Without the sources' windows a key that is good for thirty days would be forgotten after one."""
    gateway.put(
        "shop",
        "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nmapping: {script: Hello}\nevent_key: id\nrepeat_window: 30d",
    )
    gateway.clock.at = time.time() - 25 * 3600  # the command is a process of its own with the machine's clock
    lead_id = gateway.take(IVAN)
    gateway.clock.forward(25 * 3600)
    code, text = process("leads", "erase", "8 999 000-00-01", *WHY)
    assert (code, "1 leads and 1 deliveries erased" in text) == (0, True), text
    [again] = json.loads(gateway.post(IVAN).body)["leads"]
    assert (again["id"], again["duplicate"]) == (lead_id, True)


def test_where_no_source_is_in_force_the_built_in_country_counts(database_url, process):
    assert process("do-not-call", "add", "8 999 000-00-01", *WHY)[0] == 0


def test_a_database_before_its_migrations_is_said(tmp_path):
    process = Process(f"sqlite:///{tmp_path / 'new.db'}", tmp_path)
    code, text = process("do-not-call", "add", "8 999 000-00-01", *WHY)
    assert (code, "flask release" in text) == (1, True), text


def test_a_database_that_is_away_is_said(tmp_path):
    process = Process("postgresql://postgres@127.0.0.1:9/none", tmp_path)
    code, text = process("leads", "list")
    assert (code, "cannot be read" in text) == (1, True), text
