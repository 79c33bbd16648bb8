import base64
import json
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.reading.body import parse, query_pairs, query_tree
from core.reason import WORDS
from core.source import Body

AUTO = Body()
FORM = "application/x-www-form-urlencoded"


def value(body, content_type="", query="", rules=AUTO):
    tree = parse(body if isinstance(body, bytes) else body.encode(), content_type, query, rules)
    assert tree.problem is None, tree.problem
    return tree.value


def problem(body, content_type="", rules=AUTO):
    tree = parse(body if isinstance(body, bytes) else body.encode(), content_type, "", rules)
    assert tree.value == {}
    assert tree.problem is None or tree.problem in WORDS
    return tree.problem


class TestWhatIsRead:
    @pytest.mark.parametrize(
        "said", ["application/json", "Application/JSON; charset=UTF-8", "text/plain", "", FORM, "x"]
    )
    def test_json_is_read_under_any_content_type(self, said):
        assert value('{"phone": "+79990000001"}', said) == {"phone": "+79990000001"}

    @pytest.mark.parametrize("said", [FORM, "application/x-www-from-urlencoded", "", "application/json", "text/plain"])
    def test_a_form_is_read_under_a_wrong_or_missing_content_type(self, said):
        assert value("Phone=%2B79990000001&Name=Anna+B", said) == {"Phone": "+79990000001", "Name": "Anna B"}

    @pytest.mark.parametrize("said", ["text/plain; charset=UTF-8", "text/plain", "", "application/json", FORM])
    @pytest.mark.parametrize(
        ("body", "fields"),
        [
            ("phone=+7 (999) 000-00-26&name=Иван", {"phone": "+7 (999) 000-00-26", "name": "Иван"}),
            ("phone=+7 (999) 000-00-26", {"phone": "+7 (999) 000-00-26"}),
            (
                "name=Tom & Jerry&phone=+1 202 555 0143&sale=10%",
                {"name": "Tom & Jerry", "phone": "+1 202 555 0143", "sale": "10%"},
            ),
            ("phone=+79990000026\r\nname=Иван\r\n", {"phone": "+79990000026", "name": "Иван"}),
            ("text=one\ntwo\na=b&phone=+7999", {"text": "one\ntwo\na=b", "phone": "+7999"}),
            ("your[name]=Anna B&Ваш телефон=8 999", {"your": {"name": "Anna B"}, "Ваш телефон": "8 999"}),
        ],
    )
    def test_a_form_that_was_never_encoded_is_taken_as_it_stands(self, said, body, fields):
        assert value(body, said) == fields

    def test_one_percent_code_says_that_a_form_is_encoded(self):
        assert value("phone=%2B7 999&name=Anna+B", FORM) == {"phone": "+7 999", "name": "Anna B"}
        assert value("phone=%2B7999&name=Anna+B", "text/plain") == {"phone": "+7999", "name": "Anna B"}

    @given(
        st.dictionaries(
            st.from_regex(r"[a-zа-я][a-zа-я_-]{0,9}", fullmatch=True),
            st.from_regex(r"[+0-9()а-яa-z.,:;!?-][ +0-9()а-яa-z.,:;!?-]{0,20}[+0-9()а-яa-z]", fullmatch=True),
            min_size=1,
            max_size=4,
        )
    )
    def test_whatever_was_written_without_encoding_is_read_as_it_was_written(self, fields):
        fields = {**fields, "phone": "+7 (999) 000-00-26"}
        assert value("&".join(f"{key}={text}" for key, text in fields.items()), "text/plain") == fields

    def test_a_list_may_stand_at_the_top(self):
        assert value('[{"id": 1}, {"id": 2}]') == [{"id": "1"}, {"id": "2"}]

    def test_an_empty_body_gives_the_query(self):
        tree = parse(b"\r\n", FORM, "phone=79990000006&name=%D0%98%D0%B2%D0%B0%D0%BD", AUTO)
        assert (tree.value, tree.kind) == ({"phone": "79990000006", "name": "Иван"}, "query")

    @pytest.mark.parametrize("body", [b"", b"  ", b"{}", b"[]", b"\xef\xbb\xbf"])
    def test_no_data_at_all_is_said_so(self, body):
        assert parse(body, "", "", AUTO).kind == "empty"

    def test_a_body_wins_over_the_query(self):
        assert value("a=1", FORM, "b=2") == {"a": "1"}
        assert query_tree("b[c]=2&d=%5B1%5D", Body(unwrap_json=("d",))) == {"b": {"c": "2"}, "d": ["1"]}

    def test_the_query_s_pairs_keep_order_and_repeats(self):
        assert query_pairs("b=2&a=1&b=%D1%8F") == (("b", "2"), ("a", "1"), ("b", "я"))

    @pytest.mark.parametrize("query", ["имя=Иван", "имя=Иван".encode().decode("latin-1"), urlencode({"имя": "Иван"})])
    def test_a_query_is_read_raw_as_wsgi_gives_it_and_encoded(self, query):
        assert query_tree(query) == {"имя": "Иван"}


class TestJson:
    def test_numbers_stay_the_text_they_were_written_in(self):
        body = '{"id": 6084250980000000001, "price": 4.350, "zero": -0, "e": 1E5, "on": true, "off": false, "no": null}'
        assert value(body) == {
            "id": "6084250980000000001",
            "price": "4.350",
            "zero": "-0",
            "e": "1E5",
            "on": True,
            "off": False,
            "no": None,
        }

    def test_raw_line_breaks_inside_strings_are_read(self):
        assert value('{"comment": "one\ntwo\tthree"}') == {"comment": "one\ntwo\tthree"}

    def test_json_strings_inside_fields_are_unwrapped_where_the_rules_name_them(self):
        rules = Body(unwrap_json=("json", "data[info]", "plain", "absent[x]"))
        body = urlencode(
            {"json": '{"from": {"number": 79990000023}}', "data[info]": "[1]", "plain": "text", "sign": "{}"}
        )
        assert value(body, FORM, rules=rules) == {
            "json": {"from": {"number": "79990000023"}},
            "data": {"info": ["1"]},
            "plain": "text",
            "sign": "{}",
        }

    def test_a_field_whose_json_is_broken_stays_the_text_it_is(self):
        assert value("json=%7Bbroken", FORM, rules=Body(unwrap_json=("json",))) == {"json": "{broken"}

    @pytest.mark.parametrize(
        "said", ['{"phone": 79990000001}', '{ "phone": "79990000001"}', '{\n"phone": 79990000001}']
    )
    def test_an_object_inside_a_field_may_come_as_its_base64(self, said):
        inner = base64.b64encode(said.encode()).decode()
        for body in (urlencode({"json": inner}), f"json={inner}"):
            assert value(body, FORM, rules=Body(unwrap_json=("json",))) == {"json": {"phone": "79990000001"}}

    @pytest.mark.parametrize("text", ["eyJhbGciOi", "eyJ!", "eyJ4eHg=", "text", ""])
    def test_what_only_begins_like_base64_stays_the_text_it_is(self, text):
        assert value(urlencode({"json": text}), FORM, rules=Body(unwrap_json=("json",))) == {"json": text}

    def test_a_key_given_twice_is_refused_unless_both_say_the_same(self):
        assert value('{"phone": "1", "phone": "1"}') == {"phone": "1"}
        assert problem('{"phone": "79990000001", "phone": "79990000002"}') == "body_duplicate_keys"

    @pytest.mark.parametrize(
        "text", ['{"a": NaN}', '{"a": Infinity}', '{"a": 1', '{"a": "b" "c"}', "{a=1}", "[1] x", "{'a': 1}"]
    )
    def test_what_is_almost_json_is_unreadable(self, text):
        assert problem(text) == "body_not_json"
        assert problem(text, FORM) == "body_not_json"

    def test_objects_numbered_from_zero_are_lists(self):
        assert value('{"add": {"0": {"id": 1}, "1": {"id": 2}}}') == {"add": [{"id": "1"}, {"id": "2"}]}
        assert value('{"a": {"0": "x", "2": "y"}}') == {"a": {"0": "x", "2": "y"}}
        assert value('{"0": "field"}') == {"0": "field"}

    def test_what_no_database_takes_is_replaced(self):
        assert value(r'{"a": "x\u0000y", "\ud800": ["\udfff", "\ud83d\ude00"]}') == {
            "a": "x\ufffdy",
            "\ufffd": ["\ufffd", "😀"],
        }


class TestCharsets:
    def test_a_declared_windows_1251_is_read(self):
        assert value('{"имя": "Иван"}'.encode("cp1251"), "application/json; charset=windows-1251") == {"имя": "Иван"}

    def test_windows_1251_is_read_where_utf_8_does_not_fit(self):
        assert value("name=" + quote("Иван", encoding="cp1251"), FORM) == {"name": "Иван"}
        assert value('{"имя": "Иван"}'.encode("cp1251")) == {"имя": "Иван"}

    @pytest.mark.parametrize(
        "charset", ["utf-8", "ISO-8859-1", "ascii", "zip", "unicode_escape", "no-such", "é", "utf-7"]
    )
    def test_a_charset_that_says_nothing_or_is_none_leaves_utf_8(self, charset):
        assert value('{"имя": "Иван"}', f"application/json; charset={charset}") == {"имя": "Иван"}

    def test_the_rules_charset_wins(self):
        assert value("a=" + quote("Я", encoding="koi8-r"), FORM, rules=Body(charset="koi8-r")) == {"a": "Я"}

    def test_byte_order_marks_are_dropped(self):
        assert value(b"\xef\xbb\xbf" + b'{"a": 1}') == {"a": "1"}
        assert value(b"\xef\xbb\xbfa=1", FORM) == {"a": "1"}
        assert value('\ufeff{"имя": "Иван"}\n'.encode("utf-16-le")) == {"имя": "Иван"}

    def test_the_last_raw_letter_of_a_form_is_not_taken_for_a_mark(self):
        assert value("name=Павел и Рауль л", FORM) == {"name": "Павел и Рауль л"}
        assert value("name=кол".encode(), FORM) == {"name": "кол"}


class TestUnreadable:
    @pytest.mark.parametrize(
        ("body", "said", "code"),
        [
            ("[" * 100_000, "", "body_too_deep"),
            ("[" * 33 + "]" * 33, "", "body_too_deep"),
            ('{"a":' * 2_000 + "1" + "}" * 2_000, "", "body_too_deep"),
            ("[" + "1," * 6_000 + "1]", "", "body_too_many_values"),
            ("&".join(f"k{n}=1" for n in range(1_001)), FORM, "body_too_many_fields"),
            ("a" + "[b]" * 40 + "=1", FORM, "body_too_deep"),
            ("just words", "text/plain", "body_not_data"),
            ("Name: Anna\nphone = 79990000001", "text/plain", "body_not_data"),
            ("call phone=79990000001", "text/plain", "body_not_data"),
            ("<lead><phone>79990000001</phone></lead>", "text/xml", "body_is_xml"),
            ("<a x='1'/>", "", "body_not_data"),
            ("--x\r\n", "multipart/form-data; boundary=x", "body_bad_multipart"),
            ("name", "multipart/form-data", "body_bad_multipart"),
        ],
    )
    def test_a_body_that_cannot_be_read_is_a_problem_with_words(self, body, said, code):
        assert problem(body, said) == code

    def test_keys_that_become_one_when_cleaned_are_refused(self):
        assert problem(r'{"\u0000": 1, "\ufffd": 2}') == "body_duplicate_keys"

    @pytest.mark.parametrize("text", ['"text"', "79990000001", "null"])
    def test_a_single_value_is_no_set_of_fields(self, text):
        assert problem(text, rules=Body(format="json")) == "body_not_object"

    def test_a_huge_integer_is_a_text_like_any_other(self):
        assert value('{"a": ' + "9" * 5_000 + "}") == {"a": "9" * 5_000}

    def test_thirty_two_levels_are_still_read(self):
        assert value("[" * 32 + "]" * 32)
        assert value('{"a":' * 31 + "[1]" + "}" * 31)

    def test_format_json_reads_nothing_else(self):
        assert problem("a=1", FORM, Body(format="json")) == "body_not_json"


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def leaves(tree):
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield key
            yield from leaves(item)
    elif isinstance(tree, list):
        for item in tree:
            yield from leaves(item)
    else:
        yield tree


class TestAnyBytes:
    @settings(max_examples=400)
    @given(
        st.binary(max_size=300) | st.text(alphabet='{}[]",:=&%+\\u0d8 \n<>a1-', max_size=60).map(str.encode),
        st.sampled_from(
            ["", FORM, "application/json", "multipart/form-data; boundary=a", "text/xml", "text/plain; charset=cp1251"]
        ),
        st.sampled_from(["auto", "json", "form", "xml"]),
    )
    def test_never_raise_and_leave_a_tree_that_a_database_takes(self, body, said, kind):
        tree = parse(body, said, "", Body(format=kind, unwrap_json=("a", "a[b]")))
        assert tree.problem is None or tree.problem in WORDS
        for leaf in leaves(tree.value):
            assert leaf is None or isinstance(leaf, str | bool)
            if isinstance(leaf, str):
                leaf.encode()
                assert "\x00" not in leaf

    @given(st.dictionaries(st.text(max_size=5), JSON_VALUES, min_size=1, max_size=5))
    def test_json_comes_back_as_it_was_but_for_numbers_and_numbered_objects(self, sent):
        tree = parse(json.dumps(sent).encode(), "application/json", "", AUTO)
        assert tree.problem is None or any("\x00" in str(leaf) for leaf in leaves(sent))  # two keys may become one
        if tree.problem is None:
            assert sorted(map(str, leaves(tree.value))) == sorted(
                str(leaf).replace("\x00", "\ufffd") for leaf in leaves(numbered(sent))
            )

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            (b"[" * 262_144, ""),
            (b"[" + b"[]," * 87_000 + b"[]]", ""),
            (b"{" + b'"a":1,' * 43_000 + b'"a":2}', ""),
            (b'{"a":"' + rb"\ud800" * 43_000 + b'"}', ""),
            (b"&".join(b"k%d=1" % n for n in range(24_000)), FORM),
            (b"a=" + b"%41a" * 65_000, FORM),
            (b"a=" + b"%" * 262_000, FORM),
            (b"&".join(b"a[%d]" % n + b"[x]" * 30 + b"=1" for n in range(999)), FORM),
            (
                b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 4_800,
                "multipart/form-data; boundary=b",
            ),
            (b'--b\r\nContent-Disposition: form-data; name="' + rb"\"" * 130_000, "multipart/form-data; boundary=b"),
            (b"--b " * 65_000, "multipart/form-data; boundary=b"),
        ],
    )
    def test_never_take_long(self, body, said):
        # The goal is 50 ms (docs/performance.md). Here only what grows with the square is caught: a
        # busy machine may be ten times slower, a quadratic parser is a thousand times.
        started = time.process_time()
        parse(body, said, "", AUTO)
        assert time.process_time() - started < 1


def numbered(tree, top=True):
    """The sent value with numbered objects as lists, by the sentence of the documentation."""
    if isinstance(tree, list):
        return [numbered(item, False) for item in tree]
    if not isinstance(tree, dict):
        return tree
    items = {key: numbered(item, False) for key, item in tree.items()}
    is_list = items and set(items) == {str(n) for n in range(len(items))}
    if is_list and (not top or all(isinstance(item, dict) for item in items.values())):
        return list(items.values())
    return items
