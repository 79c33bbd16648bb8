"""Account files: a right one rings as it says, a wrong one tells every problem at once and never a secret."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import wire
from config.accounts import load_accounts, main_account
from config.settings import SettingsError, read
from core.account.wanted import WantedAccount
from core.ports import Account
from core.problem import Problems
from schemas.account import read_account
from tests.application import SETTINGS
from voice import PROVIDERS
from voice.provider import account_of

WAYS_IN = {name: provider.ways_in for name, provider in PROVIDERS.items()}
WHOLE = """
provider: mobilgroup
url: https://voice.example/api/
auth: {key: env:THEIR_KEY}
rate: 0.5
concurrency: 30
connect_timeout: 2s
total_timeout: 30s
"""
SECRETS = {"env:THEIR_KEY": "the-key"}


def make(wanted: WantedAccount) -> Account:
    return account_of(PROVIDERS[wanted.provider], wanted)


@pytest.fixture
def load(tmp_path):
    """`load(text)` -> the account `theirs` of such a file, or its problems as text."""

    def read_it(text, name="theirs.yaml", secrets=SECRETS):
        (tmp_path / name).write_text(text)
        (found,) = load_accounts(tmp_path, WAYS_IN, secrets.get, make).values()
        return str(found).replace(f"{tmp_path}/", "") if isinstance(found, Problems) else found

    return read_it


def test_an_account_is_as_its_file_says(load):
    account = load(WHOLE)
    assert (account.name, account.calls_per_s, account.total_timeout_ms, account.slots) == ("theirs", 0.5, 30_000, 30)
    assert account.most_in_flight == 30
    assert account.trouble_words == PROVIDERS["mobilgroup"].account_trouble


def test_what_is_left_out_is_as_for_main(load, tmp_path):
    account = load("provider: mobilgroup\nurl: https://voice.example/\nauth: {key: env:THEIR_KEY}\n")
    main = make(read(SETTINGS, dotenv=None).main_account)
    assert replace(account, name="main", voice=main.voice) == main


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("mobilgroup", "mobilgrupp"), "theirs.yaml:2: provider: expected one of mobilgroup, got mobilgrupp; "),
        (("https://voice", "ftp://s3cret"), "theirs.yaml:3: url: expected an address like"),
        (("https://voice", "https://me:s3cret@voice"), "theirs.yaml:3: url: expected an address like"),
        (("env:THEIR_KEY", "s3cret"), "theirs.yaml:4: auth.key: expected env:NAME"),
        (("THEIR_KEY", "NOBODYS"), "theirs.yaml:4: auth.key: expected a value of env:NOBODYS in the environment or"),
        (
            ("{key:", "{kye:"),
            "theirs.yaml:4: auth: expected {key: env:NAME} or {key_in_body: env:NAME} or {login: env:",
        ),
        (("{key:", "{login:"), "theirs.yaml:4: auth: expected {key: env:NAME} or"),
        (("0.5", "-1"), "theirs.yaml:5: rate: expected calls per second"),
        (("30\n", "0\n"), "theirs.yaml:6: concurrency: expected a whole number from 1 to 512, got 0"),
        (("2s", "2m"), "theirs.yaml:7: connect_timeout: expected a duration from 1s to 60s, got 2m"),
        (
            ("total_timeout", "timeout"),
            "theirs.yaml:8: timeout: expected a known key, got timeout; write: total_timeout",
        ),
    ],
)
def test_each_mistake_is_told_with_its_line_and_without_a_secret(change, problem, load):
    told = load(WHOLE.replace(*change))
    assert problem in told
    assert told.count("\n") == 0
    assert "s3cret" not in told


def test_all_mistakes_are_told_at_once(load):
    told = load("provider: mobilgroup\nrate: x\nconcurrency: y\nproxy: z\n")
    assert [line.split(":")[2].strip() for line in told.splitlines()] == ["auth", "url", "rate", "concurrency", "proxy"]


@pytest.mark.parametrize("name", ["main.yaml", "Theirs.yaml", "theirs.yml"])
def test_a_name_that_cannot_be_is_told(name, load):
    assert "expected" in load(WHOLE, name)


def test_a_key_that_cannot_stand_in_a_header_is_told_without_it(load):
    told = load(WHOLE, secrets={"env:THEIR_KEY": "s3cret ключ"})
    assert "theirs.yaml: expected a key of printable ASCII" in told
    assert "s3cret" not in told


def test_a_missing_folder_holds_no_accounts(tmp_path):
    assert load_accounts(tmp_path / "nowhere", WAYS_IN, SECRETS.get, make) == {}


TREES = st.recursive(st.text(), lambda below: st.lists(below) | st.dictionaries(st.text(), below), max_leaves=5)
KEYS = st.sampled_from(["provider", "url", "auth", "rate", "concurrency", "connect_timeout", "proxy", "ca_file", "x"])


@given(st.dictionaries(KEYS, TREES | st.sampled_from(["mobilgroup", "https://voice.example/"])))
def test_reading_never_raises_for_what_a_file_can_hold(text):
    wanted, wrong = read_account("theirs", text, WAYS_IN)
    assert (wanted is None) == bool(wrong)


# The account of the settings


def test_a_provider_that_we_do_not_speak_to_does_not_start():
    settings = read({**SETTINGS, "VOICE_PROVIDER": "mobilgrupp"}, dotenv=None)
    with pytest.raises(SettingsError, match="VOICE_PROVIDER: must be one of mobilgroup"):
        wire(settings)


def test_a_key_that_cannot_be_does_not_start_and_is_not_shown():
    settings = read({**SETTINGS, "VOICE_API_KEY": "s3cret ключ"}, dotenv=None)
    with pytest.raises(SettingsError, match="expected a key of printable ASCII") as refused:
        wire(settings)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "auth"),
    [
        ({}, {"key": "key"}),
        ({"VOICE_API_AUTH": "body"}, {"key_in_body": "key"}),
        (
            {"VOICE_API_KEY": "", "VOICE_API_LOGIN": "me", "VOICE_API_PASSWORD": "word"},
            {"login": "me", "password": "word"},
        ),
    ],
)
def test_who_main_says_that_it_is(environ, auth):
    assert read({**SETTINGS, **environ}, dotenv=None).main_account.auth == auth


def test_main_cannot_be_an_account_of_a_provider_that_is_told_something_else():
    wanted = read(SETTINGS, dotenv=None).main_account
    with pytest.raises(SettingsError, match="told token; an account's file can say that"):
        main_account(wanted, {"mobilgroup": (("token",),)}, make)
