"""Files of numbers as people keep them."""

import csv

import pytest

from core.numbers.number_list import lines


def read(text, encoding="utf-8"):
    return [(one.n, one.number, one.why) for one in lines(text.encode(encoding))]


def test_a_number_a_line():
    assert read("+7 999 000-00-01\r\n\r\n8(999)0000002") == [(1, "+7 999 000-00-01", ""), (3, "8(999)0000002", "")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16", "utf-16-le", "utf-16-be"])
def test_columns_are_found_by_their_names(delimiter, encoding):
    text = "Имя,Причина,Телефон\nИван,сам,1\nАнна\n".replace(",", delimiter)
    assert read(text, encoding) == [(2, "1", "сам"), (3, "", "")]


def test_a_quoted_cell_may_hold_line_ends():
    assert read('number,why\n1,"a\nb"\n2,c') == [(3, "1", "a\nb"), (4, "2", "c")]


def test_the_apostrophe_of_a_spreadsheet_is_no_part_of_the_number():
    assert read("'+79990000001") == [(1, "+79990000001", "")]


def test_a_cell_without_an_end_is_said():
    with pytest.raises(csv.Error):
        list(lines(b"a" * (csv.field_size_limit() + 1)))


def test_nothing_is_nothing():
    assert read("") == []
    assert read("number\n") == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_without_a_headline_the_column_is_the_one_in_which_the_numbers_stand(delimiter, encoding):
    text = "1,Иван,8 (999) 000-00-01,2026-01-02\r\n2,Анна,,\r\n3,Пётр,79990000003,2026-01-04\r\n"
    assert read(text.replace(",", delimiter), encoding) == [
        (1, "8 (999) 000-00-01", ""),
        (2, "", ""),
        (3, "79990000003", ""),
    ]


def test_a_first_line_without_a_digit_is_a_headline_whatever_it_says():
    assert read("Клиент;Контакт\nИван;79990000001") == [(2, "79990000001", "")]
    assert read("sep=;\r\nКлиент;Телефон\r\nИван;79990000001") == [(3, "79990000001", "")]


def test_a_list_in_lines_gives_every_number():
    assert read("79990000001, 89990000002\n+7 (999) 000-00-03") == [
        (1, "79990000001", ""),
        (1, "89990000002", ""),
        (2, "+7 (999) 000-00-03", ""),
    ]


def test_every_column_of_numbers_counts():
    assert read("id;Телефон;Мобильный\n100200300;1;2\n100200301;;3\n100200302;;") == [
        (2, "1", ""),
        (2, "2", ""),
        (3, "3", ""),
        (4, "", ""),
    ]
