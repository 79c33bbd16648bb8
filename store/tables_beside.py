"""Tables beside the walk: what guards people, and what is noted along the way. `store.tables` names them all."""

from sqlalchemy import BigInteger, Column, ForeignKey, Identity, Index, Integer, Table, Text

from store.meta import COUNTED, meta

# Calls that an older database has forgotten together with their leads: kept so that nobody is rung again.
forgotten_calls = Table(
    "forgotten_calls",
    meta,
    Column("attempt", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("event_key", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("number_hash", Text, nullable=False),
    Column("script", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("forgotten_calls_by_number", "account", "number_hash"),  # store.epoch.forgotten_rings
    Index("forgotten_calls_by_key", "source", "event_key"),  # store.epoch.forgotten_event
)

# Whom nobody may ring. A removed number's row stays and says who took it off, and why.
do_not_call = Table(
    "do_not_call",
    meta,
    Column("no", COUNTED, Identity(), primary_key=True),
    Column("number", Text, nullable=False, unique=True),
    Column("since", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("removed_at", BigInteger),
    Column("removed_by", Text, nullable=False, server_default=""),
    Column("removed_why", Text, nullable=False, server_default=""),
    Index("do_not_call_by_since", "since", "no"),  # store.do_not_call.page, newest first
)

# An event key whose lead was erased: its keyed digest, so that a repeat is still a repeat.
erased_keys = Table(
    "erased_keys",
    meta,
    Column("source", Text, primary_key=True),
    Column("digest", Text, primary_key=True),
    Column("lead", Text, ForeignKey("leads.id"), nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Index("erased_keys_by_age", "first_at"),  # store.erasure.forget_old
)

# That a person's data was erased because they asked: nothing here can be read back into a number.
erasures = Table(
    "erasures",
    meta,
    Column("id", COUNTED, Identity(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("number_hash", Text, nullable=False),  # store.journal.number_hash
    Column("leads", Integer, nullable=False),
    Column("deliveries", Integer, nullable=False),
)

refused_proofs = Table(
    "refused_proofs",
    meta,
    Column("source", Text, primary_key=True),
    Column("hour", BigInteger, primary_key=True),  # milliseconds of the hour's start
    Column("cause", Text, primary_key=True),
    Column("count", Integer, nullable=False),
)

alarms = Table(
    "alarms",
    meta,
    Column("id", COUNTED, Identity(), primary_key=True),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("cleared_at", BigInteger),
    Index("alarms_cleared", "cleared_at"),  # store.alarms.cleared
)
# store.alarms.keep: an alarm is raised once, whoever sees it first.
_rings = alarms.c.cleared_at.is_(None)
Index("alarms_open", alarms.c.name, unique=True, sqlite_where=_rings, postgresql_where=_rings)
