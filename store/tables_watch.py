"""Tables of the watch: what rings, what is told of it, what should happen by itself, and the hours that it counted.
`store.tables` names them."""

from sqlalchemy import BigInteger, Boolean, Column, Identity, Index, Integer, Table, Text, text

from store.meta import COUNTED, meta
from store.personal import NAME, RECORD, WORD

alarms = Table(
    "alarms",
    meta,
    Column("id", COUNTED, Identity(), primary_key=True),
    Column("kind", Text, nullable=False, info=WORD),  # core.alarms.ALARMS
    Column("subject", Text, nullable=False, info=NAME),  # empty where there is one of the kind at most
    Column("severity", Text, nullable=False, info=WORD),
    Column("text", Text, nullable=False, info=WORD),
    Column("value", Integer, nullable=False),  # how many the text speaks of
    Column("since", BigInteger, nullable=False),  # of the trouble
    Column("raised_at", BigInteger, nullable=False),  # of the row
    Column("calm_since", BigInteger),  # it was not seen any more since then; it is cleared after some minutes
    Column("cleared_at", BigInteger),
    Column("told_at", BigInteger),  # when the first message of it was put down
    Column("reminders", Integer, nullable=False, server_default="0"),
    Column("over_told", Boolean, nullable=False, server_default=text("false")),  # nothing is left to be told
    Column("acked_at", BigInteger),
    Column("acked_by", Text, nullable=False, server_default="", info=RECORD),
    Index("alarms_cleared", "cleared_at"),  # store.alarms.cleared
)
# store.alarms.keep: an alarm is raised once, whoever sees it first.
_rings = alarms.c.cleared_at.is_(None)
Index("alarms_open", alarms.c.kind, alarms.c.subject, unique=True, sqlite_where=_rings, postgresql_where=_rings)

# What nobody wants to hear of for a while: planned works, a known trouble. A kind `all` is every kind.
alarm_quiets = Table(
    "alarm_quiets",
    meta,
    Column("kind", Text, primary_key=True, info=WORD),
    Column("subject", Text, primary_key=True, info=NAME),  # empty: every subject of the kind
    Column("until_at", BigInteger, nullable=False),
    Column("who", Text, nullable=False, info=RECORD),
    Column("why", Text, nullable=False, info=RECORD),
)

# The outbox: one message to one channel, put down in the commit that decided it.
alarm_messages = Table(
    "alarm_messages",
    meta,
    Column("id", COUNTED, Identity(), primary_key=True),
    Column("channel", Text, nullable=False, info=NAME),
    Column("what", Text, nullable=False, info=WORD),  # raised, reminder, cleared, digest
    Column("thread", Text, nullable=False, info=WORD),  # the alarm whose messages stand together
    Column("title", Text, nullable=False, info=WORD),
    Column("body", Text, nullable=False, info=WORD),
    Column("at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("said", Text, nullable=False, server_default="", info=WORD),  # why the last try failed
    Column("ended_at", BigInteger),  # it was sent, went with another one, or was given up
    Column("sent", Boolean, nullable=False, server_default=text("false")),
    Index("alarm_messages_by_channel", "channel", "ended_at"),  # store.outbox.sent_since
)
_waits = alarm_messages.c.ended_at.is_(None)
# store.outbox.waiting: in the order in which they were put down
Index("alarm_messages_waiting", alarm_messages.c.id, sqlite_where=_waits, postgresql_where=_waits)

# What should happen by itself: when it last did, and how it went.
stamps = Table(
    "stamps",
    meta,
    Column("name", Text, primary_key=True, info=WORD),  # core.alarms.BACKUP and its neighbours
    Column("at", BigInteger, nullable=False),
    Column("well", Boolean, nullable=False),
    Column("said", Text, nullable=False, server_default="", info=WORD),
)

# What came in each hour that is over, and where it stands: counted again and again from the leads themselves by the
# watch, so nothing here is more than they say. For charts of many days; the last 24 hours are read from the leads.
# store.hourly: a source's hours in order, by the key.
hourly = Table(
    "hourly",
    meta,
    Column("source", Text, primary_key=True, info=NAME),
    Column("hour", BigInteger, primary_key=True),  # milliseconds of the hour's start; its leads came in it
    Column("state", Text, primary_key=True, info=WORD),
    Column("leads", Integer, nullable=False),
    Column("calls", Integer, nullable=False),  # of these leads, whenever they were made; those not sent left out
    Column("spend", Text, nullable=False, info=WORD),  # the price of those calls
    sqlite_with_rowid=False,
)

# store.hourly_calls: the hours of a day.
hourly_calls = Table(
    "hourly_calls",
    meta,
    Column(
        "hour", BigInteger, primary_key=True, autoincrement=False
    ),  # milliseconds of its start; its calls began in it
    Column("calls", Text, nullable=False, info=WORD),  # JSON: [script, outcome, price, calls that may have rung]
    Column("waits", Text, nullable=False, info=WORD),  # JSON: [milliseconds from lead to first call, calls]
    sqlite_with_rowid=False,
)
