import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.expressions.sms import segments, tame


class TestTaming:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("Иван", "Иван"),
            ("  Анна \t Мария ", "Анна Мария"),
            ("Иван\r\nПетров", "Иван Петров"),
            ("Иван\u2028\u0000Петров", "Иван Петров"),
            ("И\u200bв\u202eан", "Иван"),
            ("Дом 1234", "Дом 1234"),
            ("О'Нил-мл.", "О'Нил-мл."),
            ("И. И. Иванов", "И. И. Иванов"),
            ("Да. Жду звонка", "Да. Жду звонка"),
            ("Й", "Й"),
            (7, "7"),
            ("x" * 50, "x" * 40),
        ],
    )
    def test_a_plain_value_stays_in_one_short_line(self, value, text):
        assert tame(value, "клиент") == text

    @pytest.mark.parametrize(
        "value",
        [
            None,
            "",
            " \n ",
            True,
            ["Иван"],
            {"name": "Иван"},
            "http://evil",
            "Зайдите на evil.ru",
            "приз.рф",
            "t.me/x",
            "x.com",
            "bit.\u200bly/1",
            "evil。com",
            "evil．com",
            "www evil",
            "𝐞𝐯𝐢𝐥.𝐫𝐮",
            "1.2.3.4",
            "xn--80ak6aa92e",
            "ivan@example",
            "ivan＠mail",
            "звони 89990000001",
            "8 9 9 9 0",
            "٨٩٩٩٠",
            "①②③④⑤",
            12345,
            10**300,
            "a" * 60 + " evil.ru",
        ],
    )
    def test_what_is_missing_or_could_lure_is_the_default(self, value):
        assert tame(value, "клиент") == "клиент"

    @given(st.text(max_size=200) | st.text("ab.@:/ 1\n\u200bя。", max_size=60))
    def test_whatever_comes_out_is_harmless_short_and_one_line(self, value):
        text = tame(value, "")
        assert len(text) <= 40
        assert text == text.strip()
        assert not any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Zl", "Zp") for sign in text)
        assert "@" not in text
        assert "://" not in text
        assert sum(sign.isdigit() for sign in text) <= 4
        assert tame(text, "") == text


class TestSegments:
    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("", 0),
            ("a", 1),
            ("a" * 160, 1),
            ("a" * 161, 2),
            ("a" * 306, 2),
            ("a" * 307, 3),
            ("я" * 70, 1),
            ("я" * 71, 2),
            ("я" * 134, 2),
            ("я" * 135, 3),
            ("a" * 69 + "я", 1),
            ("a" * 70 + "я", 2),
            ("€" * 80, 1),
            ("€" * 81, 2),
            ("a" * 152 + "€" + "a" * 152, 3),
            ("😀" * 35, 1),
            ("😀" * 36, 2),
            ("😀" * 66, 2),
            ("😀" * 67, 3),
            ("Ωß¥\n{}", 1),
            ("ç" * 71, 2),
        ],
    )
    def test_they_are_counted_as_the_standard_does(self, text, count):
        assert segments(text) == count

    @given(st.text(max_size=400), st.text(max_size=100))
    def test_a_longer_text_never_costs_less(self, text, more):
        assert segments(text) <= segments(text + more)
