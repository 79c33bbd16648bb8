"""`flask leads export` and `flask leads erase`."""

import csv
import io
import json
import stat
from dataclasses import replace
from decimal import Decimal

import pytest

from store import people, queries
from tests.fakes import LOST, YES

WHY = ("--who", "anna", "--why", "asked")
EVIL = '=HYPERLINK("http://x","y")'


@pytest.fixture
def three(gateway):
    """An accepted lead, a suppressed one with an evil name, and one of another source."""
    gateway.put("other", "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nmapping: {number: {field: p}, script: x}")
    gateway.put(
        "shop",
        "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nevent_key: id\n"
        "mapping: {number: {field: phone, region: RU}, person: {field: name}, script: Заявка}",
    )
    gateway.take({"id": "1", "phone": "79990000001", "name": "Иван"})
    gateway.work()
    gateway.clock.forward(60)
    gateway.take({"id": "2", "phone": "79990000001", "name": EVIL})
    gateway.work()
    gateway.clock.forward(60)
    gateway.take({"p": "x"}, source="other")
    gateway.work()
    return gateway


def exported(flask, tmp_path, *words):
    file = tmp_path / "out.csv"
    file.unlink(missing_ok=True)
    code, text = flask("leads", "export", "--out", str(file), *words)
    assert code == 0, text
    return file


def table(file):
    return list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline="")))


@pytest.mark.usefixtures("three")
def test_a_table_has_whole_numbers_as_text_and_no_formula(flask, tmp_path):
    file = exported(flask, tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    rows = table(file)
    assert [row["state"] for row in rows] == ["held", "suppressed", "accepted"]
    assert [row["number"] for row in rows] == ["", "'+79990000001", "'+79990000001"]
    assert rows[1]["person"] == "'" + EVIL
    assert "was called less than" in rows[1]["why"]
    assert (rows[2]["outcome"], rows[2]["attempts"], rows[2]["provider_id"]) == ("accepted", "1", "77")
    assert rows[2]["received_at"] == "2026-11-25T09:00:00.000Z"


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("words", "states"),
    [
        (("--source", "other"), ["held"]),
        (("--state", "accepted"), ["accepted"]),
        (("--since", "2026-11-25T09:01:00Z"), ["held", "suppressed"]),
        (("--until", "25.11.2026 12:01"), ["accepted"]),
        (("--state", "held", "--state", "accepted"), ["held", "accepted"]),
        (("--reason", "called_recently"), ["suppressed"]),
        (("--number", "8 999 000 00 01"), ["suppressed", "accepted"]),
        (("--name", "ИВ"), ["accepted"]),
        (("--name", "Пётр"), []),
    ],
)
def test_filters_narrow_it(flask, tmp_path, words, states):
    assert [row["state"] for row in table(exported(flask, tmp_path, *words))] == states


@pytest.mark.usefixtures("three")
def test_a_source_that_never_was_is_said_and_makes_no_file(flask, tmp_path):
    file = tmp_path / "out.csv"
    code, text = flask("leads", "export", "--out", str(file), "--source", "shp")
    assert (code, "there is no source 'shp'; there is: other, shop" in text, file.exists()) == (1, True, False)


def test_a_table_for_excel_has_names_local_times_commas_and_no_formula(three, flask, tmp_path):
    no = three.lead(three.lead_ids()[0]).no
    assert flask("leads", "rearm", str(no), "--again", "1", *WHY)[0] == 0
    assert flask("leads", "cancel", str(no), "--who", "anna", "--why", "=1+1")[0] == 0
    file = exported(flask, tmp_path, "--excel", "--lang", "ru", "--source", "shop")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"), newline=""), delimiter=";"))
    assert list(rows[0])[:7] == ["№", "пришёл", "источник", "имя", "телефон", "состояние", "почему"]
    assert [(row["состояние"], row["пришёл"], row["имя"]) for row in rows] == [
        ("Не звоним", "25.11.2026 12:01:00", "'" + EVIL),
        ("Отменён", "25.11.2026 12:00:00", "Иван"),
    ]
    assert rows[1]["телефон"] == "'+79990000001"
    assert rows[1]["почему"] == "anna: =1+1"
    assert rows[0]["почему"].startswith("На этот номер звонили 25.11.2026 12:00:00")
    on_the_screen = flask("leads", "export", "--excel")[1]
    assert "№" not in on_the_screen
    assert '"No";"came"' in on_the_screen


@pytest.mark.usefixtures("three")
def test_why_is_there_for_every_state_and_who_exported_what_is_noted(three, flask, tmp_path):
    rows = table(exported(flask, tmp_path, "--state", "accepted", "--who", "anna"))
    assert [row["why"] for row in rows] == ["The call was placed"]
    assert all(row["why"] for row in table(exported(flask, tmp_path, "--number", "79990000001")))
    with three.store.read() as tx:
        noted = [(row["who"], row["what"], row["about"], row["place"]) for row in people.page_of_audit(tx, 9)]
    assert noted[1] == ("anna", "exported", "accepted", "command")
    assert noted[0][2] == "one number"


def test_a_price_has_a_comma_for_excel(gateway, flask, tmp_path):
    gateway.voice.otherwise = replace(YES, price=Decimal("1.05"))
    gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    assert '"1,05"' in exported(flask, tmp_path, "--excel").read_text()
    assert '"1.05"' in exported(flask, tmp_path).read_text()


@pytest.mark.usefixtures("three")
def test_json_lines_are_for_programs(flask, tmp_path):
    rows = [json.loads(line) for line in exported(flask, tmp_path, "--format", "jsonl").read_text().splitlines()]
    assert [row["number"] for row in rows] == [None, "79990000001", "79990000001"]
    assert rows[1]["person"] == EVIL


def test_all_pages_are_written_to_the_standard_output(gateway, flask):
    for start in range(0, 1200, 100):
        gateway.post([{"id": str(start + n), "phone": "x"} for n in range(100)])
    text = flask("leads", "export", "--format", "jsonl")[1]
    numbers = [json.loads(line)["no"] for line in text.splitlines() if line.startswith('{"no"')]
    assert len(numbers) == len(set(numbers)) == 1200


@pytest.mark.usefixtures("gateway")
def test_a_file_that_is_there_is_not_written_over(flask, tmp_path):
    file = tmp_path / "out.csv"
    file.write_text("mine")
    assert flask("leads", "export", "--out", str(file))[0] == 1
    assert file.read_text() == "mine"


def test_a_person_is_erased_in_any_spelling_and_the_record_is_shown(three, flask):
    three.clock.forward(3600)
    code, text = flask("leads", "erase", "8 (999) 000-00-01", *WHY)
    assert (code, "2 leads and 2 deliveries erased" in text) == (0, True), text
    code, text = flask("leads", "erasures")
    assert (code, "2 leads, 2 deliveries" in text, "anna: asked" in text) == (0, True, True)
    assert "9990000001" not in text
    with three.store.read() as tx:
        erased = [row for row in queries.page(tx, queries.Wanted(), 9)[0] if row["erased_at"]]
    assert [row["person"] for row in erased] == [None, None]
    assert "its personal data was erased" in flask("leads", "show", str(erased[0]["no"]))[1]


def test_a_call_that_may_still_come_to_light_is_left_and_the_answer_is_no(gateway, flask):
    gateway.voice.outcomes = [LOST]
    for n in ("1", "2"):
        gateway.take({"id": n, "phone": "79990000001"})
        gateway.work()
    code, text = flask("leads", "erase", "+79990000001", *WHY)
    assert code == 1
    assert "1 leads and 1 deliveries erased" in text
    assert "may still come to light" in text
    assert flask("leads", "erase", "Ivan", *WHY)[0] == 1
    assert flask("leads", "erase", "+79990000001")[0] == 2
