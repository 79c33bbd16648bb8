"""The simulator left on, and a provider over an open wire, are seen whatever they are called."""

import pytest

from config.accounts import load_accounts
from config.settings import SettingsError, read
from tests.application import SETTINGS

WAYS = {"mobilgroup": (("key",),)}


def problems(**said):
    try:
        read({**SETTINGS, **said}, dotenv=None)
    except SettingsError as why:
        return " ".join(why.problems)
    return ""


@pytest.mark.parametrize("host", ["localhost.", "127.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"])
def test_the_simulator_left_on_is_seen_through_other_spellings(host):
    said = problems(PUBLIC_URL="https://leads.example.ru", VOICE_API_URL=f"http://{host}:8001/api/lido/send/")
    assert "the simulator was left on" in said


def test_plain_http_to_a_public_provider_has_to_be_said():
    http = "http://voice.example.ru/api/"
    assert "VOICE_INSECURE=1" in problems(VOICE_API_URL=http)
    assert problems(VOICE_API_URL=http, VOICE_INSECURE="1") == ""
    for fine in ("https://voice.example.ru/api/", "http://10.0.0.7/api/", "http://voice:8080/api/"):
        assert problems(VOICE_API_URL=fine) == ""


def test_an_accounts_file_has_to_say_it_too(tmp_path):
    text = "provider: mobilgroup\nurl: http://voice.example.ru/api/\nauth: {key: env:KEY}\n"
    (tmp_path / "second.yaml").write_text(text)

    def load(**said):
        return load_accounts(tmp_path, WAYS, {"env:KEY": "k"}.get, lambda wanted: wanted, **said)["second"]

    assert "VOICE_INSECURE=1" in str(load())
    assert load(insecure=True).url == "http://voice.example.ru/api/"
