"""T26, T40 and T41: no secret, number or name stands where it does not belong, and a lead is one line of the log."""

import io
import json
import re
import urllib.error
import urllib.request
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from config import logs
from tests.faults.database import SQLITE, rows
from tests.faults.processes import wait_until
from tests.faults.world import World
from tests.security import holes
from tests.security.attack import HOOK, head, lead, status_of, whole
from tests.security.conftest import build
from tests.walk.processes import DIRECT

SECRETS = {
    "SECRET_KEY": "canary-of-the-sessions-7d1f",
    "DIGEST_KEY": "canary-of-the-digests-93ab20",
    "API_TOKEN": "canary-of-the-programs-51c7",
    "VOICE_API_KEY": "canary-of-the-provider-e0f4",
    "TRIAL_TOKEN": "trial-token",
    "DATABASE_PASSWORD": "canary-of-nothing-at-all",
}
NAME, NUMBER, MASKED = "Аристархова", "79990001234", re.compile(r"7999\D{0,3}000\D?12\D?34|9990001234")
GUESSES = ("canary-of-a-stranger-11", "canary-of-a-stranger-22")


@pytest.fixture
def lived(tmp_path):
    """A house that has lived: a lead of each kind, strangers, mistakes, and every place that programs look at."""

    def live(**web):
        with World(SQLITE, tmp_path / "house") as world:
            world.environment |= {name: value * 2 for name, value in SECRETS.items() if name != "TRIAL_TOKEN"}
            world.web(**web)
            world.worker()
            port = world.senders.ports[0]
            for behaviour in ("accept", "refuse_number", "hang"):
                world.provider.behave(behaviour)
                more = {"name": NAME, "note": f"{NAME} {NUMBER}"}
                world.senders.post(NUMBER, event=f"{NUMBER}-{behaviour}", more=more)
                world.settle()
            status_of(port, whole(HOOK, b'{"phone": "' + NUMBER.encode() + b'", "name": "\xd0'))
            for guess in GUESSES:
                path = f"/hooks/shop/{guess}?token={guess}"
                status_of(port, whole(path, lead("x"), f"Authorization: Bearer {guess}"))
                status_of(port, head(f"/api/leads?token={guess}", f"Authorization: Bearer {guess}", method="GET"))
                status_of(port, head(f"/console/enter?t={guess}", method="GET"))
            status_of(port, whole("/hooks/shop?token=trial-token", lead("put", NUMBER)).replace(b"POST", b"PUT", 1))
            return told_by(world)

    return live


def told_by(world):
    """(place, text) of all that a house tells beside its own pages for those who may see whole numbers."""
    token = world.environment["API_TOKEN"]
    base = f"http://127.0.0.1:{world.senders.ports[0]}"
    found = {}
    for path in (
        "/metrics",
        "/readyz",
        "/healthz",
        "/api/overview",
        "/api/alarms",
        "/api/sources",
        "/api/openapi.json",
    ):
        for headers in ({}, {"Authorization": f"Bearer {token}"}):
            try:
                with DIRECT.open(urllib.request.Request(base + path, headers=headers), timeout=10) as answer:
                    found[path, bool(headers)] = answer.read().decode()
            except urllib.error.HTTPError as answer:
                found[path, bool(headers)] = answer.read().decode()
    for words in (["sources", "list"], ["alarms", "list"], ["policy", "show"], ["account", "show"]):
        process = world.flask(*words)
        process.ended(60)
        found["flask", " ".join(words)] = process.log.read_text(errors="replace")
    assert wait_until(lambda: any(world.folder.glob("run/journal-*")), 10)
    for path in [*world.folder.glob("*.log"), *world.folder.rglob("journal-*"), *world.folder.rglob("claims*")]:
        found[path.name, "file"] = path.read_bytes().decode(errors="replace")
    found["database", "rows"] = dumped(world)
    return found


def dumped(world):
    """Every row of every table, as text."""
    tables = [name for (name,) in rows(world.url, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert "leads" in tables
    return "\n".join(str(row) for name in tables for row in rows(world.url, f'SELECT * FROM "{name}"'))


def leaked(found):
    """Every place that holds a secret; or a whole number or a name, but for the database, and the journals' numbers,
    by which a database that went back is compared."""
    texts = [value * 2 for name, value in SECRETS.items() if name != "TRIAL_TOKEN"] + ["trial-token", *GUESSES]
    places = []
    for place, text in found.items():
        places += [(*place, secret) for secret in texts if secret in text]
        numbers = [] if place[0].startswith("journal-") else MASKED.findall(text)
        names = [name for name in (NAME, json.dumps(NAME)[1:-1]) if name in text]
        if place[0] != "database":
            places += [(*place, one) for one in (*numbers, *names)]
    return places


def test_t26_t41_nothing_that_is_told_holds_a_secret_or_a_person(lived):
    found = lived()
    assert len(found) > 15
    assert NUMBER in found["database", "rows"]  # the canaries flew
    assert "received" in "".join(text for (_, kind), text in found.items() if kind == "file")
    assert leaked(found) == []


def test_t26_t41_a_log_of_each_request_is_found(lived):
    said = leaked(lived(**build("access_log")))
    assert {secret for *_, secret in said} >= {"trial-token", *GUESSES}, said
    assert any(NUMBER[-10:] in str(one) for *_, one in said), said


# T40


def logged(text):
    """What the log holds after this value went into it in every way."""
    written, before = io.StringIO(), structlog.get_config()
    with redirect_stderr(written):
        logs.set_up()
        try:
            structlog.get_logger().info("received", source=text, leads=[text], why=text)
            structlog.get_logger().warning(text[:50] or "x")
        finally:
            structlog.configure(**before)
    return written.getvalue()


def problems_of_lines(text):
    """Two lines were told: two lines of JSON have to stand there, without a control sign, and none without measure."""
    found = logged(text)
    lines = found.split("\n")[:-1]
    if len(lines) != 2 or re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", found):
        return ["not two lines"]
    try:
        told = [json.loads(line) for line in lines]
    except ValueError:
        return ["no JSON"]
    return [] if all(len(line.get("why", "")) <= logs.LONGEST + 3 for line in told) else ["without measure"]


HOSTILE = ["a\r\nb", "\x1b[2J\x1b]0;x\x07", "\u2028\u2029\x85", "x" * 1_000_000, '"}\n{"event": "paid"', "\u202eexe"]
HOSTILE.append("\x00")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_t40_a_value_stays_within_its_line(text):
    assert problems_of_lines(text) == []


@given(st.text(max_size=400))
def test_t40_whatever_it_is(text):
    assert problems_of_lines(text) == []


def test_t40_a_log_that_prints_is_found():
    with holes.opened("plain_log"):
        assert all(problems_of_lines(text) for text in HOSTILE[:2])


def test_t40_every_line_that_a_house_has_written_is_json(house):
    port = house.senders.ports[0]
    for n, text in enumerate(HOSTILE):
        spelled = json.dumps({"id": f"h{n}", "phone": "+79990000001", "name": text[:1000]}).encode()
        assert status_of(port, whole(HOOK, spelled)) == 200
        status_of(port, head(f"/hooks/shop%0d%0a%1b[2J{n}?token=x%0aB", "User-Agent: \x1b[2J", method="GET"))
    house.settle()
    for log in Path(house.folder).glob("w*.log"):
        for line in log.read_bytes().splitlines():
            told = json.loads(line)
            assert {"event", "level", "timestamp"} <= set(told), log
