"""Columns hold in any terminal, and no stranger's text does anything to it."""

import pytest

from cli.columns import cut, lines, plain, width_of

HEADS = ("No", "name", "why")
ROWS = [("8412", "Иван", "short"), ("7", "王小明", "No phone: none of these fields is there and filled in: phone")]


def test_a_pipe_gets_one_whole_line_a_row():
    told = list(lines(HEADS, ROWS, None, (None, 24, None)))
    assert told == [
        "No    name    why",
        "8412  Иван    short",
        "7     王小明  No phone: none of these fields is there and filled in: phone",
    ]
    assert width_of("王小明") == 6


def test_a_terminal_folds_the_last_column_beside_the_others_or_under_them():
    wide = list(lines(HEADS, ROWS, 60, (None, 24, None)))
    assert wide[2].startswith("7     王小明  No phone:")
    assert wide[3].startswith(" " * 14 + "filled")
    narrow = list(lines(HEADS, ROWS, 30, (None, 24, None)))
    assert narrow[1:4] == ["8412  Иван    short", "7     王小明", "        No phone: none of"]


@pytest.mark.parametrize("width", range(20, 90))
def test_no_line_is_wider_than_its_terminal(width):
    rows = [*ROWS, ("99", "Константинопольский-Задунайский", "ж" * 100), ("", "", ""), ("1", "👩‍👩‍👧 Семья", "王" * 70)]
    told = list(lines(HEADS, rows, width, (None, 24, None)))
    assert max(map(width_of, told)) <= width
    assert "".join(told).count("ж") == 100
    assert "".join(told).count("王") == 71


def test_a_long_name_is_cut_where_it_would_not_fit():
    assert cut("Константинопольский", 10) == "Константи…"
    assert cut("王小明王小明", 5) == "王小…"
    assert cut("Иван", 4) == "Иван"


def test_what_strangers_wrote_is_one_harmless_line():
    assert plain("a\x1b[2Jb\nc\u202ed\ud800\x9b31m") == "a\ufffd[2Jb c\ufffdd\ufffd\ufffd31m"
    assert plain("Zoë 王 🙂 e\u0301") == "Zoë 王 🙂 e\u0301"
    assert width_of("e\u0301") == 1
