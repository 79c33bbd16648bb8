import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.numbers.hiding import mask
from core.numbers.phone import PROBLEMS, TYPES, Reading, looks_like_sample, read, zone
from core.reason import WORDS

NUMBER = "79990000001"


@pytest.mark.parametrize(
    "text",
    [
        "+7 (999) 000-00-01",
        "8 (999) 000-00-01",
        "89990000001",
        "79990000001",
        "9990000001",
        " 7 (999) 000-00-01",
        "7.999.000.00.01",
        "tel:+79990000001",
        "TEL: +7-999-000-00-01",
        "(+7) 999 000 00 01",
        "+7(999)0000001",
        "007 999 000 00 01",
        "00 7 (999) 000 00 01",
        "+7\u00a0999\u2009000\u201100\u201301",
        "+7 999 000−00—01",
        "\u202a+7 999 000-00-01\u202c",
        "＋７（９９９）０００－００－０１",
        "٧٩٩٩٠٠٠٠٠٠١",
        "८९९९०००००१ ".replace("८९९९०००००१", "८९९९००००००१"),
        "8/999/000-00-01",
        "+7 999 000-00-01\r\n",
        ["79990000001"],
        ("", None, "79990000001"),
        79990000001,
    ],
)
def test_one_number_however_it_is_written(text):
    reading = read(text, "RU")
    assert (reading.number, reading.country, reading.types) == (NUMBER, "RU", frozenset({"mobile"}))
    assert reading.problem is None


@pytest.mark.parametrize("text", ["(WhatsApp)", " Иван", "Иван", " (мобильный)", ", Иван", " - моб.", " ✅", " @ivan"])
def test_text_behind_a_number_that_is_valid_by_itself_is_cut_off_and_shown(text):
    reading = read("+7 999 000-00-01" + text, "RU")
    assert reading.number == NUMBER
    assert reading.rest


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "number_missing"),
        ("", "number_missing"),
        (" \t", "number_missing"),
        ([], "number_missing"),
        ([None, ""], "number_missing"),
        ({"full": "79990000001"}, "number_not_text"),
        ([{"value": "79990000001"}], "number_not_text"),
        (True, "number_not_text"),
        (10**300, "number_not_text"),
        ("7" * 300, "number_too_long"),
        ("{object.phone}", "number_not_filled_in"),
        ("{{phone}}", "number_not_filled_in"),
        ("${Leads.Phone}", "number_not_filled_in"),
        ("[your-phone]", "number_not_filled_in"),
        ("{{79990000001}}", "number_not_filled_in"),
        ("{a,79990000001}", "number_not_filled_in"),
        ("@ivan", "number_is_text"),
        ("@ivan79990000001", "number_is_text"),
        ("https://t.me/79990000001", "number_is_text"),
        ("ivan79990000001@example.ru", "number_is_text"),
        ("нет", "number_is_text"),
        ("-", "number_is_text"),
        ("79990000001.0", "number_is_decimal"),
        (7.9990000001e10, "number_is_decimal"),
        ("11111111111", "number_is_one_digit"),
        ("0000000", "number_is_one_digit"),
        ("+7 999 000 Ivan", "number_with_letters"),
        ("1-800-FLOWERS", "number_with_letters"),
        ("+7 999 OOO 00 01", "number_with_letters"),
        ("+7 999 000-00-0O", "number_with_letters"),
        ("+49 30 1234567O", "number_with_letters"),
        ("тел. +79990000001", "number_with_letters"),
        ("Иван 79990000001", "number_with_letters"),
        ("79990000001 Иван 2", "number_with_letters"),
        ("79990000001 или 79990000002", "number_with_letters"),
        ("7999e7", "number_with_letters"),
        ("+7 999 000-00-01 доб. 12", "number_with_extension"),
        ("+7 999 000-00-01, доб. 12", "number_with_extension"),
        ("+7 999 000-00-01 доб.", "number_with_extension"),
        ("+7 495 123-45-68 x12", "number_with_extension"),
        ("+7 495 123-45-68 #12", "number_with_extension"),
        ("+7 495 123-45-68 (вн. 12)", "number_with_extension"),
        ("+74951234568,123", "number_with_extension"),
        ("tel:+74951234568;ext=12", "number_with_extension"),
        ("+79990000001 +79990000002", "number_malformed"),
        ("7+9990000001", "number_malformed"),
        ("++79990000001", "number_malformed"),
        ("123", "number_not_valid"),
        ("+7 999 000-00-0", "number_not_valid"),
        ("+7 999 000-00-011", "number_not_valid"),
        ("+89990000001", "number_not_valid"),
        ("8999000000189990000002", "number_not_valid"),
    ],
)
def test_what_is_no_number_is_a_problem_with_words(value, code):
    reading = read(value, "RU")
    assert reading == Reading(problem=code, rest=reading.rest)
    assert code in PROBLEMS


def test_every_problem_has_words():
    assert set(PROBLEMS) <= set(WORDS)


class TestRegions:
    def test_digits_without_a_plus_are_read_in_the_region_only(self):
        assert read("(202) 555-0143", "US").number == "12025550143"
        assert read("(202) 555-0143", "RU").problem == "number_not_valid"
        assert read("79990000001", "US").problem == "number_not_valid"
        assert read("030/1234567", "DE").number == "49301234567"

    def test_a_prefix_that_leads_abroad_is_not_the_region_s(self):
        assert read("011 7 999 000 00 01", "US").problem == "number_not_valid"

    @pytest.mark.parametrize("region", ["", "XX", "русь"])
    def test_without_a_region_only_international_numbers_are_read(self, region):
        assert read("89990000001", region).problem == "number_without_country"
        assert read("+79990000001", region).number == NUMBER
        assert read("0079990000001", region).number == NUMBER
        assert read(" 7 999 000 00 01", region).number == NUMBER

    def test_a_stray_blank_before_a_home_number_is_no_lost_plus(self):
        assert read(" 718 555 0143", "US").number == "17185550143"

    def test_kazakhstan_is_not_russia(self):
        assert read("8 777 000 00 01", "RU").country == "KZ"
        assert read("+77770000001", "RU").country == "KZ"

    def test_a_naive_plus_before_an_eight_is_another_country_not_a_moscow_number(self):
        assert read("+84951234567", "RU").country == "VN"


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("+79990000001", {"mobile"}),
        ("+74951234568", {"fixed"}),
        ("+12025550143", {"mobile", "fixed"}),
        ("88001234567", {"toll_free"}),
        ("+78095551234", {"premium"}),
        ("+870773111632", {"satellite"}),
        ("+882161234567", {"satellite"}),
        ("+447012345678", {"personal"}),
        ("+445612345678", {"voip"}),
    ],
)
def test_types_are_named_in_the_policy_s_words(text, types):
    assert read(text, "RU").types == types


def test_every_type_of_the_numbering_plans_has_a_word():
    from phonenumbers import PhoneNumberType

    assert set(TYPES) == set(PhoneNumberType.values())


class TestSeveralNumbers:
    def test_the_first_valid_one_wins_and_the_rest_are_shown(self):
        reading = read("+79990000001, +79990000002; 8 (999) 000-00-03", "RU")
        assert reading.number == NUMBER
        assert reading.rest == ("+79990000002", "8 (999) 000-00-03")

    @pytest.mark.parametrize(
        "value",
        [
            "88001234567, 89990000001",
            "88001234567; 89990000001",
            "88001234567/89990000001",
            "8 (800) 123-45-67 / 8 (999) 000-00-01",
            "88001234567\n89990000001",
            "88001234567\r\n\r\n89990000001",
            ["88001234567", "89990000001"],
            ["нет", "88001234567,89990000001"],
        ],
    )
    def test_the_first_callable_one_wins(self, value):
        assert read(value, "RU", lambda reading: "mobile" in reading.types).number == NUMBER
        assert read(value, "RU").number == "78001234567"

    def test_a_valid_one_is_told_where_none_is_callable(self):
        assert read("нет, 88001234567", "RU", lambda reading: False).number == "78001234567"

    def test_the_first_problem_is_told_where_none_is_valid(self):
        reading = read("нет; 123456789", "RU")
        assert (reading.problem, reading.rest) == ("number_is_text", ("123456789",))

    def test_a_number_with_an_extension_does_not_spoil_the_next(self):
        assert read("+7 495 123-45-68, доб. 12, +79990000001", "RU").number == NUMBER

    def test_an_empty_first_is_passed_over(self):
        assert read(", +79990000001", "RU").number == NUMBER


VALID = st.sampled_from(["79990000001", "74951234568", "12025550143", "4930123456", "77172123456", "442079460000"])
SIGNS = st.sampled_from(["", "", "", " ", "-", ".", "(", ")", "\u00a0", "\u2011", "\u2013", "\u200b", " - "])
ZEROS = st.sampled_from([ord("0"), 0x660, 0x6F0, 0x966, 0xFF10, 0x1D7CE])


class TestAnyText:
    @given(VALID, st.lists(SIGNS, min_size=15, max_size=15), ZEROS, st.sampled_from(["+", "00", "tel:+", "＋"]))
    def test_signs_blanks_and_scripts_never_change_the_number(self, number, signs, zero, prefix):
        digits = "".join(chr(zero + int(digit)) + sign for digit, sign in zip(number, signs, strict=False))
        assert read(prefix + digits, "RU").number == number

    @given(
        VALID, st.integers(1, 10), st.text(st.characters(categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=3), SIGNS
    )
    def test_a_letter_inside_the_digits_is_never_a_number(self, number, at, letters, sign):
        at = min(at, len(number) - 1)
        assert read("+" + number[:at] + sign + letters + sign + number[at:], "RU").number is None

    @given(
        st.text(string.ascii_letters + "абвгдеёжзОоЗзБ" + "0123456789+ -().", max_size=25),
        st.sampled_from(["RU", "US", "DE", ""]),
    )
    def test_what_is_read_stands_in_the_text_digit_for_digit(self, text, region):
        reading = read(text, region)
        assert (reading.number is None) == (reading.problem is not None)
        if reading.number:
            written = re.sub("[^0-9]", "", text)
            assert any(written.endswith(reading.number[-n:]) for n in range(7, len(reading.number) + 1))
            assert not re.search(r"[^\W\d_].*\d", text)

    @settings(max_examples=300)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
            max_leaves=6,
        )
        | st.text("0123456789+()-./,;\n ٠١xдоб#*@{}", max_size=40),
        st.sampled_from(["RU", "US", "", "ZZ"]),
    )
    def test_nothing_raises(self, value, region):
        reading = read(value, region)
        assert (reading.number is None) == (reading.problem is not None)
        assert reading.problem is None or reading.problem in WORDS
        assert reading.number is None or re.fullmatch("[0-9]{5,15}", reading.number)
        assert bool(reading.types) == bool(reading.number)


def test_the_zone_is_told_only_where_the_number_tells_it():
    assert zone("74951234568") == "Europe/Moscow"
    assert zone("73432001234") == "Asia/Yekaterinburg"
    assert zone("77172123456") == "Asia/Almaty"
    assert zone("79990000001") is None
    assert zone("88161234567") is None
    assert zone("1") is None


def test_a_number_is_masked():
    assert mask("79990000001") == "7999***0001"
    assert mask("4930123456") == "49***56"
    assert mask("123") == "***"
    assert mask("") == "***"


def test_the_numbers_that_tests_carry_are_known():
    assert looks_like_sample("79991234567")
    assert looks_like_sample("11111111111")
    assert not looks_like_sample("79990000001")
    assert not looks_like_sample("74951234567")
