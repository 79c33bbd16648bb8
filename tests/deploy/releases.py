"""Two releases of this code, as folders: the tables of the first are written out, the second adds to them."""

import subprocess
import sys
from pathlib import Path

from config.settings import ROOT
from tests.store import freezing

LATER = '''"""what is to come"""

import sqlalchemy as sa
from alembic import op

revision = "0002_things_to_come"
down_revision = "0001_the_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("things_to_come", sa.Column("id", sa.BigInteger, primary_key=True))
    op.add_column("leads", sa.Column("mood", sa.Text, nullable=True))
    op.add_column("deliveries", sa.Column("weight", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("leads_by_mood", "leads", ["mood"])
'''
TABLES = """

Table("things_to_come", meta, Column("id", BigInteger, primary_key=True))
leads.append_column(Column("mood", Text))
deliveries.append_column(Column("weight", BigInteger, nullable=False, server_default="0"))
Index("leads_by_mood", leads.c.mood)
"""


def first(folder: Path) -> Path:
    """This code as its first release."""
    return _copy(folder)


def second(folder: Path) -> Path:
    """A release after it, which has a table, two columns and an index more."""
    root = _copy(folder)
    (root / freezing.FIRST.parent / "0002_things_to_come.py").write_text(LATER, encoding="utf-8")
    with (root / "store/tables.py").open("a", encoding="utf-8") as tables:
        tables.write(TABLES)
    return root


def _copy(folder: Path) -> Path:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    for name in (name.decode() for name in names if name and not name.startswith((b"docs/", b"bench/"))):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    freezing.freeze(folder)
    return folder


def flask(root: Path, environ: dict[str, str], *words: str) -> str:
    """One command of that release; what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "flask", *words], cwd=root, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
