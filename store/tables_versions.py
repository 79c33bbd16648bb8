"""Tables of what is in force: versions of texts, and the sources. `store.tables` names them all."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, Table, Text, text

from store.meta import meta
from store.personal import NAME, OWNERS, RECORD

in_force = Table(
    "in_force",
    meta,
    Column("name", Text, primary_key=True, info=NAME),  # a source's, or core.overall.POLICY
    Column("n", Integer, nullable=False),  # the newest version
    Column("removed", Boolean, nullable=False, server_default=text("false")),  # a source, after that version
    Column("removed_at", BigInteger),  # of the last time, also where it is in force again
    Column("removed_by", Text, nullable=False, server_default="", info=RECORD),
    Column("removed_why", Text, nullable=False, server_default="", info=RECORD),
)

versions = Table(
    "versions",
    meta,
    Column("name", Text, ForeignKey("in_force.name"), primary_key=True, info=NAME),
    Column("n", Integer, primary_key=True),
    Column("text", Text, nullable=False, info=OWNERS),
    Column("digest", Text, nullable=False, info=OWNERS),
    Column("since", BigInteger, nullable=False),
    Column("who", Text, nullable=False, info=RECORD),
    Column("why", Text, nullable=False, server_default="", info=RECORD),
)

sources = Table(
    "sources",
    meta,
    Column("name", Text, primary_key=True, info=NAME),  # of every source that ever was
    Column("ask_at", BigInteger, nullable=False, server_default="0"),  # its CRM's pace: nobody asks before
    Column("ask_fails", Integer, nullable=False, server_default="0"),  # questions without an answer, in a row
)
