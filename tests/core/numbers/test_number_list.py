"""Files of numbers as people keep them."""

import csv

import pytest

from core.numbers.number_list import lines


def read(text, encoding="utf-8"):
    return [(one.n, one.number, one.why) for one in lines(text.encode(encoding))]


def test_a_number_a_line():
    assert read("+7 999 000-00-01\r\n\r\n8(999)0000002") == [(1, "+7 999 000-00-01", ""), (3, "8(999)0000002", "")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
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
