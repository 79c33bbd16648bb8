"""the database we knew"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("run", "recovered"):
        op.add_column("workers", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("workers", sa.Column("ended", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_table(
        "epoch",
        sa.Column("one", sa.SmallInteger(), primary_key=True),
        sa.Column("store", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("claims", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("suspect", sa.Text(), server_default="", nullable=False),
        sa.Column("suspect_since", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "forgotten_calls",
        sa.Column("attempt", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("number_hash", sa.Text(), nullable=False),
        sa.Column("script", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("forgotten_calls_by_number", "forgotten_calls", ["account", "number_hash"])
    op.create_index("forgotten_calls_by_key", "forgotten_calls", ["source", "event_key"])
