"""The commands' words in English or Russian: a text in the code is the English one, `translations/ru.po` has the other.

The reader says which by --lang, else by LC_ALL, LC_MESSAGES or LANG. Reasons and alarms have their words in core."""

import copy
import io
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import click
from click import core, decorators, exceptions, formatting, parser, types

from core.catalogue import compiled

C = TypeVar("C", bound=click.Command)
LANGUAGES = ("en", "ru")
_KEY = "language"
# Of the command that runs: click tells a mistake when the command's context is gone already.
_SAID: dict[str, str] = {}
_CATALOGUE = Path(__file__).parent / "translations/ru.po"


def language() -> str:
    """en or ru."""
    return _SAID.get(_KEY) or _of_system()


def _of_system() -> str:
    wanted = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "ru" if wanted.lower().startswith("ru") else "en"


def _(text: str, /, **facts: Any) -> str:
    """The text in the reader's language, with its `%(facts)s`."""
    said = _russian().ugettext(text) if language() == "ru" else text
    return said % facts if facts else said


def ngettext(one: str, many: str, num: int, /, **facts: Any) -> str:
    """The same of a count, `%(num)d`."""
    said = _russian().ungettext(one, many, num) if language() == "ru" else one if num == 1 else many
    return said % {"num": num, **facts}


@cache
def _russian() -> Any:
    return compiled(_CATALOGUE.read_bytes())


def _clicks(text: str) -> str:
    return str(_russian().ugettext(text)) if language() == "ru" else text


def _clicks_plural(one: str, many: str, num: int) -> str:
    return str(_russian().ungettext(one, many, num)) if language() == "ru" else one if num == 1 else many


for _module in (core, decorators, exceptions, formatting, parser, types):  # click asks for its texts by these names
    vars(_module).update(
        {name: ask for name, ask in (("_", _clicks), ("ngettext", _clicks_plural)) if name in vars(_module)}
    )


def _chosen(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is not None:
        _SAID[_KEY] = value


LANG = click.Option(
    ["--lang"],
    type=click.Choice(LANGUAGES),
    is_eager=True,
    expose_value=False,
    callback=_chosen,
    help="The language of the answer (default: that of the terminal).",
)


class _Spoken(click.Command):
    """What a command and a group of them have in common."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if not isinstance(parent and parent.command, _Spoken):
            _SAID.clear()
        for stream in (sys.stdout, sys.stderr):  # KOI8-R knows no `…`, UTF-8 no half of a pair: `?`, not half an answer
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")
        return super().make_context(info_name, args, parent, **extra)

    def get_short_help_str(self, limit: int = 45) -> str:
        return click.Command.get_short_help_str(_in_words(self), limit)


class Command(_Spoken):
    """A command that speaks both languages, its help too."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.params.append(LANG)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Command.format_help(_in_words(self), ctx, formatter)


class Group(_Spoken, click.Group):
    """A group of such commands."""

    command_class = Command

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.params.append(LANG)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        click.Group.format_help(_in_words(self), ctx, formatter)


def _in_words(command: C) -> C:
    """The command with its help in the reader's language."""
    spoken = copy.copy(command)
    spoken.help = _(help_of(command))
    spoken._help_option = None  # click keeps the one of its first reader
    spoken.params = [_option_in_words(one) for one in command.params]
    return spoken


def help_of(command: click.Command) -> str:
    """A command's help as its line of the catalogue has it: a line a paragraph."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in (command.help or "").split("\n\n"))


def _option_in_words(one: click.Parameter) -> click.Parameter:
    spoken = copy.copy(one)
    if isinstance(spoken, click.Option) and spoken.help:
        spoken.help = _(spoken.help)
    return spoken
