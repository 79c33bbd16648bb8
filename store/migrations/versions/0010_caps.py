"""caps: whose calls an attempt counts for, and which caps are reached"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

READY = sa.text("state = 'ready'")
PRICED = sa.text("price IS NOT NULL")


def upgrade() -> None:
    op.add_column("attempts", sa.Column("source", sa.Text(), server_default="", nullable=False))
    op.execute("UPDATE attempts SET source = (SELECT l.source FROM leads l WHERE l.id = attempts.lead)")
    op.create_index("attempts_by_source", "attempts", ["source", "started_at"])
    op.create_index(
        "attempts_by_price",
        "attempts",
        ["script", "price", "started_at"],
        sqlite_where=PRICED,
        postgresql_where=PRICED,
    )
    # The number first, so that a number's calls are found over all accounts too.
    op.drop_index("attempts_by_number", table_name="attempts")
    op.create_index("attempts_by_number", "attempts", ["number", "account", "started_at"])
    op.create_index(
        "leads_to_call_by_source",
        "leads",
        ["account", "source", "urgent", "due_at", "no"],
        sqlite_where=READY,
        postgresql_where=READY,
    )
    op.create_table(
        "reached_caps",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("cap", sa.Text(), nullable=False),
        sa.Column("limit", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
    )
