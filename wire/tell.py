"""The channels of the watch that are one POST: Telegram, a chat's incoming hook, a signed webhook."""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Any

from core.ports import Message, Told
from wire.clocks import CLOCKS
from wire.post import NoAnswer, NotSent, Post, Sent

CONNECT_MS, TOTAL_MS = 4_000, 10_000
TELEGRAM = "https://api.telegram.org"
LONGEST_WAIT_MS = 3_600_000
LONGEST = 4000  # characters; Telegram takes 4096
JSON = {"Content-Type": "application/json; charset=utf-8"}
SECRET_PREFIX = "whsec_"  # noqa: S105 - of Standard Webhooks' secrets


class Telegram:
    """A bot's message into a chat, as plain text: names would break a markup."""

    def __init__(self, token: str, chat: str, *, api: str = TELEGRAM, proxy: str | None = None) -> None:
        self._post = _post(f"{api.rstrip('/')}/bot{token}/sendMessage", JSON, proxy)
        self._chat = chat

    def tell(self, message: Message) -> Told:
        text = f"{message.title}\n\n{message.body}"[:LONGEST]
        return _told(_send(self._post, {"chat_id": self._chat, "text": text, "disable_web_page_preview": True}))


class Chat:
    """The incoming hook of Slack, Mattermost or Rocket.Chat."""

    def __init__(self, url: str, *, proxy: str | None = None) -> None:
        self._post = _post(url, JSON, proxy)

    def tell(self, message: Message) -> Told:
        return _told(_send(self._post, {"text": f"*{message.title}*\n{message.body}"[:LONGEST]}))


class Webhook:
    """A program's own address, signed as Standard Webhooks 1.0.0 says: HMAC-SHA256 over `id.timestamp.body`."""

    def __init__(self, url: str, secret: str, *, proxy: str | None = None) -> None:
        _post(url, JSON, proxy)
        self._url, self._proxy = url, proxy
        try:
            self._key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("expected the secret as whsec_ and base64 (openssl rand -base64 32)") from None

    def tell(self, message: Message) -> Told:
        data = {"thread": message.thread, "title": message.title, "text": message.body}
        body = json.dumps({"type": f"alarm.{message.what}", "timestamp": message.at, "data": data}).encode()
        start = CLOCKS.start()
        signed = f"{message.id}.{int(start.wall)}.".encode() + body
        signature = base64.b64encode(hmac.new(self._key, signed, hashlib.sha256).digest()).decode()
        headers = {
            **JSON,
            "webhook-id": message.id,
            "webhook-timestamp": str(int(start.wall)),
            "webhook-signature": f"v1,{signature}",
        }
        return _told(_post(self._url, headers, self._proxy).send(body, start))


def _post(url: str, headers: dict[str, str], proxy: str | None) -> Post:
    return Post(url, headers, connect_timeout_ms=CONNECT_MS, total_timeout_ms=TOTAL_MS, proxy=proxy)


def _send(post: Post, value: dict[str, Any]) -> Sent | NotSent | NoAnswer:
    return post.send(json.dumps(value, ensure_ascii=False).encode(), CLOCKS.start())


def _told(came: Sent | NotSent | NoAnswer) -> Told:
    """2xx is a yes. What stands in the answer is never repeated but for Telegram's own description."""
    if isinstance(came, NotSent):
        return Told(False, came.why)
    if isinstance(came, NoAnswer):
        return Told(False, f"no answer ({came.how})")
    if 200 <= came.status < 300:
        return Told(True, f"HTTP {came.status}")
    wait_ms, said = 0, ""
    try:
        told = json.loads(came.body)
        said = str(told.get("description", ""))[:100]
        wait_ms = int(min(LONGEST_WAIT_MS, float(told.get("parameters", {}).get("retry_after", 0)) * 1000))
    except (ValueError, AttributeError, TypeError):
        said = ""
    return Told(False, f"HTTP {came.status}{': ' + said if said else ''}", wait_ms)
