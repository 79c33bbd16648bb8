"""The versions that sources have in histories, and the requests of their senders."""

import hmac
import json

from core.overall import POLICY
from core.reading.delivery import Delivery
from tests.fakes import SHOP, TOKEN
from tests.flow.asking import AMO

SHOP_TEXT = SHOP + 'repeat_window: 1d\npolicy: {once_per_number: "0", hours: "00:00-24:00"}\n'
SIGNED_TEXT = """
auth: {scheme: hmac, secret: env:SHOP_TOKEN, header: X-Sig, timestamp_header: X-At, signed: [timestamp, ., body]}
event_key: id
repeat_window: 60d
mapping: {number: {field: phone, region: RU}, script: Заявка}
policy: {hours: "00:00-24:00"}
"""
OTHER_TEXT = SHOP_TEXT + "account: second\n"
REMOVED = ""  # where no text is in force
FIRST = {
    "shop": SHOP_TEXT,
    "other": OTHER_TEXT,
    "signed": SIGNED_TEXT,
    "amo": AMO % "https://crm.example" + 'repeat_window: 60d\npolicy: {hours: "00:00-24:00"}\n',
}
FIRST[POLICY] = 'house: {calls_per_number_per_day: "3"}\n'
VERSIONS = {
    "shop": (
        SHOP_TEXT,
        SHOP_TEXT + "enabled: false\n",
        SHOP_TEXT.replace("field: phone", "field: nowhere"),
        SHOP_TEXT.replace("field: phone", 'field: "phone || other"'),
        SHOP_TEXT.replace("00:00-24:00", "00:00-00:01"),
        SHOP_TEXT.replace('hours: "00', 'calls_per_hour: 2, hours: "00'),
        SHOP_TEXT.replace('hours: "00', 'max_age: 1h, hours: "00'),
        SHOP_TEXT.replace('hours: "00', 'spend_per_day: 25, hours: "00'),
        SHOP_TEXT + "dry_run: true\n",
        SHOP_TEXT.replace("1d", "1h"),
        OTHER_TEXT,
    ),
    "other": (OTHER_TEXT, SHOP_TEXT, OTHER_TEXT + "enabled: false\n", OTHER_TEXT.replace('once_per_number: "0", ', "")),
    "signed": (SIGNED_TEXT, SIGNED_TEXT + "enabled: false\n", SIGNED_TEXT.replace("event_key: id", "event_key: phone")),
    "amo": (FIRST["amo"], FIRST["amo"] + "enabled: false\n", FIRST["amo"] + "dry_run: true\n"),
    POLICY: (
        FIRST[POLICY],
        'house: {calls_per_hour: "2"}\n',
        'house: {spend_per_day: "25"}\n',
        'house: {calls_per_number_per_day: "1"}\n',
    ),
}
STATUSES = ("new", "won", "lost")
NO_PHONE = 6


def body_of(event: int, kind: int) -> dict:
    """What a sender says of an event: `kind` makes it the same again, a correction, or another person's."""
    said = {"id": str(event), "status": STATUSES[kind % 3]}
    if kind % 8 == 7:
        return {**said, "phone": f"9990001{event % 6:03}"}
    if kind % 8 == NO_PHONE:
        return said
    if kind % 8 == 5:
        return {**said, "other": f"9990000{event % 6:03}"}
    return {**said, "phone": f"9990000{event % 6:03}"}


def by_token(source: str, body: dict | list) -> Delivery:
    raw = json.dumps(body).encode()
    url = f"https://gateway.test/hooks/{source}?token={TOKEN}"
    return Delivery("POST", (("content-type", "application/json"),), f"token={TOKEN}", "", raw, url)


def signed(body: dict, at: float) -> Delivery:
    """Signed at that time."""
    raw = json.dumps(body).encode()
    proof = hmac.new(TOKEN.encode(), f"{int(at)}.".encode() + raw, "sha256").hexdigest()
    headers = (("x-sig", proof), ("x-at", str(int(at))))
    return Delivery("POST", headers, "", "", raw, "https://gateway.test/hooks/signed")
