"""The sources: where senders post, what came of it, what was refused, and the versions of each."""

import difflib
import json
from itertools import pairwise
from typing import Any

from flask import current_app, render_template

from core.durations import DAY_MS, HOUR_MS
from core.new_source import address
from core.people import VIEWER
from core.ports import SourceFiles
from core.silence import KNOWN_DAYS, KNOWN_LEADS
from flow import silence
from flow.in_force import InForceSource
from flow.trial import NoSuchSource
from handlers.console import month
from handlers.console.door import page, public_base, the_gateway
from store import figures, search
from store import versions as rows

HIDDEN = "•••"  # where the token stands: the secret itself never leaves the secrets file


def the_files() -> SourceFiles:
    files: SourceFiles = current_app.extensions["source_files"]
    return files


def in_force(name: str) -> InForceSource:
    """The source; raises NoSuchSource where none of this name is in force."""
    known = the_gateway().sources.get(name)
    if known is None or known.removed:
        raise NoSuchSource(name)
    return known


@page("/sources", VIEWER)
def sources() -> Any:
    gateway = the_gateway()
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        counts = search.count_by_source(tx, gateway.sources.names(), now - DAY_MS)
        last = figures.last_leads(tx)
        refused = rows.refused(tx, now - now % HOUR_MS - DAY_MS + HOUR_MS)
        standing = rows.standing(tx)
        silent = {one.source: one for one in silence.look(gateway, tx, now)}
    files = gateway.sources.files
    known = [(name, gateway.sources.get(name)) for name in gateway.sources.names()]
    return render_template(
        "console/sources.html",
        rows=[(name, one.source, one.n) for name, one in known if one is not None],
        counts=counts,
        last=last,
        silent=silent,
        refused={name: [(cause, n) for source, cause, n in refused if source == name] for name, _ in known},
        removed=sorted(name for name, one in standing.items() if one.removed),
        broken={**(files.broken if files else {}), **gateway.sources.broken},
        differing=files.differing if files else {},
    )


@page("/sources/<source>", VIEWER)
def source(source: str) -> Any:
    gateway, current = the_gateway(), in_force(source)
    with gateway.store.read() as tx:
        now = gateway.store.now_ms(tx)
        hour = now - now % HOUR_MS
        refused = [row for row in figures.refused_per_hour(tx, hour - DAY_MS) if row[0] == source]
        counts = search.count_states(tx, now - DAY_MS, source)
        last = figures.last_leads(tx).get(source)
        versions = rows.history(tx, source, 20)
        silent = next((one for one in silence.look(gateway, tx, now) if one.source == source), None)
        is_learnt = last is None or silent is None or silent.line > 0
        learning = None if is_learnt else silence.learning(tx, current.source, now)
        thirty_days = month.of_source(tx, source, now)
    files = gateway.sources.files
    return render_template(
        "console/source.html",
        part_of="sources",
        name=source,
        source=current.source,
        version=current.n,
        url=_url(current),
        counts=counts,
        last=last,
        silent=silent,
        learning=learning,
        known=(KNOWN_DAYS, KNOWN_LEADS),
        month=thirty_days,
        refused=refused,
        versions=versions,
        changes=[_diff(older, newer) for newer, older in pairwise(versions)],
        broken=(files.broken if files else {}).get(source) or gateway.sources.broken.get(source),
        differing=(files.differing if files else {}).get(source),
        has_file=the_files().read(source) is not None,
    )


def _url(current: InForceSource) -> str:
    """The address that senders call, with the place of the token and not the token."""
    return address(public_base(), current.source, HIDDEN)


def _diff(older: Any, newer: Any) -> list[str]:
    """The lines that one version changed over the one before."""
    before, after = (
        json.dumps(json.loads(one["text"]), ensure_ascii=False, indent=1).splitlines() for one in (older, newer)
    )
    lines = difflib.unified_diff(before, after, lineterm="", n=0)
    return [line for line in lines if line[:3] not in ("---", "+++")]
