"""every table, as release 1.0.0 had it. A test knows the digest: it never changes again."""

from pathlib import Path

from alembic import op

revision = "0001_the_tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    for statement in Path(__file__).with_suffix(f".{bind.dialect.name}.sql").read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            bind.exec_driver_sql(statement)
