"""`flask policy show`: the rules that hold, where each comes from, and how much of each cap is used now."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click
from flask.cli import with_appcontext

from cli.context import fail, the_gateway, the_places
from cli.moments import moment
from cli.words import Group, _, language
from config import load
from config.settings import Places
from core.account.caps import TOTALS, Left
from core.overall import POLICY, Totals
from core.policy import span
from core.source import Policy
from flow.gateway import Gateway
from flow.in_force import InForceSource
from store import caps as counts
from store import versions as sources
from store.engine import Tx

RULES: dict[str, Callable[[Policy], str]] = {
    "countries": lambda policy: ", ".join(policy.countries),
    "number_types": lambda policy: ", ".join(policy.number_types),
    "never_prefixes": lambda policy: ", ".join(policy.never_prefixes) or _("none"),
    "hours": lambda policy: f"{_clock(policy.hours.start)}-{_clock(policy.hours.end)}",
    "timezone": lambda policy: policy.timezone,
    "once_per_number": lambda policy: (
        _span(policy.once_per_number_ms) + (_(" per script") if policy.once_per_script else "")
    ),
    "max_age": lambda policy: _span(policy.max_age_ms),
    "max_wait": lambda policy: _span(policy.max_wait_ms),
    "sms_segments": lambda policy: str(policy.sms_segments),
    "test_when": lambda policy: policy.test_when.text if policy.test_when else _("none"),
    "calls_per_hour": lambda policy: _figure(policy.calls_per_hour),
    "calls_per_day": lambda policy: _figure(policy.calls_per_day),
    "spend_per_day": lambda policy: _figure(policy.spend_per_day),
}
OF_TOTALS: dict[str, Callable[[Totals], str]] = {
    "calls_per_hour": lambda totals: _figure(totals.calls_per_hour),
    "calls_per_day": lambda totals: _figure(totals.calls_per_day),
    "spend_per_day": lambda totals: _figure(totals.spend_per_day),
    "calls_per_number_per_day": lambda totals: _figure(totals.calls_per_number_per_day),
}
WINDOW = {"calls_per_hour": "the last hour", "calls_per_day": "the last 24 hours", "spend_per_day": "the last 24 hours"}


@click.group("policy", cls=Group)
def command() -> None:
    """The rules of calling: show."""


@command.command("show")
@click.argument("source", required=False)
@with_appcontext
def show(source: str | None) -> None:
    """Print the rules of SOURCE, or of every source in force, and the totals over all of them.

    Each line says where it comes from: built in, the policy file, the preset or the source; a cap also says
    how much of it is used now, calls in flight and of unknown fate included. The totals come into force as a version,
    as sources do: which one it is, since when, and whether the file says otherwise is told too."""
    gateway, places = the_gateway(), the_places()
    names = gateway.sources.names()
    if source is not None:
        if source not in names:
            there = _("; there is %(names)s", names=", ".join(names)) if names else ""
            fail(_("no source called %(name)r is in force", name=source) + there)
        names = [source]
    file = load.load_policy(places.policy_file, missed=POLICY in gateway.sources.standing())
    if isinstance(file, load.Problems):
        click.echo(f"{file.said(language())}\n{_('What is in force stays.')}")
    policy = load.PolicyText() if isinstance(file, load.Problems) else file
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        for name in names:
            current = gateway.sources.get(name)
            if current is not None:
                click.echo(_("%(name)s (version %(n)s)", name=name, n=current.n))
                for line in _of_source(tx, name, current, policy, places, now):
                    click.echo(f"  {line}")
        for line in _over_all(tx, gateway, file, now):
            click.echo(line)


def _of_source(
    tx: Tx, name: str, current: InForceSource, policy: load.PolicyText, places: Places, now: int
) -> Iterator[str]:
    written = json.loads(sources.version(tx, name, current.n).text).get("policy", {})
    file = load.read_source_text(places.sources_dir / f"{name}.yaml")
    preset = load.read_preset(current.source.preset)
    below = (
        (_("the source"), _policy_of(file)),
        (_("the preset %(name)s", name=current.source.preset), _policy_of(preset)),
        (_("the policy file"), policy.defaults.value),
    )
    used = counts.used_by_cap(tx, name, current.source.policy, now)
    for key, value in RULES.items():
        where = _("built in")
        if key in written:
            same = (who for who, text in below if key in text and _says(text[key], written[key]))
            where = next(same, _("version %(n)s; the files say otherwise now", n=current.n))
        yield _line(key, value(current.source.policy), where, used)
    yield from _waits(tx, name)


def _over_all(tx: Tx, gateway: Gateway, file: load.PolicyText | load.Problems, now: int) -> Iterator[str]:
    current = gateway.sources.standing().get(POLICY)
    if current is None:
        written, version = {}, _("no version yet: what is built in holds")
    else:
        written = json.loads(sources.version(tx, POLICY, current.n).text).get("house", {})
        version = _("version %(n)s since %(at)s", n=current.n, at=moment(current.since))
    yield _("totals, over all sources (%(version)s)", version=version)
    totals = gateway.totals
    used = counts.used_by_cap(tx, TOTALS, totals, now)
    for key, value in OF_TOTALS.items():
        where = _("version %(n)s", n=current.n) if current and key in written else _("built in")
        yield "  " + _line(key, value(totals), where, used)
    yield from (f"  {line}" for line in _waits(tx, TOTALS))
    if isinstance(file, load.PolicyText) and file.text and (current is None or current.digest != file.digest):
        yield _(
            "  ! the policy file differs from what is in force; to take it: flask sources apply %(file)s", file=POLICY
        )


def _says(text: Any, written: Any) -> bool:
    """Whether this file's value is the version's, or a part of it where several files are merged key by key."""
    if isinstance(text, dict) and isinstance(written, dict):
        return bool(text) and all(written.get(key) == value for key, value in text.items())
    return bool(text == written)


def _policy_of(text: object) -> Mapping[str, Any]:
    found = text.value.get("policy") if isinstance(text, load.Text) else None
    return found if isinstance(found, dict) else {}


def _line(key: str, value: str, where: str, used: Mapping[str, Left]) -> str:
    found = used.get(key)
    so_far = _("; used in %(window)s: %(used)s", window=_(WINDOW[key]), used=f"{found.used:f}") if found else ""
    return f"{key:<24} {value:<20} ({where}){so_far}"


def _waits(tx: Tx, scope: str) -> Iterator[str]:
    for full in (one for one in counts.reached(tx) if one.source == scope):
        at, until = moment(full.since), moment(full.until)
        yield _(
            "! %(cap)s is reached since %(at)s; earlier calls leave it from %(until)s on",
            cap=full.cap,
            at=at,
            until=until,
        )
        yield _("  to ring sooner, raise %(line)s", line=full.line)


def _figure(value: object) -> str:
    return f"{value:f}" if value and not isinstance(value, int) else str(value or _("switched off"))


def _span(ms: int) -> str:
    return span(ms) if ms else _("switched off")


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
