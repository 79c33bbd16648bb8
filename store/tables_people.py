"""Tables of those who sign in, of programs' tokens, and of what people did. `store.tables` names them all."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Identity, Index, Integer, Table, Text, text

from store.meta import COUNTED, meta
from store.personal import RECORD, WORD, not_personal

STAFF = not_personal("of somebody who works here, as they are called here")
SECRET = not_personal("a digest of a secret: nobody can read it back")

users = Table(
    "users",
    meta,
    Column("id", COUNTED, Identity(), primary_key=True),
    Column(
        "key", Text, nullable=False, unique=True, info=STAFF
    ),  # core.people.key_of(name): the spelling does not count
    Column("name", Text, nullable=False, info=STAFF),
    Column("role", Text, nullable=False, info=WORD),
    Column("password", Text, nullable=False, server_default="", info=SECRET),  # flow.passwords; empty: links only
    Column("epoch", Integer, nullable=False, server_default="1"),  # raised, it ends every session
    Column("added_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger),  # of the newest sign-in
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("language", Text, nullable=False, server_default="", info=WORD),  # what they read in; empty: the browser's
    Column("zone", Text, nullable=False, server_default="", info=WORD),  # whose times they read; empty: the gateway's
)

sign_in_links = Table(
    "sign_in_links",
    meta,
    Column("digest", Text, primary_key=True, info=SECRET),  # SHA-256 of the link's token
    Column("user_id", COUNTED, ForeignKey("users.id"), nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("loopback", Boolean, nullable=False),  # good on this machine only
)

login_failures = Table(
    "login_failures",
    meta,
    # name:<key> or address:<address>
    Column("key", Text, primary_key=True, info=not_personal("who tried to sign in; forgotten after an hour")),
    Column("count", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
)

tokens = Table(
    "tokens",
    meta,
    Column("id", COUNTED, Identity(), primary_key=True),
    Column("name", Text, nullable=False, info=STAFF),
    Column("scope", Text, nullable=False, info=WORD),
    Column("digest", Text, nullable=False, unique=True, info=SECRET),  # SHA-256 of the token
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False, info=RECORD),
    Column("revoked_at", BigInteger),
)

audit = Table(
    "audit",
    meta,
    Column("id", COUNTED, Identity(), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False, info=RECORD),
    Column("what", Text, nullable=False, info=RECORD),
    Column("about", Text, nullable=False, server_default="", info=RECORD),  # a lead's number, a name: never a phone
    Column("why", Text, nullable=False, server_default="", info=RECORD),
    Column("place", Text, nullable=False, info=RECORD),  # console, command or api
    Index("audit_by_who", "who", "at"),  # store.people.done_since: the rearms of the last minute
)
