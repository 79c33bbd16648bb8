"""what is erased"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

WHOLE = sa.text("erased_at IS NULL")


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("erased_at", sa.BigInteger()))
    op.add_column("leads", sa.Column("erased_at", sa.BigInteger()))
    op.add_column("leads", sa.Column("number_hash", sa.Text()))
    for table in ("deliveries", "leads"):
        op.create_index(f"{table}_to_erase", table, ["received_at"], sqlite_where=WHOLE, postgresql_where=WHOLE)
    op.create_table(
        "erased_keys",
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("digest", sa.Text(), primary_key=True),
        sa.Column("lead", sa.Text(), sa.ForeignKey("leads.id"), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
    )
    op.create_index("erased_keys_by_age", "erased_keys", ["first_at"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), primary_key=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("number_hash", sa.Text(), nullable=False),
        sa.Column("leads", sa.Integer(), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
    )
