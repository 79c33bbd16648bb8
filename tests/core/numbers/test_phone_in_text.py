"""Numbers that people write into chats and comments, and the digits there that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.numbers import phone
from core.numbers.phone_in_text import LONGEST, numbers_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Здравствуйте, перезвоните 8 999 000-00-17", ["79990000017"]),
        ("тел.89990000017!", ["79990000017"]),
        ("89990000017Иван", ["79990000017"]),
        ("мой 999 000-00-17", ["79990000017"]),
        ("+7(999)000-00-17 или 8 (495) 000-00-17", ["79990000017", "74950000017"]),
        ("8-999-000-00-17/8-999-000-00-18", ["79990000017", "79990000018"]),
        ("８９９９0000017", ["79990000017"]),
        ("Позвоните в Берлин: +49 30 901820", ["4930901820"]),
        ("79990000017, ещё раз: 79990000017", ["79990000017"]),
    ],
)
def test_a_number_is_found_in_what_a_person_wrote(text, found):
    assert [phone.read(one, "RU").number for one in numbers_in(text, "RU")] == found


@pytest.mark.parametrize(
    "text",
    [
        "Сколько стоит?",
        "",
        "заказ 9123456789",
        "объявление 4951234567 ещё в силе?",
        "https://shop.example/item_89990000017",
        "заказ #89990000017",
        "карта 2200 7001 2345 6789, ИНН 7701234567",
        "1 500 000 рублей, 2026-11-25 10:00",
        "8999000001712",
        None,
        ["8 999 000-00-17"],
        {"text": "8 999 000-00-17"},
    ],
)
def test_other_digits_are_no_number(text):
    assert numbers_in(text, "RU") == []


def test_an_extension_stays_with_its_number_so_that_it_is_not_rung():
    (written,) = numbers_in("8 999 000-00-17 доб. 12", "RU")
    assert phone.read(written, "RU").problem == "number_with_extension"


@given(st.text(alphabet="0123456789+-() .,абв\n", max_size=300), st.sampled_from(["RU", "US", "", "xx"]))
def test_whatever_the_text_it_never_raises(text, region):
    assert all(isinstance(one, str) for one in numbers_in(text, region))


def test_a_very_long_text_is_read_at_its_beginning_only():
    assert numbers_in("а" * LONGEST + " 8 999 000-00-17", "RU") == []
