"""`flask sources check`: every problem of every file, and what the database knows about each source."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
from flask.cli import with_appcontext

from cli.context import a_gateway, the_places
from cli.words import Command, _, language, ngettext
from config import load, preset_words
from config import secrets as secrets_file
from config.accounts import MAIN
from config.examples import run_examples
from config.settings import ROOT, Places
from core.durations import HOUR_MS
from core.overall import POLICY, Standing
from core.policy import longest_wait
from core.problem import Problem
from core.problem_words import in_words
from core.proofs.authentic import weakness
from core.proofs.uncovered import uncovered
from core.source import Source
from flow.gateway import Gateway
from store import migrate
from store import versions as sources
from store.engine import StoreUnavailable

FETCH = '{base: "https://portal.example", token: env:CRM_TOKEN}'
CAPS = ("calls_per_hour", "calls_per_day", "spend_per_day")


class Known:
    """What the database knows; `said` is why it knows nothing."""

    def __init__(self, gateway: Gateway | None) -> None:
        self.gateway = gateway
        self.said = _("no database is set, so only the files were looked at")
        self.standing: Mapping[str, Standing] = {}
        self.refused: list[tuple[str, str, int]] = []
        if gateway is None:
            return
        try:
            with gateway.store.read() as tx:
                if not migrate.is_current(tx):
                    self.said = _("the database is not at this code's migrations (flask release): only the files")
                    return
                now = gateway.store.now_ms(tx)
                self.standing = sources.standing(tx)  # the policy's too
                self.refused = sources.refused(tx, now - now % HOUR_MS - 23 * HOUR_MS)
            self.said = ""
        except StoreUnavailable as why:
            self.said = _("the database cannot be read (%(why)s), so only the files were looked at", why=why)


@click.command("check", cls=Command)
@click.argument("names", nargs=-1)
@with_appcontext
def command(names: tuple[str, ...]) -> None:
    """Find every problem of every source file, or of NAMES: what is written wrong, secrets that are
    missing, examples that do not come out, a source that could never ring; exit 1 when there is one.

    Needs no settings. With a database it also shows what differs from what is in force, and how many
    requests were refused for their proof in the last 24 hours."""
    places = the_places()
    known = Known(a_gateway())
    if known.said:
        click.echo(known.said)
    policy = load.load_policy(places.policy_file, missed=POLICY in known.standing)
    if isinstance(policy, load.Problems):
        click.echo(policy.said(language()))
        sys.exit(1)
    for line in _of_database(POLICY, policy, known) if policy.text and (not names or POLICY in names) else ():
        click.echo(f"{POLICY}: {line}")
    bad = False
    files = load.source_files(places.sources_dir)
    for name in (name for name in names or files if name != POLICY):
        problems, notes = _check(name, files.get(name), policy, places, known)
        bad = bad or bool(problems)
        found = ngettext("%(num)d problem", "%(num)d problems", len(problems))
        click.echo(f"{name}: {found}" if problems else _("%(name)s: ok", name=name))
        for line in problems + notes:
            click.echo(f"  {line}")
    if not files:
        click.echo(
            _("no source files in %(folder)s; begin with: flask sources presets", folder=_short(places.sources_dir))
        )
    for line in _of_all(places, known) if not names else ():
        click.echo(line)
    for account, said in known.gateway.broken_accounts.items() if known.gateway is not None else ():
        bad = True
        click.echo(_("account %(name)s: nothing rings through it", name=account))
        for line in said.said(language()).splitlines():
            click.echo(f"  {line}")
    sys.exit(1 if bad else 0)


def _check(
    name: str, path: Path | None, policy: load.PolicyText, places: Places, known: Known
) -> tuple[list[str], list[str]]:
    """What has to be mended, and what is good to know."""
    if path is None:
        missing = _("no file %(name)s.yaml in %(folder)s", name=name, folder=_short(places.sources_dir))
        return [missing], list(_of_database(name, None, known))
    loaded = load.load_file(path, policy)
    if isinstance(loaded, load.Problems):
        return [item.said(language()) for item in loaded.items], list(_of_database(name, None, known))
    source = loaded.source
    absent, partly = _secrets(path, source, places)
    wrong = [
        f"{path}: examples: {in_words(said, language())}" for said in run_examples(source, path.parent / "examples")
    ]
    wrong += _unsigned(path, source)
    if said := _of_account(source.account, places, known.gateway):
        wrong.append(f"{path}: account: {said}")
    weak = weakness(source, secrets_file.Secrets(places.secrets_file))
    notes = [_("WEAK: %(said)s", said=in_words(weak, language()))] if weak else []
    return absent + wrong, [*partly, *notes, *_of_text(loaded), *_of_database(name, loaded, known)]


def _of_account(account: str, places: Places, gateway: Gateway | None) -> str:
    """Why nothing could ring through it; empty: it can, as far as is known."""
    if gateway is not None and account in gateway.broken_accounts and account not in gateway.accounts:
        return _("the file of the voice account %(name)r is wrong, see below", name=account)
    known = {MAIN, *load.source_files(places.accounts_dir)} if gateway is None else set(gateway.accounts)
    if account in known:
        return ""
    return _("there is no voice account %(name)r; there is %(known)s", name=account, known=", ".join(sorted(known)))


def _secrets(path: Path, source: Source, places: Places) -> tuple[list[str], list[str]]:
    """Secrets that have no value: those without which nothing works, and those of several."""
    text = load.read_source_text(path)
    secrets = secrets_file.Secrets(places.secrets_file)
    wanted = [(("auth", "secret"), source.auth.secrets)]
    if source.auth.handshake_secret:
        wanted.append((("auth", "handshake"), (source.auth.handshake_secret,)))
    if source.fetch is not None and source.fetch.token:
        wanted.append((("fetch", "token"), (source.fetch.token,)))
    missing, partly = [], []
    for keys, references in wanted:
        absent = [reference for reference in references if not secrets(reference)]
        if not absent:
            continue
        file, line = text.place(keys) if isinstance(text, load.Text) else (str(path), 0)
        where = "".join(f" ({need})" for need in preset_words.needs_of(source, language()))
        lacks = _("no value of %(names)s in the environment or SECRETS_FILE", names=", ".join(absent))
        said = f"{file}:{line}: {'.'.join(keys)}: {lacks}"
        if len(absent) == len(references):
            until = _("; this text is not taken until one appears") if keys == ("auth", "secret") else ""
            missing.append(said + where + until)
        else:
            partly.append(said + _("; the others work"))
    return missing, partly


def _unsigned(path: Path, source: Source) -> list[str]:
    """Expressions that read what the source's proof does not cover."""
    text = load.read_source_text(path)
    whole = load.whole_text(text) if isinstance(text, load.Text) else text
    if isinstance(whole, load.Problems):
        return []
    found = []
    for keys, expression, way in uncovered(source):
        file, line = whole.place(keys)
        expected = _("what the proof covers (a signature covers the bytes and headers it signs, nothing beside them)")
        found.append(Problem(file, line, ".".join(keys), expected, _line(expression.text), _covering(source, way)))
    return [problem.said(language()) for problem in found]


def _covering(source: Source, way: tuple[str, ...]) -> str:
    """The line after which it would be covered, if the sender does as it says."""
    signs_url = source.auth.scheme == "hmac" and way[:2] in (("_request", "query"), ("_request", "path"))
    if signs_url:
        signed = ", ".join(source.auth.signed)
        return _("signed: [url, %(signed)s] where the sender signs its URL too", signed=signed)
    secret = source.auth.secrets[0] if source.auth.secrets else "env:NAME"
    auth = f"{{scheme: token, secret: {secret}}}"
    return _("a field of the body, or auth: %(auth)s where the sender can send a token", auth=auth)


def _line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else text[:79] + "…"


def _of_text(loaded: load.Loaded) -> Iterator[str]:
    policy = loaded.source.policy
    hours = f"{_clock(policy.hours.start)}-{_clock(policy.hours.end)} {policy.timezone}"
    wait = longest_wait(policy)
    waits = _("longest wait that its own rules can cause: %(span)s (hours %(hours)s)", span=_span(wait), hours=hours)
    yield waits if wait else _("rings at any hour")
    if off := [cap for cap in CAPS if not getattr(policy, cap)]:
        said, read_on = _("switched off, so nothing but the totals stops its calls: %(caps)s"), _("docs/how-to/caps.md")
        yield f"{said % {'caps': ', '.join(off)}} ({read_on})"
    if unasked := loaded.unasked():
        yield _(
            "no `fetch` is written: %(unasked)s (held: no_number). Ask the CRM by: fetch: %(fetch)s",
            unasked=in_words(" ".join(unasked.split()), language()),
            fetch=FETCH,
        )
    if not loaded.source.enabled:
        yield _("switched off: what comes is kept, its leads are held")
    elif loaded.source.dry_run:
        yield _("DRY RUN: all is decided and nobody is rung (suppressed: dry_run); take `dry_run` out to ring")


def _of_database(name: str, loaded: load.Loaded | load.PolicyText | None, known: Known) -> Iterator[str]:
    now = known.standing.get(name)
    if not known.said:
        if now is None:
            yield _("never in force; the running gateway takes a valid file within 2 s, else: flask sources apply")
        elif now.removed:
            yield _("removed; only `flask sources apply %(name)s` brings it back", name=name)
        elif loaded is None:
            yield _("version %(n)s stays in force", n=now.n)
        elif now.digest == loaded.digest:
            yield _("version %(n)s is in force", n=now.n)
        else:
            yield _(
                "differs from version %(n)s, which is in force; to take the file: flask sources apply %(name)s",
                n=now.n,
                name=name,
            )
    yield from _refused(name, known)


def _refused(name: str, known: Known) -> Iterator[str]:
    for source, cause, count in known.refused:
        if source == name:
            yield _("requests refused in the last 24 hours: %(count)s (%(cause)s)", count=count, cause=cause)


def _of_all(places: Places, known: Known) -> Iterator[str]:
    there = load.source_files(places.sources_dir)
    for name, row in known.standing.items():
        if name not in there and name != POLICY and not row.removed:
            yield _(
                "%(name)s: version %(n)s stays in force without a file; to end it: flask sources remove %(name)s",
                name=name,
                n=row.n,
            )
            yield from (f"  {line}" for line in _refused(name, known))
    if secrets_file.readable_by_others(places.secrets_file):
        file = places.secrets_file
        yield _("warning: every user of this machine can read %(file)s; chmod 600 %(file)s", file=file)
    try:
        secrets_file.values_of(places.secrets_file)
    except FileNotFoundError:
        return
    except (OSError, UnicodeDecodeError) as why:
        yield _("warning: %(file)s cannot be read (%(why)s)", file=places.secrets_file, why=why)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _span(ms: int) -> str:
    hours, minutes = divmod(round(ms / 60_000), 60)
    return _("%(hours)s h", hours=hours) + (_(" %(minutes)s min", minutes=minutes) if minutes else "")


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
