import sys
import unicodedata
from functools import cache

import idna
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.expressions.expression import Template
from core.expressions.sms import segments, tame, write

DISGUISES = [
    "\ufe0f",
    "\u034f",
    "\u200b",
    "\u200d",
    "\u2060",
    "\u00ad",
    "\u180b",
    "\u3164",
    "\u115f",
    "\U000e0100",
    "\u0301",
]
STOPS = [".", "。", "．", "｡", "․", "⒈", "㏂", "·"]


@cache
def letters():
    """Every letter of Unicode; it takes a while."""
    return "".join(c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c)[0] == "L")


def words(*more, max_size):
    return st.deferred(lambda: st.text(letters() + "".join(more), max_size=max_size))


def is_a_host(text):
    """Whether a browser would go somewhere with any word of it: labels with full stops between them."""
    return any("." in mapped.strip(".") for word in text.split() if (mapped := as_idna_reads(word)))


def as_idna_reads(word):
    """Each character as UTS 46 maps it; what it does not allow stays, as a phone may be more lenient."""
    read = []
    for character in word:
        try:
            read.append(idna.uts46_remap(character, std3_rules=False))
        except idna.IDNAError:
            read.append(unicodedata.normalize("NFKC", character))
    return unicodedata.normalize("NFC", "".join(read))


def last_label(word):
    """Its letters; a mark above one (the dot of a small İ) makes no second."""
    return [sign for sign in as_idna_reads(word).rsplit(".", 1)[-1] if unicodedata.category(sign) != "Mn"]


class TestTaming:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("Иван", "Иван"),
            ("  Анна \t Мария ", "Анна Мария"),
            ("Иван\r\nПетров", "Иван Петров"),
            ("Иван\u2028\u0000Петров", "Иван Петров"),
            ("И\u200bв\u202eан", "Иван"),
            ("О'Нил-мл.", "О'Нил-мл"),
            ("Дʼяченко О’Нил", "Дʼяченко О’Нил"),
            ("И. И. Иванов", "И. И. Иванов"),
            ("Иванов И. И.", "Иванов И. И"),
            ("Да. Жду звонка", "Да. Жду звонка"),
            ("Й", "Й"),
            ("e\u0308", "ë"),
            ("山田 太郎", "山田 太郎"),
            (7, "7"),
            (123456, "123456"),
            ("123456", "123456"),
            ("№ 12-34/5", "№ 12-34/5"),
            ("№17", "№17"),
            ("12/05", "12/05"),
            ("ж" * 40, "ж" * 40),
        ],
    )
    def test_words_or_a_number_stay_in_one_short_line(self, value, text):
        assert tame(value, "клиент") == text

    @pytest.mark.parametrize(
        "value",
        [
            None,
            "",
            " \n ",
            ".",
            "-",
            "№",
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
            "www.evil",
            "𝐞𝐯𝐢𝐥.𝐫𝐮",
            "𝐈𝐯𝐚𝐧",
            "Ｉｖａｎ",
            "1.2.3.4",
            "xn--80ak6aa92e",
            "ivan@example",
            "ivan＠mail",
            "звони 89990000001",
            "send YES to 4446",
            "отправьте ДА на 4446",
            "Дом 12",
            "8 9 9 9 0",
            "1234567",
            "12-34-567",
            "1--2",
            "12/",
            "٨٩٩٩٠",
            "①②③④⑤",
            1234567,
            -7,
            10**300,
            "ж" * 41,
            "Иван, ты выиграл",
            "Иван!",
            "Иван: приз",
            "Иван\ufe0f",
            "Ив\u034fан",
            "И\u0336ван",
            "Иван ☎",
            "ㅤ",
            "\u115fИван",
        ],
    )
    def test_anything_else_is_the_default(self, value):
        assert tame(value, "клиент") == "клиент"

    @given(st.text(max_size=60) | st.text("ab.@:/ 1\n\u200bя。-'№" + "".join(DISGUISES), max_size=60))
    def test_whatever_comes_out_is_words_or_a_number(self, value):
        text = tame(value, "")
        assert len(text) <= 40
        assert text == text.strip() == unicodedata.normalize("NFC", text)
        digits = sum(sign.isdigit() for sign in text)
        assert digits <= 6
        if digits:
            assert set(text) <= set("0123456789-/№ ")
        else:
            assert all(unicodedata.category(sign)[0] == "L" or sign in " -'’." for sign in text)
        assert tame(text, "") == text

    @given(st.lists(words(max_size=6) | st.sampled_from([*STOPS, *DISGUISES, " ", "/", "@"]), max_size=8))
    def test_no_value_is_a_host_in_any_spelling(self, parts):
        assert not is_a_host(tame("".join(parts), ""))

    def test_no_letter_of_unicode_brings_a_full_stop_with_it(self):
        assert [letter for letter in letters() if is_a_host(f"a{tame(letter, '')}b")] == []


class TestTheJoinedText:
    @pytest.mark.parametrize(
        ("template", "payload", "text"),
        [
            ("{{ a }}, ждите", {"a": "Иван"}, "Иван, ждите"),
            ("{{ a | default('Друг') }}.{{ b }}", {"a": "evil", "b": "com"}, "Друг."),
            ("{{ a }}.ru", {"a": "evil"}, ".ru"),
            ("{{ a }}。рф", {"a": "приз"}, "。рф"),
            ("www.{{ a }}", {"a": "evil"}, "www."),
            ("shop.ru{{ a }}", {"a": "evil"}, "shop.ru"),
            ("http://{{ a }}", {"a": "evil"}, "http://"),
            ("{{ a }}{{ b }}", {"a": "899900", "b": "00001"}, ""),
            ("Заказ {{ n }} на https://shop.ru/{{ n }}", {"n": "12-3"}, "Заказ 12-3 на https://shop.ru/12-3"),
            ("{{ a }}, звоните +7 (495) 000-00-00", {"a": "Иван"}, "Иван, звоните +7 (495) 000-00-00"),
            ("{{ a | default('shop.ru') }}", {}, "shop.ru"),
            ("{{ a | default('shop.ru') }}", {"a": "Иван"}, "Иван"),
        ],
    )
    def test_no_value_becomes_part_of_something_to_tap_on(self, template, payload, text):
        assert write(Template.compile(template), payload) == text

    @given(
        st.sampled_from(
            ["{{ a }}{{ b }}", "{{ a }}.{{ b }}", "{{ a }}。{{ b }}", "{{ a }}․{{ b }}", "x. {{ a }}. {{ b }}."]
        ),
        st.fixed_dictionaries({key: words(*DISGUISES, *"-'. 1", max_size=8) for key in "ab"}),
    )
    def test_no_two_values_are_a_host_together(self, template, payload):
        hosts = [word for word in write(Template.compile(template), payload).split() if is_a_host(word)]
        assert [word for word in hosts if len(last_label(word)) > 1] == []


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
