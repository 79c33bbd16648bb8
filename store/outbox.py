"""The outbox of the watch: each message to each channel, kept until it is out."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from store.tables import alarm_messages

DEAD_TRIES = 3  # so often in vain, and the channel counts as dead


@dataclass(frozen=True)
class Waiting:
    """A message that is not out yet."""

    id: int
    channel: str
    what: str
    thread: str
    title: str
    body: str
    at: int
    tries: int


def put(tx: Connection, channel: str, what: str, thread: str, title: str, body: str, now: int) -> None:
    """Put one message down, due at once."""
    row = {"channel": channel, "what": what, "thread": thread, "title": title, "body": body, "at": now, "due_at": now}
    tx.execute(insert(alarm_messages), row)


def waiting(tx: Connection, now: int) -> dict[str, list[Waiting]]:
    """Channel -> its messages in the order in which they were put down, where the first of them is due."""
    columns = [alarm_messages.c[name] for name in Waiting.__dataclass_fields__]
    query = select(*columns, alarm_messages.c.due_at).where(alarm_messages.c.ended_at.is_(None))
    found: dict[str, list[Waiting]] = {}
    resting: set[str] = set()
    for row in tx.execute(query.order_by(alarm_messages.c.id)):
        values = dict(row._mapping)
        if values.pop("due_at") > now:
            resting.add(row.channel)
        found.setdefault(row.channel, []).append(Waiting(**values))
    return {channel: rows for channel, rows in found.items() if channel not in resting}


def sent_since(tx: Connection, channel: str, since: int) -> int:
    """How many messages got out by this channel since then."""
    mine = (alarm_messages.c.channel == channel) & (alarm_messages.c.ended_at >= since) & alarm_messages.c.sent
    return int(tx.execute(select(func.count()).select_from(alarm_messages).where(mine)).scalar_one())


def lease(tx: Connection, one: Waiting, now: int, until: int) -> bool:
    """Nobody else tries this message before `until`; False where somebody else does already."""
    row = update(alarm_messages).where(alarm_messages.c.id == one.id, alarm_messages.c.ended_at.is_(None))
    return tx.execute(row.where(alarm_messages.c.due_at <= now).values(due_at=until)).rowcount == 1


def end(tx: Connection, ids: list[int], now: int, *, sent: int) -> None:
    """These are over; `sent` of them, the first ones, as messages of their own."""
    for n, one in enumerate(ids):
        row = update(alarm_messages).where(alarm_messages.c.id == one)
        tx.execute(row.values(ended_at=now, sent=n < sent, said=""))


def fail(tx: Connection, one: Waiting, said: str, due_at: int) -> None:
    """It did not get out; it is tried again at `due_at`."""
    row = update(alarm_messages).where(alarm_messages.c.id == one.id)
    tx.execute(row.values(tries=one.tries + 1, said=said, due_at=due_at))


def forget_old(tx: Connection, before: int) -> None:
    """Messages that were over before that time."""
    tx.execute(delete(alarm_messages).where(alarm_messages.c.ended_at < before))


def dead(tx: Connection) -> dict[str, str]:
    """Channel -> what its last try said, where a message has waited in vain for several tries."""
    mine = select(alarm_messages.c.channel, alarm_messages.c.said).where(
        alarm_messages.c.ended_at.is_(None), alarm_messages.c.tries >= DEAD_TRIES
    )
    return {row.channel: row.said for row in tx.execute(mine.order_by(alarm_messages.c.id))}
