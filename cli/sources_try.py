"""`flask sources try`: what would become of a request or of a lead, told step by step. Nothing is stored."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from cli import moments
from cli.context import fail, the_gateway, the_places
from cli.words import Command
from config import load
from config.examples import with_token
from core import fetching
from core.proofs import authentic
from core.reading import request_text
from core.reading.delivery import Delivery
from core.reading.payload import UNSIGNED
from core.reason import Reason, words
from core.source import Source
from flow import compare, trial
from flow.compare import Outcome
from flow.gateway import Gateway
from flow.operate import NoSuchLead
from store import tables
from store import versions as sources
from store.personal import shown


@click.command("try", cls=Command)
@click.argument("source")
@click.argument("request_or_lead", required=False)
@click.option("--against", type=click.IntRange(1, 10_000), help="What the file would change for the last N leads.")
@with_appcontext
def command(source: str, request_or_lead: str | None, against: int | None) -> None:
    """Walk a request (a .http file) or a lead (its id or number) through SOURCE and tell each step: the
    tree, what each expression saw, the number's reading, every rule's verdict, the call or the reasons.

    The text is the source's file as it stands now, saved or not yet in force; without a file, the version
    in force. Nothing is stored and nobody is rung. Exit 1 when a lead would be held or the proof is wrong."""
    if (request_or_lead is None) == (against is None):
        raise click.UsageError("give a request's file, a lead, or --against N")
    gateway = the_gateway()
    text = _text_of(gateway, source)
    if against is not None:
        _against(gateway, text, against)
        return
    if text is not None:
        gateway = replace(gateway, sources=gateway.sources.instead(text))
    path = Path(str(request_or_lead))
    try:
        told = _request(gateway, source, path) if path.is_file() else trial.try_lead(gateway, source, str(path))
    except trial.NoSuchSource as why:
        fail(str(why))
    except NoSuchLead as why:
        fail(f"{why}, and it is no file either")
    _tell(gateway, told)
    refused = told.proof is not None and not told.proof.ok and told.greeted is None
    sys.exit(1 if refused or any(lead.state == "held" for lead in told.leads) else 0)


def _text_of(gateway: Gateway, name: str) -> Source | None:
    """The source as its file says; None without a file. Ends where the file is broken."""
    places = the_places()
    path = load.source_files(places.sources_dir).get(name)
    current = gateway.sources.standing().get(name)
    if path is None:
        if current is not None and not current.removed:
            click.echo(f"by version {current.n}, which is in force; there is no file {name}.yaml")
        return None
    policy = load.load_policy(places.policy_file)
    if isinstance(policy, load.Problems):
        fail(str(policy))
    loaded = load.load_file(path, policy)
    if isinstance(loaded, load.Problems):
        fail(str(loaded))
    same = current is not None and current.digest == loaded.digest
    told = (
        "not in force" if current is None else f"version {current.n}" if same else f"differs from version {current.n}"
    )
    click.echo(f"by {path} ({told})")
    return loaded.source


def _request(gateway: Gateway, name: str, path: Path) -> trial.Trial:
    try:
        delivery = request_text.read(path.read_bytes())
    except (OSError, ValueError) as why:
        fail(f"{path}: {why}")
    current = gateway.sources.get(name)
    return trial.try_request(gateway, name, _proved(gateway, delivery, current.source) if current else delivery)


def _proved(gateway: Gateway, delivery: Delivery, source: Source) -> Delivery:
    """The request with the source's own token, where it does not prove itself: a file need not hold it."""
    secret = next((value for one in source.auth.secrets if (value := gateway.secrets(one))), None)
    with gateway.store.read() as tx:
        now_ms = gateway.store.now_ms(tx)
    if secret is None or authentic.check(delivery, source, gateway.secrets, now_ms).ok:
        return delivery
    with_it = with_token(delivery, source, secret)
    return with_it if authentic.check(with_it, source, gateway.secrets, now_ms).ok else delivery


def _tell(gateway: Gateway, told: trial.Trial) -> None:
    say = click.echo
    if told.proof is not None:
        late = ", but signed too long ago to be taken for new" if told.proof.late else ""
        wrong = f"refused ({told.proof.cause}): answered 401 and not stored; the rest is told as if it were right"
        say(f"proof: {'right' + late if told.proof.ok else wrong}")
    if told.greeted is not None:
        say(f"a check of the sender's, answered {told.greeted.status} {told.greeted.body.decode('utf-8', 'replace')!r}")
        return
    if told.problem is not None:
        say(f"cannot be read: {_words(told.problem)}")
    if told.tree is not None:
        say("tree:")
        say(_indented(told.tree))
    if told.proof is not None and not told.leads:
        say("holds no data at all: answered 200 `this address works`, no lead")
    for n, lead in enumerate(told.leads, start=1):
        say(f"lead {n} of {len(told.leads)}:" if len(told.leads) > 1 else "lead:")
        _tell_lead(gateway, told, lead)


def _tell_lead(gateway: Gateway, told: trial.Trial, lead: trial.Tried) -> None:
    say = click.echo
    say(f"  event key: {lead.event_key or 'none, so it is told by what it says'}")
    current = gateway.sources.get(told.source)
    if current is not None and fetching.needs_asking(lead.payload, current.source):
        say("  its CRM would be asked first; told here as if it knew nothing more")
    if UNSIGNED in lead.payload:
        say("  not signed, so it may stop the lead and nothing else:")
        say(_indented(lead.payload[UNSIGNED]))
    for name, seen in lead.trace.items():
        say(f"  {name}: {json.dumps(seen, ensure_ascii=False)}")
    for rule in lead.rules:
        seen = {key: value for key, value in rule.items() if key not in ("rule", "verdict")}
        say(f"  rule {rule['rule']}: {rule['verdict']}" + (f" {json.dumps(seen, ensure_ascii=False)}" if seen else ""))
    say(f"  -> {lead.state}" + (f", due {moments.moment(lead.due_at)}" if lead.due_at is not None else ""))
    for reason in lead.reasons:
        say(f"     {_words(reason)}")
    if lead.call is not None:
        sms = lead.call["sms"]
        text = "the SMS set with the script" if sms is None else f"SMS {sms!r}"
        say(f"     call: {lead.call['number']}, script {lead.call['script']!r}, {text}")


def _against(gateway: Gateway, text: Source | None, count: int) -> None:
    """What the file would change. Hours, age and other leads are left out: they are no matter of the text."""
    if text is None:
        fail("there is no file of this source to compare with")
    current = gateway.sources.get(text.name)
    if current is None:
        fail(f"{text.name} was never in force, so it has no leads")
    with gateway.store.read() as tx:
        leads = sources.newest_leads(tx, text.name, count)
    changes = compare.against(leads, current.source, text)
    for change in changes:
        click.echo(f"lead {change.lead.no} ({change.lead.state}): {_differs(change.before, change.after)}")
    click.echo(f"{len(changes)} of the last {len(leads)} leads would be mapped differently; nothing was saved")


def _differs(before: Outcome, after: Outcome) -> str:
    if before.state != after.state or after.state != "ready":
        return f"{_outcome(before)} -> {_outcome(after)}"
    was, is_now = _call(before), _call(after)
    different = [f"{name} {was[name]!r} -> {is_now[name]!r}" for name in was if was[name] != is_now[name]]
    return "; ".join(different) or "another number"


def _call(one: Outcome) -> dict[str, Any]:
    return shown(tables.leads, {"number": one.number, "script": one.script, "sms": one.sms})


def _outcome(one: Outcome) -> str:
    if one.state == "ready":
        return f"a call to {_call(one)['number']} with {one.script!r}"
    return f"{one.state} ({_words(one.reasons[0])})" if one.reasons else one.state


def _words(reason: Reason) -> str:
    return words(reason.code, reason.params)


def _indented(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return "\n".join(f"  {line}" for line in text.splitlines())
