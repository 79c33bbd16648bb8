"""`flask do-not-call`: the numbers that nobody rings."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import with_appcontext

from cli.columns import plain
from cli.context import fail, the_gateway, who_and_why
from cli.moments import moment
from cli.words import Group, _, language, ngettext
from core.numbers import number_list
from core.reason import Reason, words
from flow import do_not_call as listed
from flow import numbers
from flow.gateway import Gateway
from store import do_not_call

BATCH = 500
ERRORS_SHOWN = 100
WHY = 500  # characters


@click.group("do-not-call", cls=Group)
def command() -> None:
    """The numbers that nobody rings: add, remove, import, list."""


@command.command("add")
@click.argument("number", nargs=-1, required=True)
@who_and_why
@with_appcontext
def add(number: tuple[str, ...], who: str, why: str) -> None:
    """Never ring NUMBER again, in any spelling; what waits for it is suppressed at once."""
    gateway = the_gateway()
    added = listed.add(gateway, dict.fromkeys((_read(gateway, text) for text in number), why), who)
    _say(added, len(number))


@command.command("remove")
@click.argument("number")
@who_and_why
@with_appcontext
def remove(number: str, who: str, why: str) -> None:
    """Take NUMBER off the list; leads that it suppressed stay so."""
    gateway = the_gateway()
    if not listed.remove(gateway, _read(gateway, number), who, why):
        fail(_("this number is not on the list"))
    click.echo(_("removed"))


@command.command("list")
@click.option("--number", help="This number only, in any spelling.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@with_appcontext
def list_(number: str | None, limit: int) -> None:
    """The newest entries, a line each: since when, the number, who said so, why."""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        if number is None:
            rows, _place = do_not_call.page(tx, limit)
        else:
            found = do_not_call.find(tx, listed.names(gateway, _read(gateway, number)))
            if found is None:
                fail(_("this number is not on the list"))
            rows = [found]
    for row in rows:
        click.echo(plain(f"{moment(row['since'])}  {row['number'][:15]:<15}  {row['who']}: {row['why']}"))
    if not rows:
        click.echo(_("nobody is on the list"))


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@who_and_why
@with_appcontext
def import_(file: Path, who: str, why: str) -> None:
    """Add every number of a CSV FILE: a number a line, or columns named `number` and, if you like, `why`.

    Lines that hold no number are named and left out (exit code 1); the others are added. The same
    file may be imported again."""
    gateway = the_gateway()
    try:
        lines = list(number_list.lines(file.read_bytes()))
    except OSError as why_not:
        fail(f"{file}: {why_not.strerror}")
    except csv.Error as why_not:
        fail(_("%(file)s: is no table of numbers (%(why)s)", file=file, why=why_not))
    wrong: list[tuple[int, Reason]] = []
    among, read, new, suppressed = numbers.regions(gateway), 0, 0, 0
    label = ngettext("%(num)d line", "%(num)d lines", len(lines))
    with click.progressbar(list(_batches(lines)), label=label, file=sys.stderr) as progress:
        for batch in progress:
            whys: dict[str, str] = {}
            for line in batch:
                number = numbers.one(line.number, among)
                if isinstance(number, Reason):
                    wrong.append((line.n, number))
                else:
                    whys[number] = " ".join(line.why.split())[:WHY] or why
            added = listed.add(gateway, whys, who)
            read, new, suppressed = read + len(whys), new + added.new, suppressed + added.suppressed
    _say(listed.Added(new, suppressed), read)
    for n, problem in wrong[:ERRORS_SHOWN]:
        said = words(problem.code, problem.params, language())
        click.echo(_("line %(n)s: %(problem)s", n=n, problem=said), err=True)
    if wrong:
        fail(_("%(wrong)s of %(all)s lines were left out", wrong=len(wrong), all=len(lines)))


def _batches(lines: list[number_list.Line]) -> Iterator[list[number_list.Line]]:
    return (lines[start : start + BATCH] for start in range(0, len(lines), BATCH))


def _read(gateway: Gateway, text: str) -> str:
    found = numbers.one(text, numbers.regions(gateway))
    if isinstance(found, Reason):
        fail(words(found.code, found.params, language()))
    return found


def _say(added: listed.Added, numbers_read: int) -> None:
    click.echo(
        _(
            "%(new)s numbers added, %(old)s were on the list; %(suppressed)s waiting leads suppressed",
            new=added.new,
            old=numbers_read - added.new,
            suppressed=added.suppressed,
        )
    )
