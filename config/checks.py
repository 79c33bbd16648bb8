"""Whether a setting's value can be what it should; each raises ValidationError with what was expected."""

from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from environs import ValidationError


def http_url(text: str) -> None:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValidationError("must be an address like https://voice.mobilgroup.ru/api/lido/send/")


def page_url(text: str) -> None:
    if text and (urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).hostname):
        raise ValidationError("must be an address like https://voice.mobilgroup.ru/")


def zone(text: str) -> None:
    try:
        ZoneInfo(text or "UTC")
    except (OSError, ValueError) as why:
        raise ValidationError("must be a zone's name like Europe/Moscow") from why


def database(text: str) -> None:
    if not text.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ValidationError("must start with sqlite:/// or postgresql://")
    try:
        urlsplit(text).port  # noqa: B018 - raises for a port that cannot be
    except ValueError as why:
        raise ValidationError("must be like postgresql://user:password@host:5432/leads, the port a number") from why


def public_url(text: str) -> None:
    if text and (urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).hostname):
        raise ValidationError("must be an address like https://leads.example.ru, with https:// before it")


def unreadable(file: Path) -> str:
    """Why the file's text cannot be read; empty where it can."""
    try:
        file.read_text(encoding="utf-8")
    except OSError as why:
        return why.strerror or "an error"
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    return ""
