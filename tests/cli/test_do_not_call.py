"""`flask do-not-call`: any spelling in, per-line errors out, nothing half done."""

import pytest

from store import do_not_call

WHY = ("--who", "anna", "--why", "asked us to stop")


def on_the_list(gateway):
    with gateway.store.read() as tx:
        return {row["number"]: row["why"] for row in do_not_call.page(tx, 1000)[0]}


@pytest.mark.parametrize("spelling", ["8 999 000-00-01", "+7(999)0000001", "79990000001", "tel:+79990000001"])
def test_a_number_is_taken_in_any_spelling(gateway, flask, spelling):
    code, text = flask("do-not-call", "add", spelling, *WHY)
    assert (code, "1 numbers added" in text) == (0, True)
    assert on_the_list(gateway) == {"79990000001": "asked us to stop"}
    assert "0 numbers added, 1 were on the list" in flask("do-not-call", "add", "89990000001", *WHY)[1]
    code, text = flask("do-not-call", "list", "--number", spelling)
    assert (code, "79990000001" in text, "anna: asked us to stop" in text) == (0, True, True)
    code, text = flask("do-not-call", "remove", spelling, *WHY)
    assert (code, "removed\n" in text) == (0, True)
    assert on_the_list(gateway) == {}
    assert flask("do-not-call", "remove", spelling, *WHY)[0] == 1
    assert flask("do-not-call", "list", "--number", spelling)[0] == 1
    assert flask("do-not-call", "list") == (0, "nobody is on the list\n")


@pytest.mark.parametrize("text", ["Иван", "12", "+79990000001, +79990000002", "+79990000001 Иван"])
def test_what_is_not_one_number_is_refused_and_changes_nothing(gateway, flask, text):
    code, said = flask("do-not-call", "add", "+79990000009", text, *WHY)
    assert code == 1
    assert "number" in said
    assert on_the_list(gateway) == {}


def test_a_number_of_several_countries_wants_its_country(gateway, flask):
    gateway.put(
        "east", "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nmapping: {number: {field: p, region: TR}, script: x}"
    )
    code, said = flask("do-not-call", "add", "8 999 000 00 01", *WHY)
    assert code == 0, said  # no number of Turkey
    code, said = flask("do-not-call", "add", "3122131213", *WHY)
    assert (code, on_the_list(gateway)) == (0, {"79990000001": "asked us to stop", "903122131213": "asked us to stop"})
    gateway.put(
        "west", "preset: generic\nauth: {secret: env:SHOP_TOKEN}\nmapping: {number: {field: p, region: US}, script: x}"
    )
    code, said = flask("do-not-call", "add", "312 213-1213", *WHY)
    assert code == 1
    assert "2 countries" in said


def test_a_file_is_imported_with_its_reasons_and_its_wrong_lines_are_named(gateway, flask, tmp_path):
    file = tmp_path / "list.csv"
    lines = ["Имя;Телефон;Причина", "Иван;8 (999) 000-00-01;написал в чат", "Анна;+79990000002;", ";;"]
    lines += ["Пётр;нет номера;", "Ева;'+79990000003;"]
    file.write_bytes("\n".join(lines).encode())
    code, text = flask("do-not-call", "import", str(file), *WHY)
    assert code == 1
    assert "3 numbers added, 0 were on the list" in text
    assert "line 5: " in text
    assert "1 of 4 lines were left out" in text
    assert "нет номера" not in text
    wanted = {"79990000001": "написал в чат", "79990000002": "asked us to stop", "79990000003": "asked us to stop"}
    assert on_the_list(gateway) == wanted
    assert "0 numbers added, 3 were on the list" in flask("do-not-call", "import", str(file), *WHY)[1]


def test_a_file_that_cannot_be_read_is_said(gateway, flask, tmp_path):
    assert flask("do-not-call", "import", str(tmp_path / "none.csv"), *WHY)[0] == 1
    assert flask("do-not-call", "import", str(tmp_path), *WHY)[0] == 1
    assert on_the_list(gateway) == {}


def test_a_bare_list_of_many_numbers_is_imported_in_batches(gateway, flask, tmp_path):
    file = tmp_path / "list.csv"
    file.write_text("\n".join(f"8999{n:07}" for n in range(1201)), "cp1251")
    code, text = flask("do-not-call", "import", str(file), *WHY)
    assert (code, "1201 numbers added" in text) == (0, True), text
    assert "1201 lines" in text
