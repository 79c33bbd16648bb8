from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reading import form
from core.reading.body import parse
from core.reading.tree import settle
from core.source import Body


def unfolded(*fields):
    return settle(form.nest(fields))


class TestBrackets:
    def test_keys_unfold_and_numbers_from_zero_are_lists(self):
        assert unfolded(
            ("leads[add][0][id]", "1"),
            ("leads[add][0][custom_fields][0][values][0][value]", "+79990000003"),
            ("leads[add][1][id]", "2"),
        ) == {"leads": {"add": [{"id": "1", "custom_fields": [{"values": [{"value": "+79990000003"}]}]}, {"id": "2"}]}}

    def test_numbers_that_do_not_begin_at_zero_stay_names(self):
        assert unfolded(("a[1]", "x"), ("a[2]", "y")) == {"a": {"1": "x", "2": "y"}}

    def test_numbers_in_any_order_are_one_list(self):
        assert unfolded(("a[1]", "y"), ("a[0]", "x")) == {"a": ["x", "y"]}

    def test_empty_brackets_count_on(self):
        assert unfolded(("a[]", "x"), ("a[]", "y"), ("a[5]", "z"), ("a[]", "w")) == {
            "a": {"0": "x", "1": "y", "5": "z", "6": "w"}
        }
        assert unfolded(("a[][b]", "x"), ("a[][b]", "y")) == {"a": [{"b": "x"}, {"b": "y"}]}

    def test_a_plain_key_given_twice_is_a_list_and_a_bracketed_one_is_overwritten(self):
        assert unfolded(("a", "1"), ("b", "x"), ("a", "2"), ("a", "3")) == {"a": ["1", "2", "3"], "b": "x"}
        assert unfolded(("a[b]", "1"), ("a[b]", "2")) == {"a": {"b": "2"}}

    def test_of_a_text_and_an_object_under_one_key_the_later_wins(self):
        assert unfolded(("a", "1"), ("a[b]", "2")) == {"a": {"b": "2"}}
        assert unfolded(("a[b]", "2"), ("a", "1")) == {"a": "1"}
        assert unfolded(("a", "1"), ("a", "1"), ("a[]", "2")) == {"a": ["2"]}

    def test_cyrillic_keys_keep_their_blanks_and_dots(self):
        assert unfolded(
            ("order[fields_by_name][Номер телефона]", "1"), ("Ваш тел. №", "2"), ("1.3", "3"), ("your-phone", "4")
        ) == {
            "order": {"fields_by_name": {"Номер телефона": "1"}},
            "Ваш тел. №": "2",
            "1.3": "3",
            "your-phone": "4",
        }

    @pytest.mark.parametrize("key", ["a[b", "a]b", "[b]", "[]", "a[b]c", "a[b]]", "a[[b]]", "a[b][c"])
    def test_brackets_that_are_not_whole_are_part_of_a_plain_key(self, key):
        assert unfolded((key, "1")) == {key: "1"}

    def test_leads_may_be_numbered_at_the_top_but_fields_may_not(self):
        assert unfolded(("0[phone]", "1"), ("1[phone]", "2")) == [{"phone": "1"}, {"phone": "2"}]
        assert unfolded(("0", "1"), ("1", "2")) == {"0": "1", "1": "2"}


class TestPairs:
    def test_they_keep_their_order_their_blanks_and_their_plus_signs(self):
        assert form.pairs(b"b=1+2%2B3&a=&c&=x&&b=%zz%4") == [("b", "1 2+3"), ("a", ""), ("c", ""), ("b", "%zz%4")]

    @given(
        st.lists(
            st.tuples(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"))),
            max_size=20,
        )
    )
    def test_any_pairs_come_back_as_they_were_sent(self, sent):
        assert form.pairs(urlencode(sent).encode()) == [
            (key.removeprefix("\ufeff"), value.removeprefix("\ufeff")) for key, value in sent
        ]


def multipart(*parts, end=b"--B--\r\n"):
    return b"".join(b"--B\r\n" + head + b"\r\n\r\n" + body + b"\r\n" for head, body in parts) + end


def named(name, more=b""):
    return f'Content-Disposition: form-data; name="{name}"'.encode() + more


class TestMultipart:
    SAID = "multipart/form-data; boundary=B"

    def read(self, body, said=SAID, rules=Body()):
        return parse(body, said, "", rules)

    def test_text_parts_are_fields_and_files_are_passed_over(self):
        body = multipart(
            (named("rawRequest"), b'{"q4_phone": {"full": "(202) 555-0147"}}'),
            (named("user[name]", b"\r\nContent-Type: text/plain; charset=UTF-8"), "Анна\r\nБ.".encode()),
            (named("photo", b'; filename="a.png"'), b"\x89PNG"),
            (named("empty"), b""),
        )
        tree = self.read(body, rules=Body(unwrap_json=("rawRequest",)))
        assert (tree.problem, tree.kind) == (None, "multipart")
        assert tree.value == {
            "rawRequest": {"q4_phone": {"full": "(202) 555-0147"}},
            "user": {"name": "Анна\r\nБ."},
            "empty": "",
        }

    @pytest.mark.parametrize("said", ["", "multipart/form-data", 'Multipart/Form-Data; boundary="other"', "text/plain"])
    def test_the_boundary_is_found_in_the_body_where_the_type_does_not_tell_it(self, said):
        assert self.read(multipart((named("phone"), b"1")), said).value == {"phone": "1"}

    def test_a_body_that_was_cut_is_unreadable(self):
        body = multipart((named("phone"), b"79990000001"), (named("x"), b"1"))
        for cut in range(20, len(body) - 6):
            assert self.read(body[:cut]).problem is not None

    def test_more_than_a_thousand_parts_are_refused(self):
        assert self.read(multipart(*[(named("a"), b"1")] * 1_001)).problem == "body_too_many_fields"

    def test_long_texts_and_many_parts_are_read_whole(self):
        sent = {f"k{n}": "x" * (n * 37 % 3_000) for n in range(150)} | {"long": "z\r\n--" * 20_000}
        body = multipart(*[(named(name), text.encode()) for name, text in sent.items()])
        assert self.read(body).value == sent
