"""every table of `store.tables`

Nothing was released yet, so this one migration makes whatever the code wants, under a name that tells one state of
the tables from another. With the first release it gets its tables written out and a plain name, and from then on each
change is a file of its own; a test holds this."""

from alembic import op

from store.migrate import fingerprint
from store.tables import meta

revision = f"tables_{fingerprint(meta)}"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    meta.create_all(op.get_bind())
