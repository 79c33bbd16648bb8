"""The pages of the documentation, and how a test reads them."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md"))]
SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^()\s]+)\)")


def name(page):
    return str(page.relative_to(ROOT))


def text(page):
    return (DOCS / page).read_text(encoding="utf-8")


def rows(page, *head):
    """The cells of every row of the tables of a page whose head begins with these words."""
    found, inside = [], False
    for line in text(page).splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if not line.startswith("|"):
            inside = False
        elif cells[: len(head)] == list(head):
            inside = True
        elif inside and not set(cells[0]) <= set("- "):
            found.append(cells)
    assert found, f"{page} has no table {head}"
    return found


def named(cell):
    return SPAN.findall(cell)


def first_names(page, *head):
    return [word for cells in rows(page, *head) for word in named(cells[0])]
