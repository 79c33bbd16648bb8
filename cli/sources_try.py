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
from cli.state_words import state_name
from cli.why import told as reason_told
from cli.words import Command, _, language
from config import load
from config.examples import with_token
from core import fetching, policy
from core.problem_words import in_words
from core.proofs import authentic
from core.proofs.proof import Proof
from core.reading import request_text
from core.reading.delivery import Delivery
from core.reading.payload import UNSIGNED
from core.reason import Reason
from core.source import Source
from flow import compare, trial
from flow.compare import Outcome
from flow.gateway import Gateway
from flow.operate import NoSuchLead
from store import tables
from store import versions as sources
from store.personal import shown

# What a rule answered; each is a text of the catalogue.
VERDICTS = {
    policy.ALLOW: "allowed",
    policy.DEFER: "later",
    policy.SUPPRESS: "not called",
    policy.HOLD: "held",
    policy.SET_ASIDE: "set aside",
}


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
        raise click.UsageError(_("give a request's file, a lead, or --against N"))
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
    except trial.NoSuchSource:
        fail(_("no source called %(name)r is in force", name=source))
    except NoSuchLead:
        fail(_("no lead has the id or number %(lead)r, and it is no file either", lead=str(path)))
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
            click.echo(_("by version %(n)s, which is in force; there is no file %(name)s.yaml", n=current.n, name=name))
        return None
    rules = load.load_policy(places.policy_file)
    if isinstance(rules, load.Problems):
        fail(rules.said(language()))
    loaded = load.load_file(path, rules)
    if isinstance(loaded, load.Problems):
        fail(loaded.said(language()))
    same = current is not None and current.digest == loaded.digest
    if current is None:
        told = _("not in force")
    else:
        told = _("version %(n)s", n=current.n) if same else _("differs from version %(n)s", n=current.n)
    click.echo(_("by %(file)s (%(told)s)", file=path, told=told))
    return loaded.source


def _request(gateway: Gateway, name: str, path: Path) -> trial.Trial:
    try:
        delivery = request_text.read(path.read_bytes())
    except OSError as why:
        fail(f"{path}: {why.strerror}")
    except ValueError as why:
        fail(f"{path}: {in_words(str(why), language())}")
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
        say(_("proof: %(said)s", said=_proof(told.proof)))
    if told.greeted is not None:
        body = told.greeted.body.decode("utf-8", "replace")
        say(_("a check of the sender's, answered %(status)s %(body)r", status=told.greeted.status, body=body))
        return
    if told.problem is not None:
        say(_("cannot be read: %(why)s", why=_words(told.problem)))
    if told.tree is not None:
        say(_("tree:"))
        say(_indented(told.tree))
    if told.proof is not None and not told.leads:
        say(_("holds no data at all: answered 200 `this address works`, no lead"))
    for n, lead in enumerate(told.leads, start=1):
        say(_("lead %(n)s of %(all)s:", n=n, all=len(told.leads)) if len(told.leads) > 1 else _("lead:"))
        _tell_lead(gateway, told, lead)


def _proof(found: Proof) -> str:
    if not found.ok:
        said = _("refused (%(cause)s): answered 401 and not stored; the rest is told as if it were right")
        return said % {"cause": found.cause}
    return _("right, but signed too long ago to be taken for new") if found.late else _("right")


def _tell_lead(gateway: Gateway, told: trial.Trial, lead: trial.Tried) -> None:
    say = click.echo
    say(_("  event key: %(key)s", key=lead.event_key or _("none, so it is told by what it says")))
    current = gateway.sources.get(told.source)
    if current is not None and fetching.needs_asking(lead.payload, current.source):
        say(_("  its CRM would be asked first; told here as if it knew nothing more"))
    if UNSIGNED in lead.payload:
        say(_("  not signed, so it may stop the lead and nothing else:"))
        say(_indented(lead.payload[UNSIGNED]))
    for name, seen in lead.trace.items():
        say(f"  {name}: {json.dumps(seen, ensure_ascii=False)}")
    for rule in lead.rules:
        seen = {key: value for key, value in rule.items() if key not in ("rule", "verdict")}
        said = _("  rule %(name)s: %(verdict)s", name=rule["rule"], verdict=_(VERDICTS[rule["verdict"]]))
        say(said + (f" {json.dumps(seen, ensure_ascii=False)}" if seen else ""))
    due = _(", due %(at)s", at=moments.moment(lead.due_at)) if lead.due_at is not None else ""
    say(f"  -> {state_name(lead.state)}{due}")
    for reason in lead.reasons:
        say(f"     {_words(reason)}")
    if lead.call is not None:
        sms = lead.call["sms"]
        call = {"number": lead.call["number"], "script": repr(lead.call["script"])}
        text = _("the SMS set with the script") if sms is None else repr(sms)
        say("   " + _("  call: %(number)s, script %(script)s, SMS: %(sms)s", **call, sms=text))


def _against(gateway: Gateway, text: Source | None, count: int) -> None:
    """What the file would change. Hours, age and other leads are left out: they are no matter of the text."""
    if text is None:
        fail(_("there is no file of this source to compare with"))
    current = gateway.sources.get(text.name)
    if current is None:
        fail(_("%(name)s was never in force, so it has no leads", name=text.name))
    with gateway.store.read() as tx:
        leads = sources.newest_leads(tx, text.name, count)
    changes = compare.against(leads, current.source, text)
    for change in changes:
        differs, state = _differs(change.before, change.after), state_name(change.lead.state)
        click.echo(_("lead %(no)s (%(state)s): %(differs)s", no=change.lead.no, state=state, differs=differs))
    said = _("%(changed)s of the last %(all)s leads would be mapped differently; nothing was saved")
    click.echo(said % {"changed": len(changes), "all": len(leads)})


def _differs(before: Outcome, after: Outcome) -> str:
    if before.state != after.state or after.state != "ready":
        return f"{_outcome(before)} -> {_outcome(after)}"
    was, is_now = _call(before), _call(after)
    names = {"number": _("number"), "script": _("script"), "sms": "SMS"}
    different = [f"{names[key]} {was[key]!r} -> {is_now[key]!r}" for key in was if was[key] != is_now[key]]
    return "; ".join(different) or _("another number")


def _call(one: Outcome) -> dict[str, Any]:
    return shown(tables.leads, {"number": one.number, "script": one.script, "sms": one.sms})


def _outcome(one: Outcome) -> str:
    if one.state == "ready":
        return _("a call to %(number)s with %(script)r", number=_call(one)["number"], script=one.script)
    return f"{state_name(one.state)} ({_words(one.reasons[0])})" if one.reasons else state_name(one.state)


def _words(reason: Reason) -> str:
    return reason_told({"code": reason.code, "params": reason.params})


def _indented(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return "\n".join(f"  {line}" for line in text.splitlines())
