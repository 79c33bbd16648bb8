"""what ended calls teach about an account: its pause, and its scripts'"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("accounts", sa.Column("recent", sa.Text(), server_default="", nullable=False))
    op.add_column("accounts", sa.Column("unsent", sa.Integer(), server_default="0", nullable=False))
    op.add_column("accounts", sa.Column("allowed", sa.Integer(), nullable=True))
    op.add_column("accounts", sa.Column("since", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("accounts", sa.Column("wait", sa.Integer(), server_default="0", nullable=False))
    op.add_column("accounts", sa.Column("pause", sa.Text(), nullable=True))
    op.add_column("accounts", sa.Column("scripts", sa.Text(), server_default="{}", nullable=False))
