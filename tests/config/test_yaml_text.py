"""YAML in which nothing is typed and nothing wins in silence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.yaml_text import SIZE, Text, parse
from core.problem import Problems


def read(text: str):
    return parse(text.encode(), "shop.yaml")


def test_every_value_is_the_text_that_stands_there():
    text = "a: 0123\nb: NO\nc: 12:30:00\nd: +79990000001\ne: 1e3\nf: [null, ~, 2026-08-01]\ng: {h: ''}\n"
    assert read(text).value == {
        "a": "0123",
        "b": "NO",
        "c": "12:30:00",
        "d": "+79990000001",
        "e": "1e3",
        "f": ["null", "~", "2026-08-01"],
        "g": {"h": ""},
    }


def test_every_key_knows_its_line():
    text = read("\ufeffa:\n  b: 1\n  c:\n    - x\n    - {d: y}\r\n")
    assert isinstance(text, Text)
    assert [text.place(keys)[1] for keys in (("a",), ("a", "b"), ("a", "c", "0"), ("a", "c", "1", "d"))] == [1, 2, 4, 5]
    assert text.place(("a", "b", "not", "there")) == ("shop.yaml", 2)
    assert text.place(("x",)) == ("shop.yaml", 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "shop.yaml:1: expected keys and values, got an empty file"),
        ("- a", "shop.yaml:1: expected keys and values"),
        ("a: 1\nb: 2\na: 3", "shop.yaml:3: a: expected each key once, got it again (first in line 1)"),
        ("a: &x 1", "shop.yaml:1: expected values written out, got the anchor &x"),
        (
            "a: !!python/name:os.system x",
            "shop.yaml:1: expected plain values, got the tag tag:yaml.org,2002:python/name:os.system",
        ),
        ("a: ! x", "shop.yaml:1: expected plain values, got the tag !"),
        ("a: 1\nb:\n", 'shop.yaml:2: b: expected a value (an empty text is ""), got nothing'),
        ("a: 1\n---\nb: 2", "shop.yaml:2: expected one document, got but found another document"),
        ("a: b: c", "shop.yaml:1: expected YAML, got mapping values are not allowed here"),
        ("a: 1\n\x01", "shop.yaml:2: expected YAML, got a sign that may not stand in it"),
        ('a: "\\ud800"', "shop.yaml:1: a: expected a text without NUL and half characters"),
        ('a: "\\0"', "shop.yaml:1: a: expected a text without NUL and half characters"),
        (
            "a: {{ Name }}",
            "shop.yaml:1: a: expected a plain word as the key (a text that begins with { stands in quotes)",
        ),
    ],
)
def test_what_could_surprise_is_refused_with_its_line(text, said):
    problems = read(text)
    assert isinstance(problems, Problems)
    assert str(problems) == said


def test_all_problems_come_at_once_in_the_order_of_their_lines():
    problems = read("a: &x 1\nb: *x\nc: !t 2\na: 3\n")
    assert [problem.line for problem in problems.items] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "raw", [b"a: \xff", b"[" * 20_000, b"{a: " * 10_000, b"a" * (SIZE + 1), b'a: "\\UFFFFFFFF"', b"? " * 9000]
)
def test_bytes_that_break_readers_are_problems(raw):
    assert isinstance(parse(raw, "shop.yaml"), Problems)


@given(
    st.binary(max_size=200)
    | st.text(alphabet="ab:- {}[]&*!|>?'\"\\#%@`\n\t,~<\ud800é\0", max_size=80).map(
        lambda t: t.encode("utf-8", "surrogatepass")
    )
)
def test_no_bytes_make_it_raise(raw):
    found = parse(raw, "shop.yaml")
    assert isinstance(found, Text) or str(found)
