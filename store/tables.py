"""Every table of the gateway. Times are integer milliseconds since 1970 in UTC; JSON is ASCII text.

Payloads and traces are kept as ASCII-escaped JSON text, because PostgreSQL's text and jsonb refuse
NUL and lone surrogates. Bodies are bytes. Money is a decimal in text, never a float.

Each table and index costs a lead one page to write: SQLite stores those with short rows by their key, and an index
of leads further on leaves out those that are only received. Leads are never deleted, so need no AUTOINCREMENT.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
    text,
)

from core.states import READY, RECEIVED
from store.meta import COUNTED, meta
from store.personal import DIGEST, ID, NAME, RECORD, WORD, After, Shown, not_personal, personal
from store.tables_beside import (  # noqa: F401
    do_not_call,
    epoch,
    erased_keys,
    erasures,
    forgotten_calls,
    refused_proofs,
    wishes,
    workers,
)
from store.tables_people import audit, login_failures, sign_in_links, tokens, users  # noqa: F401
from store.tables_versions import in_force, sources, versions  # noqa: F401
from store.tables_watch import alarm_messages, alarm_quiets, alarms, hourly, hourly_calls, stamps  # noqa: F401

deliveries = Table(
    "deliveries",
    meta,
    Column("id", Text, primary_key=True, info=ID),
    Column("source", Text, nullable=False, info=NAME),
    Column("received_at", BigInteger, nullable=False),
    Column("method", Text, nullable=False, info=WORD),
    Column("query", Text, nullable=False, info=personal(After.OBJECT)),  # without the proof
    Column("headers", Text, nullable=False, info=personal(After.OBJECT)),  # JSON of the chosen headers; never the proof
    Column("body", LargeBinary, nullable=False, info=personal(After.EMPTY)),  # the bytes as they came
    Column("digest", Text, nullable=False, info=personal(After.DIGEST)),  # SHA-256 of the body
    Column("problem", Text, nullable=False, server_default="", info=WORD),  # why it could not be read
    Column("erased_at", BigInteger),  # since when no person's data is in it
    Index("deliveries_by_arrival", "received_at", "id"),  # /api/deliveries, newest first
    Index("deliveries_by_source", "source", "received_at", "id"),  # the same with ?source=
)

Index(  # store.erasure.old_deliveries
    "deliveries_to_erase",
    deliveries.c.received_at,
    sqlite_where=deliveries.c.erased_at.is_(None),
    postgresql_where=deliveries.c.erased_at.is_(None),
)

leads = Table(
    "leads",
    meta,
    Column("no", COUNTED, Identity(), primary_key=True),  # the short number people say over the phone
    Column("id", Text, nullable=False, unique=True, info=ID),
    Column("source", Text, nullable=False, info=NAME),
    Column("account", Text, nullable=False, info=NAME),
    Column("state", Text, nullable=False, info=WORD),
    Column("reason", Text, nullable=False, server_default="", info=WORD),
    Column(
        "reasons", Text, nullable=False, server_default="[]", info=personal(After.EVIDENCE, Shown.WHOLE, exported=True)
    ),
    Column("received_at", BigInteger, nullable=False),
    Column("asked_at", BigInteger),
    Column("due_at", BigInteger, nullable=False),
    Column("urgent", SmallInteger, nullable=False, server_default="0"),  # 1: a person's rearm goes first
    Column("tries", Integer, nullable=False, server_default="0"),  # for the backoff: not sent, or asked the CRM in vain
    Column("asks_crm", SmallInteger, nullable=False, server_default="0"),  # 1: not to be mapped before its CRM answered
    Column("event_key", Text, info=personal(After.DIGEST, exported=True)),
    Column("digest", Text, nullable=False, info=personal(After.DIGEST)),
    Column("payload", Text, nullable=False, info=personal(After.OBJECT)),
    Column("version", Integer),  # of the source, that mapped it
    Column("number", Text, info=personal(After.NULL, Shown.MASKED, exported=True, digest_in="number_hash")),
    Column("script", Text, info=NAME),
    Column("sms", Text, info=personal(After.NULL, Shown.WHOLE, exported=True)),
    Column("person", Text, info=personal(After.NULL, Shown.HIDDEN, exported=True)),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("claims", Integer, nullable=False, server_default="0"),
    Column("despite", Text, nullable=False, server_default="", info=WORD),  # rules a rearm set aside, comma between
    Column("history_n", Integer, nullable=False),
    Column("changed_after_call", Boolean, nullable=False, server_default=text("false")),
    Column("erased_at", BigInteger),  # since when no person's data is in it
    Column("number_hash", Text, info=DIGEST),  # then: store.journal.number_hash of its number
)
_state = leads.c.state
# store.due.to_map: those to be mapped, and apart from them those whose CRM has to be asked first (store.figures).
# It begins with an equality, or SQLite takes `leads_by_state` and sorts every received lead.
Index(
    "leads_to_map",
    leads.c.asks_crm,
    leads.c.due_at,
    sqlite_where=_state == RECEIVED,
    postgresql_where=_state == RECEIVED,
)
# store.due.next_to_ask: the newest or oldest of one source whose CRM has to be asked, and from source to source. It
# begins as `leads_to_map` does, or SQLite takes that one and walks what waits.
_to_ask = (_state == RECEIVED) & (leads.c.asks_crm == literal_column("1"))
Index(
    "leads_to_ask",
    leads.c.asks_crm,
    leads.c.source,
    leads.c.due_at,
    leads.c.no,
    sqlite_where=_to_ask,
    postgresql_where=_to_ask,
)
# store.due.to_call: a person's rearm first, then the newest due, or the oldest.
Index(
    "leads_to_call",
    leads.c.account,
    leads.c.urgent,
    leads.c.due_at,
    leads.c.no,
    sqlite_where=_state == READY,
    postgresql_where=_state == READY,
)
# store.due.to_call while some sources or scripts wait: each other one's next leads.
Index(
    "leads_to_call_by_kind",
    leads.c.account,
    leads.c.source,
    leads.c.script,
    leads.c.urgent,
    leads.c.due_at,
    leads.c.no,
    sqlite_where=_state == READY,
    postgresql_where=_state == READY,
)
# store.queries.page: lists, newest first; stats of the last hours.
Index("leads_by_arrival", leads.c.received_at, leads.c.no)
Index("leads_by_state", _state, leads.c.received_at, leads.c.no)
Index("leads_by_source", leads.c.source, leads.c.received_at, leads.c.no)
Index("leads_by_source_state", leads.c.source, _state, leads.c.received_at, leads.c.no)  # and the counts of both
_known = leads.c.number.is_not(None)
Index("leads_by_number", leads.c.number, sqlite_where=_known, postgresql_where=_known)  # search by number
_whole = leads.c.erased_at.is_(None) & (_state != RECEIVED)  # for store.erasure.old_leads
Index("leads_to_erase", leads.c.received_at, sqlite_where=_whole, postgresql_where=_whole)

delivery_leads = Table(
    "delivery_leads",
    meta,
    Column("lead", Text, ForeignKey("leads.id"), primary_key=True, info=ID),
    Column("delivery", Text, ForeignKey("deliveries.id"), primary_key=True, info=ID),
    Column("position", Integer, primary_key=True),
    Column("kind", Text, nullable=False, info=WORD),  # first, repeat, correction, changed_after_call
    Index("delivery_leads_by_delivery", "delivery"),  # the leads of a delivery
    sqlite_with_rowid=False,
)

event_keys = Table(
    "event_keys",
    meta,
    Column("source", Text, primary_key=True, info=NAME),
    Column("key", Text, primary_key=True, info=personal(After.NO_ROW)),
    # The key is taken before its lead is inserted, so the check waits for the commit.
    Column("lead", Text, ForeignKey("leads.id", deferrable=True, initially="DEFERRED"), nullable=False, info=ID),
    Column("first_at", BigInteger, nullable=False),
    Index("event_keys_by_lead", "lead"),  # store.erasure: the keys of leads
    sqlite_with_rowid=False,
)

# Every move of a lead but its receipt, which the lead's own row tells (`store.leads.receipt`): n = 1 is not here.
history = Table(
    "history",
    meta,
    Column("lead", Text, ForeignKey("leads.id"), primary_key=True, info=ID),
    Column("n", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("transition", Text, nullable=False, info=WORD),
    Column("origin", Text, nullable=False, info=WORD),
    Column("target", Text, nullable=False, info=WORD),
    Column("who", Text, nullable=False, info=RECORD),
    Column("why", Text, nullable=False, server_default="", info=RECORD),
    Column("trace", Text, nullable=False, server_default="{}", info=personal(After.EVIDENCE, Shown.WHOLE)),
    Column("payload", Text, info=personal(After.NULL)),  # the payload before a correction
    sqlite_with_rowid=False,
)

attempts = Table(
    "attempts",
    meta,
    Column("id", Text, primary_key=True, info=ID),
    Column("lead", Text, ForeignKey("leads.id"), nullable=False, info=ID),
    Column("n", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("account", Text, nullable=False, info=NAME),
    Column("source", Text, nullable=False, server_default="", info=NAME),  # under whose caps it counts
    Column("number", Text, nullable=False, info=personal(After.EMPTY, Shown.MASKED)),
    Column("script", Text, nullable=False, info=NAME),
    Column("sms", Text, info=personal(After.NULL, Shown.WHOLE)),
    Column("owner", Text, nullable=False, info=ID),
    Column("started_at", BigInteger, nullable=False),
    Column("deadline_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", Text, info=WORD),
    Column("how", Text, nullable=False, server_default="", info=WORD),
    Column("irregular", Boolean, nullable=False, server_default=text("false")),
    Column("http_status", Integer),
    Column("provider_id", Text, info=not_personal("the provider's id of a call")),
    Column("price", Text, info=WORD),
    Column("error", Text, info=personal(After.NULL, Shown.HIDDEN)),
    Column("reply", LargeBinary, info=personal(After.NULL)),
    UniqueConstraint("lead", "n", name="attempts_lead_n"),
)
_outcome = attempts.c.outcome
# The second guard of "nobody is rung twice": the database refuses a second possible ring of one round.
_may_have_rung = text("outcome IS NULL OR outcome <> 'not_sent'")
Index(
    "attempts_one_ring_a_round",
    attempts.c.lead,
    attempts.c.round,
    unique=True,
    sqlite_where=_may_have_rung,
    postgresql_where=_may_have_rung,
)
# store.attempts.overdue: open attempts whose owner is gone.
Index("attempts_open", attempts.c.deadline_at, sqlite_where=_outcome.is_(None), postgresql_where=_outcome.is_(None))
# store.facts: the last call to a number, of one account; store.caps: the calls to it over all accounts.
Index("attempts_by_number", attempts.c.number, attempts.c.account, attempts.c.started_at)
# store.figures: the calls of the last hours; store.caps: those over all sources.
Index("attempts_by_start", attempts.c.started_at)
Index("attempts_by_source", attempts.c.source, attempts.c.started_at)  # store.caps: a source's calls of a day
# store.caps: from one price of a script to the next.
_has_price = attempts.c.price.is_not(None)
Index(
    "attempts_by_price",
    attempts.c.script,
    attempts.c.price,
    attempts.c.started_at,
    sqlite_where=_has_price,
    postgresql_where=_has_price,
)

number_locks = Table(
    "number_locks",
    meta,
    Column("number", Text, primary_key=True, info=personal(After.NO_ROW)),
    Column("attempt", Text, info=ID),  # NULL: free
)

# A pause may quote what the provider said of the call that began it.
SAID = personal(After.WHOLE, why="it goes when the pause ends")
accounts = Table(
    "accounts",
    meta,
    Column("name", Text, primary_key=True, info=NAME),
    Column("next_at", BigInteger, nullable=False, server_default="0"),  # the pace: no call starts before
    # core.account.trouble.Trouble, a field each
    Column("recent", Text, nullable=False, server_default="", info=WORD),
    Column("unsent", Integer, nullable=False, server_default="0"),
    Column("allowed", Integer),
    Column("since", BigInteger, nullable=False, server_default="0"),
    Column("wait", Integer, nullable=False, server_default="0"),
    Column("pause", Text, info=SAID),  # JSON; NULL: not paused
    Column("scripts", Text, nullable=False, server_default="{}", info=SAID),  # JSON, the scripts in trouble
)

reached_caps = Table(
    "reached_caps",
    meta,
    Column("source", Text, primary_key=True, info=NAME),  # empty: the totals over all sources
    Column("cap", Text, nullable=False, info=WORD),
    Column("limit", Text, nullable=False, info=WORD),
    Column("script", Text, nullable=False, info=NAME),  # of the call that found no room
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),  # when the first calls leave the window
)
