"""Tables beside the walk: what guards people, and what is noted along the way. `store.tables` names them all."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)

from store.meta import COUNTED, meta
from store.personal import DIGEST, ID, NAME, RECORD, WORD, After, Shown, personal

UNRUNG = personal(After.WHOLE, Shown.WHOLE, why="it is what keeps the number from being rung")

# Calls that an older database has forgotten together with their leads: kept so that nobody is rung again.
forgotten_calls = Table(
    "forgotten_calls",
    meta,
    Column("attempt", Text, primary_key=True, info=ID),
    Column("source", Text, nullable=False, info=NAME),
    Column("event_key", Text, nullable=False, info=DIGEST),
    Column("account", Text, nullable=False, info=NAME),
    Column("number_hash", Text, nullable=False, info=DIGEST),
    Column("script", Text, nullable=False, info=NAME),
    Column("at", BigInteger, nullable=False),
    Index("forgotten_calls_by_number", "number_hash"),  # store.epoch.forgotten_rings
    Index("forgotten_calls_by_key", "source", "event_key"),  # store.epoch.forgotten_event
)

# Whom nobody may ring. A removed number's row stays and says who took it off, and why.
do_not_call = Table(
    "do_not_call",
    meta,
    Column("no", COUNTED, Identity(), primary_key=True),
    Column("number", Text, nullable=False, unique=True, info=UNRUNG),
    Column("since", BigInteger, nullable=False),
    Column("who", Text, nullable=False, info=RECORD),
    Column("why", Text, nullable=False, info=RECORD),
    Column("removed_at", BigInteger),
    Column("removed_by", Text, nullable=False, server_default="", info=RECORD),
    Column("removed_why", Text, nullable=False, server_default="", info=RECORD),
    Index("do_not_call_by_since", "since", "no"),  # store.do_not_call.page, newest first
)

# How many of what persons said in a run directory's file (`store.wishes`) this database knows of.
wishes = Table(
    "wishes",
    meta,
    Column("file", Text, primary_key=True, info=ID),
    Column("n", BigInteger, nullable=False),
)

# An event key whose lead was erased: its keyed digest, so that a repeat is still a repeat.
erased_keys = Table(
    "erased_keys",
    meta,
    Column("source", Text, primary_key=True, info=NAME),
    Column("digest", Text, primary_key=True, info=DIGEST),
    Column("lead", Text, ForeignKey("leads.id"), nullable=False, info=ID),
    Column("first_at", BigInteger, nullable=False),
    Index("erased_keys_by_age", "first_at"),  # store.erasure.forget_old
)

# That a person's data was erased because they asked: nothing here can be read back into a number.
erasures = Table(
    "erasures",
    meta,
    Column("id", COUNTED, Identity(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False, info=RECORD),
    Column("why", Text, nullable=False, info=RECORD),
    Column("number_hash", Text, nullable=False, info=DIGEST),  # store.journal.number_hash
    Column("leads", Integer, nullable=False),
    Column("deliveries", Integer, nullable=False),
)

refused_proofs = Table(
    "refused_proofs",
    meta,
    Column("source", Text, primary_key=True, info=NAME),
    Column("hour", BigInteger, primary_key=True),  # milliseconds of the hour's start
    Column("cause", Text, primary_key=True, info=WORD),
    Column("count", Integer, nullable=False),
)

workers = Table(
    "workers",
    meta,
    Column("id", Text, primary_key=True, info=ID),
    Column("host", Text, nullable=False, info=NAME),
    Column("pid", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("run", Text, nullable=False, server_default="", info=ID),  # its run directory, where its journal lies
    Column("recovered", Text, nullable=False, server_default="", info=ID),  # the identity it compared journals with
    Column("ended", Boolean, nullable=False, server_default=text("false")),  # cleanly; its journal stays
    Column("journal", Text, nullable=False, server_default="", info=WORD),  # why that cannot be written; empty: it can
)

epoch = Table(
    "epoch",
    meta,
    Column("one", SmallInteger, primary_key=True),  # one row
    Column("store", Text, nullable=False, info=ID),  # this database's own random id
    Column("identity", Text, nullable=False, info=ID),  # store.epoch.identity when the epoch was opened
    Column("claims", BigInteger, nullable=False, server_default="0"),  # counted on SQLite only
    Column("suspect", Text, nullable=False, server_default="", info=ID),  # the identity that a worker saw instead
    Column("suspect_since", BigInteger, nullable=False, server_default="0"),
    Column("suspect_newest", BigInteger, nullable=False, server_default="0"),  # the newest lead's moment, at that one
    Column("alive_at", BigInteger, nullable=False, server_default="0"),  # when a worker last looked, before that
    Column("lost_at", BigInteger, nullable=False, server_default="0"),  # calls of before may be missing
    Column("opened_at", BigInteger, nullable=False),
    Column("set_back_from", BigInteger, nullable=False, server_default="0"),  # where the clock last was ahead of itself
    Column("leapt_to", BigInteger, nullable=False, server_default="0"),  # where it came to when it last leapt by a day
)
