"""/api/sources: the owner's forms and CRMs, what came through each, and what a request would become."""

from dataclasses import asdict
from typing import Any

from flask import current_app, request

from core.durations import DAY_MS, HOUR_MS
from core.reading import request_text
from flow import trial
from flow.trial import Tried
from handlers.api.door import Part, the_gateway
from schemas import overview
from schemas import trial as shapes
from schemas.leads import told
from store import figures
from store import versions as sources

part = Part("sources", __name__, url_prefix="/api/sources", description="The forms and CRMs that post leads")


@part.get("")
@part.response(200, overview.Sources)
def list_() -> dict[str, Any]:
    """Every source that was ever in force, and what came through it"""
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        standing = sources.sources_standing(tx)
        counts, last = figures.counts_by_source(tx), figures.last_leads(tx)
        refused = sources.refused(tx, now - now % HOUR_MS - DAY_MS + HOUR_MS)
    base = current_app.config["PUBLIC_URL"] or request.host_url.rstrip("/")
    rows = []
    for name, row in sorted(standing.items()):
        known = gateway.sources.get(name)
        rows.append(
            {
                "name": name,
                "title": known.source.title if known else "",
                "version": known.n if known else None,
                "preset": known.source.preset if known else None,
                "enabled": bool(known and known.source.enabled and not row.removed),
                "dry_run": bool(known and known.source.dry_run),
                "removed": row.removed,
                "url": f"{base}/hooks/{name}",
                "last_lead_at": last.get(name),
                "counts": counts.get(name, {}),
                "refused_proofs": [{"cause": cause, "count": count} for s, cause, count in refused if s == name],
                "broken": gateway.sources.broken.get(name),
            }
        )
    return {"sources": rows}


@part.post("/<source>/try")
@part.arguments(shapes.Try)
@part.response(200, shapes.Trial)
@part.alt_response(404, "NOT_FOUND")
def try_(asked: dict[str, Any], source: str) -> dict[str, Any]:
    """What would become of a request, or of a lead that is here, by the version in force

    Nothing is stored and nobody is rung. A wrong proof is told and does not end the trial."""
    gateway = the_gateway()
    gateway.sources.refresh()
    if "lead" in asked:
        tried = trial.try_lead(gateway, source, asked["lead"])
    else:
        tried = trial.try_request(gateway, source, request_text.read(asked["request"].encode("utf-8", "replace")))
    proof, greeted = tried.proof, tried.greeted
    return {
        "source": tried.source,
        "version": tried.version,
        "proof": proof and {"ok": proof.ok, "cause": proof.cause or None, "late": proof.late},
        "handshake": greeted
        and {
            "status": greeted.status,
            "content_type": greeted.content_type,
            "body": greeted.body.decode("utf-8", "replace"),
        },
        "tree": tried.tree,
        "problem": tried.problem and told(tried.problem),
        "leads": [_told(one) for one in tried.leads],
    }


def _told(one: Tried) -> dict[str, Any]:
    return {
        **asdict(one),
        "reasons": [told(reason) for reason in one.reasons],
        "person": one.person or None,
        "fields_": trial.fields_of(one.payload),
        "verdicts": list(one.rules),
    }
