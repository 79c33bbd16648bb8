"""Every text that the console's code and pages ask to be translated, and the Russian catalogue.

python -m tests.handlers.console.messages     prints what the catalogue lacks, as lines to fill in"""

from pathlib import Path

from babel.messages import extract

from core import state_words
from tests import translations

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
    for texts in (state_words.NAMES, state_words.SENTENCES):
        found |= dict.fromkeys(texts.values(), "a table")
    return found


def catalogue():
    return translations.read(CONSOLE)


def lacking():
    return translations.lacking(used(), catalogue())


def left_over():
    return translations.left_over(used(), catalogue())


if __name__ == "__main__":
    translations.tell(lacking())
