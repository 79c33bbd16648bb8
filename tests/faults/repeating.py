"""Trials of repeats and of strangers: one lead for one event, one ring for one person, none without a proof."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.faults.database import POSTGRESQL, SQLITE
from tests.faults.senders import TOKEN, Heard, Senders
from tests.faults.trial import Result, Trial, put_on
from tests.faults.world import World

TRIALS: list[Trial] = []
trial = put_on(TRIALS)


@trial(
    "T21", "equal deliveries at the same time", short={"times": 200, "threads": 20}, long={"times": 1000, "threads": 50}
)
def equal_deliveries(kind: str, folder: Path, times: int, threads: int) -> Result:
    """Every one is answered 2xx with the same lead, which is rung once."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web(processes=2)
        world.web(processes=2)
        world.worker()
        number = world.senders.number()
        heard = world.senders.each(range(times), lambda _: world.senders.post(number, timeout=30), threads)
        again = [heard_again for heard_again in heard if not heard_again.leads]
        leads = {lead["id"] for answer in heard for lead in answer.leads}
        first = sum(not lead["duplicate"] for answer in heard for lead in answer.leads)
        if again or len(leads) != 1 or first != 1:
            problems.append(f"{len(again)} not taken, {len(leads)} leads, {first} called the first")
        world.settle()
        verdict = world.verdict()
        problems += exactly_one(world, number)
        return Result(times, verdict, problems + verdict.problems(), f"{len(heard) - len(again)} answered 2xx")


@trial("T22", "near duplicates of one person", short_on=(POSTGRESQL,), short={"variants": 40}, long={"variants": 200})
def near_duplicates(kind: str, folder: Path, variants: int) -> Result:
    """Other events, other spellings, another source: one ring in the window; after a refusal the next one rings."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web()
        world.worker()
        number = world.senders.number()
        told = list(enumerate(spellings(number, variants)))

        def one(item: tuple[int, str]) -> Heard:
            n, spelled = item
            return world.senders.post_until_taken(
                number, event=f"n{n}", spelled=spelled, source=("once", "again")[n % 2]
            )

        world.senders.each(told, one, threads=8)
        world.settle()
        problems += exactly_one(world, number)
        states = sorted(state for _, state in world.states())
        if states != ["accepted"] + ["suppressed"] * (variants - 1):
            problems.append(f"states: {set(states)}")
        refused = world.senders.number()
        world.provider.behave("refuse_number")
        world.senders.post_until_taken(refused, event="r1", source="once")
        world.settle()
        world.provider.behave("accept")
        world.senders.post_until_taken(refused, event="r2", source="again")
        world.settle()
        posts = world.provider.posts()
        if posts[refused] != 2:
            problems.append(f"after a refusal the next lead made {posts[refused] - 1} calls, not 1")
        verdict = world.verdict(rearms={refused: 1})  # another lead's own call, not a second one of the same
        return Result(variants, verdict, problems + verdict.problems())


def spellings(number: str, count: int) -> Iterator[str]:
    """One Russian number as people write it."""
    rest = number[1:]
    area, a, b, c = rest[:3], rest[3:6], rest[6:8], rest[8:]
    forms = (
        f"+7{rest}",
        f"8{rest}",
        f"7{rest}",
        f"+7 ({area}) {a}-{b}-{c}",
        f"8 {area} {a} {b} {c}",
        f"8-{area}-{a}{b}{c}",
    )
    for n in range(count):
        yield forms[n % len(forms)]


@trial("T23", "replays of a signed request", short_on=(SQLITE,))
def replays(kind: str, folder: Path, **web: Any) -> Result:
    """The same bytes again are a repeat, also late; what comes late for the first time waits for a person. `web`: the
    build that answers."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web(**web)
        world.worker()
        number, late = world.senders.number(), world.senders.number()
        now = int(time.time())
        first = signed(world.senders, number, now)
        again = [signed(world.senders, number, now) for _ in range(5)]
        if {lead["id"] for heard in again for lead in heard.leads} != {first.leads[0]["id"]}:
            problems.append("a replay was not the first lead's repeat")
        old = signed(world.senders, late, now - 360)
        world.settle()
        if world.state(old.leads[0]["id"]) != "held" or world.provider.posts()[late]:
            problems.append(f"a late first delivery: {world.state(old.leads[0]['id'])}, not held")
        problems += exactly_one(world, number)
        verdict = world.verdict()
        return Result(7, verdict, problems + verdict.problems())


def signed(senders: Senders, number: str, at: int) -> Heard:
    body = json.dumps({"id": f"e{number}", "phone": f"+{number}"}).encode()
    said = {"X-Signature": _signature(str(at), body), "X-Timestamp": str(at)}
    return senders.send(number, "/hooks/signed", body, said)


@trial("T24", "without a proof, or with a wrong one", short_on=(SQLITE,))
def strangers(kind: str, folder: Path, **web: Any) -> Result:
    """401 each time, nothing stored, nobody rung. `web`: the build that answers."""
    problems: list[str] = []
    with World(kind, folder) as world:
        world.web(**web)
        world.worker()
        strangers = []
        for n in range(len(_forged(b"{}"))):
            number = world.senders.number()
            strangers.append(number)
            path, headers, body = _forged(json.dumps({"id": f"e{number}", "phone": f"+{number}"}).encode())[n]
            heard = world.senders.send(number, path, body, headers)
            if heard.status != 401:
                problems.append(f"{path} {headers}: answered {heard.status}")
        world.senders.many(3)
        world.settle()
        verdict = world.verdict(unsigned=strangers)
        if len(world.states()) != 3:
            problems.append(f"{len(world.states()) - 3} leads of strangers were stored")
        return Result(len(strangers), verdict, problems + verdict.problems())


def _forged(body: bytes) -> list[tuple[str, dict[str, str], bytes]]:
    """(path, headers, bytes) of every way in which this body comes without its proof."""
    shop, signed_by = "/hooks/shop", "/hooks/signed"
    queries = ("", "?token=", "?token=wrong", f"?token={TOKEN}x", f"?token={TOKEN[:-1]}", f"?Token={TOKEN}")
    queries += (f"?token={quote('é' * 10)}", f"?token=%00{TOKEN}", f"?token={TOKEN}%00", f"?token=%20{TOKEN}")
    queries += (f"?token={TOKEN.upper()}", f"?token={TOKEN}&token=wrong", f"?token[]={TOKEN}", f"?a=token={TOKEN}")
    found = [(shop + query, {}, body) for query in queries]
    found += [(f"{shop}/{TOKEN}", {}, body), (shop, {}, body[:-1] + b', "token": "%s"}' % TOKEN.encode())]
    for name in ("Authorization", "X-Token", "Cookie", "Referer"):
        found += [(shop, {name: TOKEN}, body), (shop, {name: f"token={TOKEN}"}, body)]
    now = str(int(time.time()))
    right = _signature(now, body)
    other = hmac.new(b"of another source", f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    weaker = hmac.new(TOKEN.encode(), f"{now}.".encode() + body, hashlib.sha1).hexdigest()
    for proof in ("", "0" * 64, f"sha1={'0' * 40}", "не hex".encode().decode("latin-1"), "\xe9", other, weaker):
        found.append((signed_by, {"X-Signature": proof, "X-Timestamp": now}, body))
    for proof in (right[:-1], right[:-2], right + "00", f"{right}, {right}", f"sha256={right}", '"' + right + '"'):
        found.append((signed_by, {"X-Signature": proof, "X-Timestamp": now}, body))
    for stamp in ("x", "", str(int(now) + 1), now + "0", f"{now}.0", "١٢٣"):
        said = stamp.encode().decode("latin-1")
        found.append((signed_by, {"X-Signature": right, "X-Timestamp": said}, body))
    written_anew = json.dumps(json.loads(body), separators=(",", ":")).encode()
    for sent in (written_anew, body + b" ", body + b"\n", body[:-1]):
        found.append((signed_by, {"X-Signature": right, "X-Timestamp": now}, sent))
    found += [(signed_by, {}, body), (f"{signed_by}?token={TOKEN}", {"X-Timestamp": now}, body)]
    found.append((signed_by, {"X-Signature": right}, body))
    found.append((f"{signed_by}?X-Signature={right}", {"X-Timestamp": now}, body))
    return found


def _signature(stamp: str, body: bytes) -> str:
    return hmac.new(TOKEN.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def exactly_one(world: World, number: str) -> list[str]:
    count = world.provider.posts()[number]
    return [] if count == 1 else [f"rung {count} times, not once"]
