"""every table of `store.tables`

Nothing was released yet, so this one migration makes whatever the code wants, under a name that tells one state of
the tables from another. With the first release its tables are written out (`make freeze`) and it gets a plain name;
from then on each change is a file of its own, which only adds. Tests hold this."""

from alembic import op

from store.migrate import fingerprint
from store.tables import meta

revision = f"tables_{fingerprint(meta)}"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    meta.create_all(op.get_bind())
