"""indexes for lists that stay quick however many leads there are"""

from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('leads_by_state', 'leads')
    op.drop_index('leads_by_source', 'leads')
    op.drop_index('deliveries_by_source', 'deliveries')
    op.create_index('leads_by_arrival', 'leads', ['received_at', 'no'])
    op.create_index('leads_by_state', 'leads', ['state', 'received_at', 'no'])
    op.create_index('leads_by_source', 'leads', ['source', 'received_at', 'no'])
    op.create_index('leads_by_source_state', 'leads', ['source', 'state', 'received_at', 'no'])
    op.create_index('deliveries_by_arrival', 'deliveries', ['received_at', 'id'])
    op.create_index('deliveries_by_source', 'deliveries', ['source', 'received_at', 'id'])
    op.create_index('attempts_by_start', 'attempts', ['started_at'])
