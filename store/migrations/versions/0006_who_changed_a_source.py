"""who changed a source, and why"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("versions", sa.Column("why", sa.Text(), server_default="", nullable=False))
    op.add_column("sources", sa.Column("removed_at", sa.BigInteger(), nullable=True))
    for name in ("removed_by", "removed_why"):
        op.add_column("sources", sa.Column(name, sa.Text(), server_default="", nullable=False))
