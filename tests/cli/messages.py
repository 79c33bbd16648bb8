"""Every text that the commands ask to be translated, their help, and the Russian catalogue.

python -m tests.cli.messages     prints what the catalogue lacks, as lines to fill in"""

from pathlib import Path

import click
from babel.messages import extract
from click import core, decorators, exceptions, formatting, parser, types

from cli import (
    account,
    alarms,
    backup,
    columns,
    do_not_call,
    leads,
    leads_export,
    next_steps,
    policy,
    sources,
    sources_presets,
    sources_try,
    users,
)
from cli.words import Command, Group, help_of
from core import state_words
from tests import translations

CLI = Path(columns.__file__).parent
WORDS = {"_": None, "ngettext": (1, 2)}
TABLES = (sources_presets.CONFIDENCE, sources_presets.SHORTLY, sources_presets.PLACES, sources_try.VERDICTS)
GROUPS = (
    *(group.command for group in (leads, do_not_call, alarms, users, policy, sources, backup)),
    *(account.pause, account.resume, backup.restore),
)


def used():
    """msgid, or (singular, plural) -> where it is asked for."""
    found = {}
    for path in sorted(CLI.glob("*.py")):
        with path.open("rb") as file:
            for _line, message, _comments, _context in extract.extract("python", file, WORDS):
                found.setdefault(message, path.name)
    for command in commands():
        found.setdefault(help_of(command), command.name)
        for option in command.params:
            if isinstance(option, click.Option) and option.help:
                found.setdefault(option.help, command.name)
    for texts in (state_words.NAMES, state_words.SENTENCES, leads_export.EXCEL, policy.WINDOW, *TABLES):
        found |= dict.fromkeys(texts.values(), "a table")
    found |= dict.fromkeys((unit for _size, unit in sources_presets.SPANS), "a table")
    found |= clicks(exceptions, formatting, parser, types)
    for name, why in next_steps.SAID.values():
        found |= dict.fromkeys((name, why), "a table")
    return found


def clicks(*modules):
    """The texts of click itself in these of its modules."""
    found = {}
    for module in modules:
        with Path(module.__file__).open("rb") as file:
            for _line, message, _comments, _context in extract.extract("python", file, WORDS):
                found.setdefault(message, f"click's {module.__name__}")
    return found


def commands():
    """Each command that speaks both languages."""
    left = list(GROUPS)
    while left:
        command = left.pop()
        assert isinstance(command, Command | Group), command.name
        yield command
        if isinstance(command, click.Group):
            left += [command.get_command(None, name) for name in command.list_commands(None)]


def catalogue():
    return translations.read(CLI)


def lacking():
    return translations.lacking(used(), catalogue())


def left_over():
    return translations.left_over({**used(), **clicks(core, decorators)}, catalogue())


if __name__ == "__main__":
    translations.tell(lacking())
