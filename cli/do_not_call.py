"""`flask do-not-call`: the numbers that nobody rings."""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask.cli import with_appcontext

from cli.commands import asker, no, the_house
from cli.story import moment
from core import number_list
from core.reason import Reason, words
from flow import do_not_call as listed
from flow import numbers
from flow.house import House
from store import do_not_call

BATCH = 500
ERRORS_SHOWN = 100
WHY = 500  # signs


@click.group("do-not-call")
def command() -> None:
    """The numbers that nobody rings: add, remove, import, list."""


@command.command("add")
@click.argument("number", nargs=-1, required=True)
@asker
@with_appcontext
def add(number: tuple[str, ...], who: str, why: str) -> None:
    """Never ring NUMBER again, in any spelling; what waits for it is suppressed at once."""
    house = the_house()
    added = listed.add(house, dict.fromkeys((_read(house, text) for text in number), why), who)
    _say(added, len(number))


@command.command("remove")
@click.argument("number")
@asker
@with_appcontext
def remove(number: str, who: str, why: str) -> None:
    """Take NUMBER off the list; leads that it suppressed stay so."""
    house = the_house()
    if not listed.remove(house, _read(house, number), who, why):
        no("this number is not on the list")
    click.echo("removed")


@command.command("list")
@click.option("--number", help="This number only, in any spelling.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@with_appcontext
def list_(number: str | None, limit: int) -> None:
    """The newest entries, a line each: since when, the number, who said so, why."""
    house = the_house()
    with house.store.read() as tx:
        if number is None:
            rows, _ = do_not_call.page(tx, limit)
        else:
            found = do_not_call.find(tx, _read(house, number))
            if found is None:
                no("this number is not on the list")
            rows = [found]
    for row in rows:
        click.echo(f"{moment(row['since'])}  {row['number']:<15}  {row['who']}: {row['why']}")
    if not rows:
        click.echo("nobody is on the list")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@asker
@with_appcontext
def import_(file: Path, who: str, why: str) -> None:
    """Add every number of a CSV FILE: a number a line, or columns named `number` and, if you like, `why`.

    Lines that hold no number are named and left out (exit code 1); the others are added. The same
    file may be imported again."""
    house = the_house()
    try:
        lines = list(number_list.lines(file.read_bytes()))
    except OSError as why_not:
        no(f"{file}: {why_not.strerror}")
    except csv.Error as why_not:
        no(f"{file}: is no table of numbers ({why_not})")
    wrong: list[tuple[int, Reason]] = []
    among, read, new, suppressed = numbers.regions(house), 0, 0, 0
    with click.progressbar(list(_batches(lines)), label=f"{len(lines)} lines", file=sys.stderr) as progress:
        for batch in progress:
            whys: dict[str, str] = {}
            for line in batch:
                number = numbers.one(line.number, among)
                if isinstance(number, Reason):
                    wrong.append((line.n, number))
                else:
                    whys[number] = " ".join(line.why.split())[:WHY] or why
            added = listed.add(house, whys, who)
            read, new, suppressed = read + len(whys), new + added.new, suppressed + added.suppressed
    _say(listed.Added(new, suppressed), read)
    for n, problem in wrong[:ERRORS_SHOWN]:
        click.echo(f"line {n}: {words(problem.code, problem.params)}", err=True)
    if wrong:
        no(f"{len(wrong)} of {len(lines)} lines were left out")


def _batches(lines: list[number_list.Line]) -> Iterator[list[number_list.Line]]:
    return (lines[start : start + BATCH] for start in range(0, len(lines), BATCH))


def _read(house: House, text: str) -> str:
    found = numbers.one(text, numbers.regions(house))
    if isinstance(found, Reason):
        no(words(found.code, found.params))
    return found


def _say(added: listed.Added, numbers_read: int) -> None:
    click.echo(
        f"{added.new} numbers added, {numbers_read - added.new} were on the list; "
        f"{added.suppressed} waiting leads suppressed"
    )
