"""Whatever stands in a setting: it is taken, or one sentence names the setting; never anything else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.settings import ROOT, SettingsError, read
from tests.application import SETTINGS

# A platform's mark speaks of the database, a password alone of the login that is missing.
OF_OTHERS = {"VOICE_API_PASSWORD": "VOICE_API_LOGIN"}
NAMES = sorted(set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.MULTILINE)))
NAMES = [name for name in NAMES if name not in ("DYNO", "K_SERVICE", "VCAP_APPLICATION")]
ODD = [
    *(
        "abc",
        "-1",
        "0",
        "1e999",
        "nan",
        "inf",
        "0x10",
        "\uff11\uff12",
        "9" * 5_000,
        "\n",
        "~",
        "True",
        "on",
        "{}",
        "[]",
    ),
    *("http://", "http://[", "https://h:abc", "https://h:99999999", "//", "https://h:0/", "ftp://h", "http://h h/"),
    *("https://user:pw@h/x", "https://h/x#f", "localhost:8000", "socks5://h:1", "http://" + "a" * 300 + "/"),
    *("/proc/x", "/dev/null", "/nonexistent/x", "../..", "a/" * 3_000, "\udc80", "a\tb", "\u00e9", "Europe/Moscow"),
    *("postgresql://[::1", "postgresql://h:99999/x", "postgres://", "sqlite:///", "sqlite:////", "mysql://h/x"),
]


def said_of(name, value):
    """The sentence about this value; empty where it is taken."""
    try:
        read({**SETTINGS, name: value}, dotenv=None)
    except SettingsError as why:
        return str(why)
    return ""


@pytest.mark.parametrize("name", NAMES)
def test_odd_values_are_taken_or_named(name):
    for value in ODD:
        said = said_of(name, value)
        assert not said or name in said or OF_OTHERS.get(name, "-") in said, (name, value[:50], said)


@given(st.sampled_from(NAMES), st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=300))
def test_any_text_is_taken_or_named(name, value):
    said = said_of(name, value)
    assert not said or name in said or OF_OTHERS.get(name, "-") in said, said
