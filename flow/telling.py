"""Calling for help: what is to be told is put down in one commit, then sent by each channel until it is out.

At least once: a process that dies between a send and its record tells a thing twice, never not at all."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from core import telling
from core.alarm import Stamp
from core.durations import HOUR_MS
from core.ports import Channel, Message, Told
from core.telling import CLEARED, DIGEST, MOST_AN_HOUR, RAISED, Manners
from flow import digest
from flow.gateway import Gateway
from store import outbox, quiets, stamps, told
from store.engine import Tx

WAITS_MS = (5_000, 30_000, 120_000, 600_000)  # after a try in vain; then 30 minutes
LONG_WAIT_MS = 1_800_000
TRY_MS = 60_000  # a try takes less; one whose process died is made again after it
GIVEN_UP_MS = 24 * HOUR_MS
KEPT_MS = 30 * 24 * HOUR_MS


@dataclass
class Help:
    """Whom to call, and how, as the file says that was last good. `silence_ms`: source -> the longest silence that its
    owner accepts, 0 for any."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    manners: Manners = field(default_factory=Manners)
    silence_ms: Mapping[str, int] = field(default_factory=dict)


def put_down(gateway: Gateway, help_: Help) -> int:
    """Whatever is due to be told, as messages of every channel; how many."""
    if not help_.channels:
        return 0
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        hushes = quiets.holding(tx, now)
        batches = telling.due(
            told.rows(tx), lambda kind, subject: any(one.covers(kind, subject) for one in hushes), help_.manners, now
        )
        for batch in batches:
            title, body = telling.text(batch, help_.manners)
            for channel in help_.channels:
                outbox.put(tx, channel, batch.what, batch.thread, title, body, now)
            ids = [row.id for row in batch.rows]
            if batch.what == RAISED:
                told.first(tx, ids, now)
            elif batch.what == CLEARED:
                told.over(tx, ids)
            else:
                told.again(tx, {row.id: telling.reminded(row, now) for row in batch.rows})
        return (len(batches) + _digest(gateway, help_, tx, now)) * len(help_.channels)


def _digest(gateway: Gateway, help_: Help, tx: Tx, now: int) -> int:
    last = stamps.known(tx).get(DIGEST)
    if last is None:  # the first look ever: the next morning is the first one
        stamps.put(tx, DIGEST, Stamp(now, True))
        return 0
    if not telling.digest_due(last.at, help_.manners, now):
        return 0
    title, body = telling.digest_text(digest.figures(gateway, tx, help_.manners, now), help_.manners)
    for channel in help_.channels:
        outbox.put(tx, channel, DIGEST, DIGEST, title, body, now)
    stamps.put(tx, DIGEST, Stamp(now, True))
    outbox.forget_old(tx, now - KEPT_MS)
    return 1


def send(gateway: Gateway, help_: Help) -> None:
    """One try of each channel that has something to say; what waited for one another goes as one."""
    help_ = replace(help_)  # another thread may read the file anew meanwhile
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        waiting = outbox.waiting(tx, now)
        sent = {channel: outbox.sent_since(tx, channel, now - HOUR_MS) for channel in waiting}
    due = {}
    for channel, rows in waiting.items():
        if channel not in help_.channels:
            _end(gateway, [row.id for row in rows], sent=0)  # it was taken out of the file
        elif sent[channel] < MOST_AN_HOUR and _mine(gateway, rows[0]):
            due[channel] = rows
    if len(due) < 2:
        for channel, rows in due.items():
            _send(gateway, help_, channel, rows)
        return
    with ThreadPoolExecutor(len(due)) as together:  # one that hangs keeps no other waiting
        tries = [together.submit(_send, gateway, help_, channel, rows) for channel, rows in due.items()]
    for each in tries:
        each.result()


def _mine(gateway: Gateway, first: outbox.Waiting) -> bool:
    """Whether no other watch tries it at this moment."""
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        return outbox.lease(tx, first, now, now + TRY_MS)


def _send(gateway: Gateway, help_: Help, channel: str, rows: list[outbox.Waiting]) -> None:
    first = rows[0]
    title, body = telling.joined([row.title for row in rows], [row.body for row in rows], help_.manners)
    message = Message(f"alarm-{first.thread}.{first.id}", first.thread, first.what, title, body, first.at)
    came = help_.channels[channel].tell(message)
    if came.well:
        _end(gateway, [row.id for row in rows], sent=1)
        return
    gateway.log.warning("alarm_not_told", channel=channel, said=came.said)
    with gateway.store.write() as tx:
        now = gateway.store.now_ms(tx)
        if now - first.at > GIVEN_UP_MS:
            outbox.end(tx, [first.id], now, sent=0)
        else:
            outbox.fail(tx, first, came.said, now + wait_ms(first.tries, came))


def wait_ms(tries: int, came: Told) -> int:
    """How long a message rests after a try in vain; `tries`: those before."""
    return max(came.wait_ms, WAITS_MS[tries] if tries < len(WAITS_MS) else LONG_WAIT_MS)


def _end(gateway: Gateway, ids: list[int], *, sent: int) -> None:
    with gateway.store.write() as tx:
        outbox.end(tx, ids, gateway.store.now_ms(tx), sent=sent)


def test(help_: Help, wall_ms: int) -> dict[str, tuple[Told, int]]:
    """A try of every channel now, all at once: channel -> what came of it, and how many milliseconds it took."""
    text = {"en": "This is a test: alarms get here", "ru": "Это проверка: тревоги сюда доходят"}[help_.manners.language]
    message = Message(f"test-{wall_ms}", "test", telling.TEST, text, help_.manners.link or text, wall_ms)
    if not help_.channels:
        return {}
    with ThreadPoolExecutor(len(help_.channels)) as together:
        tried = {name: together.submit(_timed, channel, message) for name, channel in help_.channels.items()}
    return {name: each.result() for name, each in tried.items()}


def _timed(channel: Channel, message: Message) -> tuple[Told, int]:
    began = time.monotonic()
    came = channel.tell(message)
    return came, int((time.monotonic() - began) * 1000)
