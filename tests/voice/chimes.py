"""A provider that nobody has: a form goes out, a line of text comes back. What a second provider's file looks like."""

import re
from collections.abc import Mapping
from decimal import Decimal
from urllib.parse import urlencode

from core.outcome import ACCEPTED, REFUSED, UNKNOWN, Outcome
from core.ports import Call
from voice.provider import Provider

_YES = re.compile(rb"QUEUED ([0-9]+) ([0-9]+\.[0-9]{2})\n")
_NO = re.compile(rb"DENIED ([^\n]+)\n")


class Chimes:
    """The dialect of one account: its token in a header, 202 for a yes."""

    def __init__(self, auth: Mapping[str, str]) -> None:
        self.headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Token": auth["token"]}

    def request(self, call: Call) -> bytes:
        asked = {"to": f"+{call.number}", "scenario": call.script}
        return urlencode(asked if call.sms is None else {**asked, "text": call.sms}).encode()

    def judge(self, status: int, body: bytes, call: Call) -> Outcome:
        if status == 202 and (yes := _YES.fullmatch(body)):
            return Outcome(ACCEPTED, provider_id=yes[1].decode(), price=Decimal(yes[2].decode()))
        if status == 400 and (no := _NO.fullmatch(body)):
            return Outcome(REFUSED, error=no[1].decode(errors="replace"))
        return Outcome(UNKNOWN, "http_status" if status not in (202, 400) else "odd_reply")


PROVIDER = Provider(ways_in=(("token",),), speak=Chimes, account_trouble=("credit",))
