"""What a trial is, the list of all of them, and the row of the table that one run of it makes."""

import contextlib
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.checker import Verdict
from tests.faults.database import KINDS, Cluster


@dataclass
class Result:
    """What a trial hands back. `problems` empty: it held. `note` is one line for the table."""

    faults: int
    verdict: Verdict
    problems: list[str] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    trial: str
    title: str
    database: str
    faults: int
    acks: int
    calls: int
    doubles: int
    losses: int
    unknown: int
    price: int
    seconds: float
    note: str
    problems: tuple[str, ...]
    skipped: bool = False


class Skip(Exception):
    """This machine lacks what the trial needs; the text says what."""


def needs_cluster() -> None:
    """Raises Skip where no server of a trial's own can be made."""
    if not Cluster.can_be_made():
        raise Skip("no initdb and pg_ctl here")


@dataclass(frozen=True)
class Trial:
    """`run(kind, folder, **scale)`; `short` and `long` are the two scales."""

    name: str
    title: str
    run: Callable[..., Result]
    databases: tuple[str, ...]
    short: dict[str, Any] | None  # None: in the long form only
    long: dict[str, Any]
    short_on: tuple[str, ...]  # the short form leaves out what would show the same again


def put_on(trials: list[Trial]) -> Callable[..., Callable[[Callable[..., Result]], Callable[..., Result]]]:
    """A decorator that puts a trial on this list."""

    def trial(
        name: str,
        title: str,
        *,
        databases: tuple[str, ...] = KINDS,
        short: dict[str, Any] | None = None,
        long: dict[str, Any] | None = None,
        short_on: tuple[str, ...] = KINDS,
        only_long: bool = False,
    ) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
        def add(run: Callable[..., Result]) -> Callable[..., Result]:
            scale = None if only_long else short or {}
            trials.append(Trial(name, title, run, databases, scale, long or {}, short_on))
            return run

        return add

    return trial


def carry_out(one: Trial, kind: str, folder: Path, scale: dict[str, Any]) -> Row:
    """Run it once. Never raises: what broke the trial itself is a problem of its row."""
    began = time.monotonic()
    nothing = Verdict(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    skipped = False
    try:
        result = one.run(kind, folder, **scale)
    except Skip as why:
        result, skipped = Result(0, nothing, note=f"skipped: {why}"), True
    except Exception:
        result = Result(0, nothing, [traceback.format_exc()])
    seen = result.verdict
    return Row(
        one.name,
        one.title,
        kind,
        result.faults,
        seen.acks,
        seen.calls,
        seen.doubles,
        seen.losses,
        seen.unknown,
        seen.price,
        round(time.monotonic() - began, 1),
        result.note,
        tuple(result.problems),
        skipped,
    )


@contextlib.contextmanager
def within(seconds: float, what: str, problems: list[str]):
    """Note it as a problem when the block takes longer."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    if took > seconds:
        problems.append(f"{what} took {took:.1f} s, more than {seconds:.1f} s")
