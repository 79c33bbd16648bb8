"""`pages`: what each page of the console costs the web process, with a million leads of 30 days and 8 sources.

Processor time, Flask's test client included, the database's too where it is SQLite. Of the leads 700 wait for a person,
50 of them unknown; each thirteenth was not called on purpose."""

import gc
import re
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Flask

from app import create_app
from bench.databases import KINDS
from bench.filling import copies
from bench.gateway import SOURCE, Gateway, Twin
from bench.measure import Line, Skip
from bench.p4_dispatch import called_lead
from config.settings import read
from core import states
from flow import people
from flow.gateway import Gateway as Parts
from flow.hourly import Hours

STORED = 1_000_000
SOURCES = 8
TIMES = 7
GOAL = "<= 20"
RARE = {states.UNKNOWN: (20_000, 1), states.REFUSED: (6_667, 2), states.HELD: (2_000, 3), states.SUPPRESSED: (13, 4)}
REASONS = {states.UNKNOWN: "", states.REFUSED: "rejected", states.HELD: "no_number", states.SUPPRESSED: "do_not_call"}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
Visit = Callable[[], Any]


def pages() -> Iterator[Line]:
    for kind in KINDS:
        twin = Twin()
        gateway = Gateway(kind, twin.url)
        try:
            fill(gateway, STORED)
            yield from measured(kind, create_app(read(gateway.environment, dotenv=None)))
        except Skip as why:
            yield Line("pages", kind, "", "ms", GOAL, "alone", not_run=str(why))
        finally:
            gateway.end()
            twin.end()


def fill(gateway: Gateway, count: int) -> None:
    """So many leads, spread over the sources and the 30 days before now."""
    for n in range(1, SOURCES):
        (gateway.folder / "sources" / f"bench-{n}.yaml").write_text(SOURCE, encoding="utf-8")
    template = called_lead(gateway)
    names = " ".join(f"WHEN {n} THEN 'bench-{n}'" for n in range(1, SOURCES))
    outcomes = {states.UNKNOWN: "'unknown'", states.REFUSED: "'refused'"}
    own = {
        "source": f"CASE {_rest(SOURCES)} {names} ELSE 'bench' END",
        "state": _rare({state: f"'{state}'" for state in RARE}, "'accepted'"),
        "reason": _rare({state: f"'{reason}'" for state, reason in REASONS.items()}, "''"),
        "outcome": _rare(outcomes, "'accepted'"),
        "price": f"CASE WHEN {_is(states.UNKNOWN)} OR {_is(states.REFUSED)} THEN NULL ELSE price END",
    }
    copies(gateway.store, template, count, first=20_000_000, state="accepted", due_at=0, also=own)


def _is(state: str) -> str:
    each, rest = RARE[state]
    return f"{_rest(each)} = {rest}"


def _rest(each: int) -> str:
    return f"i - i / {each} * {each}"  # psycopg takes `%` for a place of its own


def _rare(said: Mapping[str, str], otherwise: str) -> str:
    return f"CASE {' '.join(f'WHEN {_is(state)} THEN {text}' for state, text in said.items())} ELSE {otherwise} END"


def measured(kind: str, app: Flask) -> Iterator[Line]:
    """A line for each page, once the watch has counted the hours that are over."""
    parts: Parts = app.extensions["gateway"]
    parts.sources.refresh()
    gc.collect()
    gc.freeze()  # as gunicorn.conf.py does
    counting = Hours(parts)
    counting.look()
    for what, visit in visits(app, parts).items():
        yield Line("pages", f"{what}, {kind}", "", "ms", GOAL, "alone", ours=_cpu_ms(visit))
    yield Line("pages", f"counting hours, each 5 minutes, {kind}", "", "ms", "", "alone", ours=_cpu_ms(counting.look))


def _cpu_ms(visit: Visit) -> list[float]:
    visit()
    found = []
    for _ in range(TIMES):
        began = time.process_time()
        visit()
        found.append((time.process_time() - began) * 1000)
    return [statistics.median(found)]


def visits(app: Flask, parts: Parts) -> dict[str, Visit]:
    """Name of a page -> its visit by an owner."""
    http = app.test_client()
    link = people.link(parts, people.add(parts, f"reader {time.time_ns()}"[-30:], "owner", "bench"), "bench")
    token = _token(http.get(f"/console/enter?t={link}").text)
    http.post("/console/enter", data={"csrf_token": token, "t": link})

    def get(path: str) -> Visit:
        def visit() -> str:
            answer = http.get(path)
            if answer.status_code != 200:
                raise RuntimeError(f"{path}: {answer.status_code}")
            return answer.text

        return visit

    def post(path: str, **fields: str) -> Visit:
        def visit() -> str:
            return http.post(path, data={"csrf_token": token, **fields}, follow_redirects=True).text

        return visit

    token = _token(get("/console/decide")())
    older = "/console/leads?period=30d"
    for _ in range(3):
        older = _older(get(older)()) or older
    lead = re.search(r'href="(/console/leads/\d+)', get("/console/leads")())
    field = {"number": "phone2\nphone", "default": "Bench", "sms": "", "mode": "form", "digest": ""}
    return {
        "overview, 24 hours": get("/console/"),
        "overview, 30 days": get("/console/?chart=month"),
        "decide, 50 unknown calls foreseen": get("/console/decide"),
        "leads, 50 rows": get("/console/leads"),
        "leads of a state": get("/console/leads?state=held&period=30d"),
        "leads, some pages on": get(older),
        "leads that were called late": get("/console/leads/late"),
        "a lead": get(lead[1] if lead else ""),
        "sources": get("/console/sources"),
        "a source, with its 30 days": get("/console/sources/bench"),
        "the lab, opened": get("/console/sources/bench/lab"),
        "the lab, a change tried": post("/console/sources/bench/lab", **field),
        "rules and caps": get("/console/policy"),
        "deliveries": get("/console/deliveries"),
        "a name found": post("/console/leads/find", what="Ivan"),
        "a name that nobody has": post("/console/leads/find", what="Nobody at all"),
        "the pulse": get("/console/pulse"),
    }


def _token(page: str) -> str:
    found = TOKEN.search(page)
    return found[1] if found else ""


def _older(page: str) -> str:
    found = re.search(r'href="(/console/leads\?[^"]*after=[^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""
