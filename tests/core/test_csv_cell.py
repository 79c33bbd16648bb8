"""No cell of an export is executed by a spreadsheet."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.csv_cell import phone, safe

FORMULA = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
BLANKS = " \u00a0\u3000\u200b\ufeff\x00"


@pytest.mark.parametrize("first", FORMULA)
@pytest.mark.parametrize("before", ["", " ", "\u00a0", " \u00a0 ", "\u200b", "\ufeff", "\x00"])
@pytest.mark.parametrize("line", ["", "a\n", "a\r\n", "a\r", "a\n\n"])
def test_what_a_spreadsheet_could_execute_stands_behind_an_apostrophe(first, before, line):
    last = first + 'HYPERLINK("http://x")'
    assert line + "'" + before + last in safe(line + before + last).replace("'\n'", "\n'").replace("'\r", "\r") or (
        first in "\t\r\n"
    )


@given(st.text(alphabet=FORMULA + BLANKS + "aЖ1,;\"'", max_size=12))
def test_no_line_of_a_cell_begins_like_a_formula(text):
    for line in safe(text).splitlines():
        assert line.lstrip(BLANKS)[:1] not in set("=+-@\uff1d\uff0b\uff0d\uff20")
    assert safe(text)[:1] not in set(FORMULA)
    assert safe(text).replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize("text", ["Иван", "a-1", "1+1", "", "http://x", "2026-11-25"])
def test_plain_text_is_left_as_it_is(text):
    assert safe(text) == text


def test_a_number_is_text_whole_and_no_formula():
    assert phone("79990000001") == "'+79990000001"
    assert phone(None) == ""
    assert safe(None) == ""


def test_a_cell_survives_the_file():
    text = safe('=1\r\n+2;"x",y')
    file = io.StringIO(newline="")
    csv.writer(file, quoting=csv.QUOTE_ALL).writerow([text])
    assert next(csv.reader(io.StringIO(file.getvalue(), newline=""))) == [text]
