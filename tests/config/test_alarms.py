"""ALARMS_FILE: what it may say, and how a mistake in it is told."""

from app import channel
from config.alarms import AlarmsFileLook, load_alarms
from config.settings import ROOT
from core.source import Hours
from wire.tell import Chat, Telegram, Webhook
from wire.tell_email import Email

SECRETS = {
    "env:SMTP_USER": "u",
    "env:SMTP_PASSWORD": "p",
    "env:TELEGRAM_TOKEN": "1:t",
    "env:CHAT_HOOK": "https://chat.test/hook",
    "env:ALARMS_SECRET": "whsec_a2tr",
}


def load(path, text=None, secrets=SECRETS):
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return load_alarms(path, secrets.get, channel)


def test_nobody_has_to_write_it(tmp_path):
    found = load(tmp_path / "alarms.yaml")
    assert (found.channels, found.problems, found.said.quiet) == ({}, None, Hours(22 * 60, 8 * 60))


def test_the_example_works(tmp_path):
    found = load(ROOT / "config" / "alarms.example.yaml")
    assert found.problems is None
    assert {name: type(channel) for name, channel in found.channels.items()} == {"mail": Email, "telegram": Telegram}


def test_every_kind_of_channel(tmp_path):
    found = load(
        tmp_path / "alarms.yaml",
        """
language: ru
quiet_hours: no
digest: no
off: backup_old
channels:
  team: {kind: chat, url: env:CHAT_HOOK}
  program: {kind: webhook, url: "https://example.ru/alarms", secret: env:ALARMS_SECRET}
""",
    )
    assert found.problems is None
    assert {name: type(channel) for name, channel in found.channels.items()} == {"team": Chat, "program": Webhook}
    assert (found.said.language, found.said.quiet, found.said.digest, found.said.off) == (
        "ru",
        None,
        None,
        ("backup_old",),
    )


def test_each_mistake_is_told_with_its_line_and_no_secret(tmp_path):
    text = """
langage: ru
digest: 25:00
off: [no_workers]
channels:
  mail: {kind: emial}
  tg: {kind: telegram, token: 123456:s3cret, chat: "5"}
"""
    said = str(load(tmp_path / "alarms.yaml", text).problems)
    for part in (
        "alarms.yaml:2",
        "write: language:",
        "alarms.yaml:3",
        'like "09:00"',
        "no_worker",
        "alarms.yaml:6",
        "write: kind: email",
        "env:NAME",
    ):
        assert part in said, (part, said)
    assert "s3cret" not in said


def test_a_channel_without_its_secret_leaves_the_others_alone(tmp_path):
    text = "channels:\n  a: {kind: chat, url: env:NONE}\n  b: {kind: chat, url: env:CHAT_HOOK}\n"
    found = load(tmp_path / "alarms.yaml", text)
    assert list(found.channels) == ["b"]
    assert "alarms.yaml:2: channels.a: expected a value of env:NONE" in str(found.problems)


def test_the_longest_silences_stand_by_their_sources(tmp_path):
    found = load(tmp_path / "alarms.yaml", "silence: {shop: 24h, promo: no}\n")
    assert (found.problems, found.said.silence) == (None, {"shop": 86_400_000, "promo": 0})
    assert "silence.shop: expected a duration" in str(load(tmp_path / "alarms.yaml", "silence: {shop: 5m}\n").problems)
    assert "sources by their names" in str(load(tmp_path / "alarms.yaml", "silence: 24h\n").problems)


def test_a_change_is_read_and_a_broken_file_leaves_the_last_good_one(tmp_path):
    path, secrets = tmp_path / "alarms.yaml", dict(SECRETS)
    look = AlarmsFileLook(path, secrets.get, channel)
    assert (look.look(), look.look(), list(look.now.channels)) == (True, False, [])
    path.write_text("channels:\n  a: {kind: chat, url: env:CHAT_HOOK}\n")
    assert (look.look(), look.look(), list(look.now.channels)) == (True, False, ["a"])
    before = look.now.channels["a"]
    path.write_text("channels:\n  a: {kind: caht, url: env:CHAT_HOOK}\nlanguage: ru\n")
    assert look.look()
    assert look.now.channels == {"a": before}
    assert (look.now.said.language, "alarms.yaml:2" in str(look.now.problems)) == ("en", True)
    path.write_text("channels:\n  a: {kind: chat, url: env:CHAT_HOOK}\nlanguage: ru\n")
    assert look.look()
    assert (look.now.problems, look.now.said.language) == (None, "ru")
    secrets["env:CHAT_HOOK"] = "https://chat.test/another"
    assert (look.look(), look.look()) == (True, False)
    del secrets["env:CHAT_HOOK"]
    assert look.look()
    assert (list(look.now.channels), "env:CHAT_HOOK" in str(look.now.problems)) == (["a"], True)
    secrets["env:CHAT_HOOK"] = "https://chat.test/hook"
    assert (look.look(), look.now.problems) == (True, None)
