"""`make freeze`, before a first release: the first migration's tables are written out and never change again.

Until the release it may be run as often as the tables change. Afterwards the tests refuse what it would do: a change
is a migration of its own then, which only adds."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

from sqlalchemy.dialects import postgresql, sqlite

from config.settings import ROOT
from store.migrate import written_out
from store.tables import meta

FIRST = Path("store/migrations/versions/0001_the_tables.py")
RECORD = Path("tests/store/first_migration.sha256")
ADD = "from v1.0.0 on the tables only grow: put the first migration back and add a new one, 0002_what_it_adds.py"
DIALECTS = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}
FROZEN = '''"""every table, as release 1.0.0 had it. A test knows the digest: it never changes again."""

from pathlib import Path

from alembic import op

revision = "0001_the_tables"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    bind = op.get_bind()
    for statement in Path(__file__).with_suffix(f".{bind.dialect.name}.sql").read_text(encoding="utf-8").split(";\\n"):
        if statement.strip():
            bind.exec_driver_sql(statement)
'''


def files(root: Path) -> list[Path]:
    return [root / FIRST, *((root / FIRST).with_suffix(f".{name}.sql") for name in sorted(DIALECTS))]


def freeze(root: Path) -> None:
    """Write the tables of this code out into the first migration of the code at `root`, and its digest down."""
    (root / FIRST).write_text(FROZEN, encoding="utf-8")
    for name, dialect in DIALECTS.items():
        lines = [line.rstrip() for one in written_out(meta, dialect) for line in f"{one.strip()};\n".splitlines()]
        text = "\n".join(lines).replace(";\n", ";\n\n") + "\n"
        (root / FIRST).with_suffix(f".{name}.sql").write_text(text, encoding="utf-8")
    (root / RECORD).write_text(digest(root) + "\n", encoding="ascii")


def digest(root: Path) -> str:
    whole = hashlib.sha256()
    for path in files(root):
        whole.update(path.read_bytes() if path.exists() else b"missing")
    return whole.hexdigest()


def released(root: Path) -> bool:
    """Whether 1.0.0 is out: the changelog gives it a day, or there is its tag."""
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    if re.search(r"^## 1\.0\.0, \d{4}-\d\d-\d\d$", changelog, re.MULTILINE):
        return True
    asked = subprocess.run(["git", "tag", "-l", "v1.0.0"], cwd=root, capture_output=True, text=True, check=False)
    return asked.stdout.strip() == "v1.0.0"


def problems(root: Path, *, out: bool) -> list[str]:
    """What is wrong with the first migration of the code at `root`; `out`: it was released."""
    recorded = (root / RECORD).read_text(encoding="ascii").strip() if (root / RECORD).exists() else ""
    if not recorded:
        return ["1.0.0 is out, and its tables were never written out: make freeze"] if out else []
    if digest(root) != recorded:
        return [ADD if out else "the first migration was written out and has changed since: make freeze"]
    return []


if __name__ == "__main__":
    if released(ROOT) and (ROOT / RECORD).exists():
        sys.exit(ADD)
    freeze(ROOT)
    print(f"{FIRST} holds the tables of this code; its digest stands in {RECORD}")  # noqa: T201
