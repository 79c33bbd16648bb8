"""leads that ask the CRM"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TO_MAP = sa.text("state = 'received' AND asks_crm = 0")
TO_ASK = sa.text("state = 'received' AND asks_crm = 1")


def upgrade() -> None:
    op.add_column("leads", sa.Column("asks_crm", sa.SmallInteger(), server_default="0", nullable=False))
    op.drop_index("leads_to_map", table_name="leads")
    op.create_index("leads_to_map", "leads", ["due_at"], sqlite_where=TO_MAP, postgresql_where=TO_MAP)
    op.create_index("leads_to_ask", "leads", ["due_at"], sqlite_where=TO_ASK, postgresql_where=TO_ASK)
    op.add_column("sources", sa.Column("ask_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("sources", sa.Column("ask_fails", sa.Integer(), server_default="0", nullable=False))
