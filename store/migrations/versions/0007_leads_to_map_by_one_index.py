"""leads to map and to ask by one index

SQLite passed the two partial indexes over and sorted every received lead: it prefers an equality
(`leads_by_state`) to a range, so the partial index begins with one of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

RECEIVED = sa.text("state = 'received'")


def upgrade() -> None:
    op.drop_index("leads_to_map", table_name="leads")
    op.drop_index("leads_to_ask", table_name="leads")
    op.create_index(
        "leads_to_map", "leads", ["asks_crm", "due_at"], sqlite_where=RECEIVED, postgresql_where=RECEIVED
    )
