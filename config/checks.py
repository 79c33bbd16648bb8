"""Whether a setting's value can be what it should; each raises ValidationError with what was expected."""

import os
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from environs import ValidationError

ROOT = Path(__file__).parent.parent
LONGEST_NAME, LONGEST_PATH = 255, 4_000  # what file systems take


def _leads_somewhere(text: str) -> bool:
    """Whether it is an address of the web, with a host and a port that can be."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half of an IPv6 address, a port that is no number
        return False


def http_url(text: str) -> None:
    if not _leads_somewhere(text):
        raise ValidationError("must be an address like https://voice.mobilgroup.ru/api/lido/send/")


def page_url(text: str) -> None:
    if text and not _leads_somewhere(text):
        raise ValidationError("must be an address like https://voice.mobilgroup.ru/")


def zone(text: str) -> None:
    try:
        ZoneInfo(text or "UTC")
    except (OSError, ValueError, KeyError) as why:  # a zone that is not there is a KeyError
        raise ValidationError("must be a zone's name like Europe/Moscow") from why


def database(text: str) -> None:
    if not text.startswith(("sqlite:///", "postgresql://", "postgres://")):
        raise ValidationError("must start with sqlite:/// or postgresql://")
    if text.startswith("sqlite:///"):
        file = text.removeprefix("sqlite:///")
        if not file or file.startswith(":memory:") or "?" in file:
            raise ValidationError("must name a file behind sqlite:///, without options: leads stay on a disk")
        path(file)
    try:
        urlsplit(text).port  # noqa: B018 - raises for a port that cannot be
    except ValueError as why:
        raise ValidationError("must be like postgresql://user:password@host:5432/leads, the port a number") from why


def public_url(text: str) -> None:
    if text and not _leads_somewhere(text):
        raise ValidationError("must be an address like https://leads.example.ru, with https:// before it")


def path(text: str) -> None:
    parts = [os.fsencode(part) for part in Path(text).parts]
    if "\0" in text or len(text) > LONGEST_PATH or any(len(part) > LONGEST_NAME for part in parts):
        raise ValidationError(f"must be a path, each name in it at most {LONGEST_NAME} bytes")


def folder(text: str) -> None:
    path(text)
    there = os.path.join(ROOT, text)
    if text and os.path.exists(there) and not os.path.isdir(there):
        raise ValidationError("must be a folder, and this is none")


def unreadable(file: Path) -> str:
    """Why the file's text cannot be read; empty where it can."""
    try:
        file.read_text(encoding="utf-8")
    except OSError as why:
        return why.strerror or "an error"
    except UnicodeDecodeError:
        return "it is not UTF-8 text"
    return ""
