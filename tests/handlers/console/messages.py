"""Every text that the console's code and pages ask to be translated, and the Russian catalogue.

python -m tests.handlers.console.messages     prints what the catalogue lacks, as lines to fill in"""

from pathlib import Path

from babel.messages import extract, pofile

CONSOLE = Path(__file__).parents[3] / "handlers/console"
WORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2)}
JINJA = {"silent": "false", "trimmed": "true"}


def used():
    """msgid, or (singular, plural) -> the file that asks for it."""
    found = {}
    for path in sorted(CONSOLE.rglob("*")):
        method = {".py": "python", ".html": "jinja2"}.get(path.suffix)
        if method:
            with path.open("rb") as file:
                options = JINJA if method == "jinja2" else {}
                for _line, message, _comments, _context in extract.extract(method, file, WORDS, options=options):
                    found.setdefault(message, path.name)
    return found


def catalogue():
    with (CONSOLE / "translations/ru.po").open("rb") as file:
        return pofile.read_po(file, locale="ru")


def lacking():
    known = catalogue()
    return {m: at for m, at in used().items() if known.get(m[0] if isinstance(m, tuple) else m) is None}


if __name__ == "__main__":
    for message, at in lacking().items():
        print(f"# {at}")  # noqa: T201
        print(repr(message))  # noqa: T201
