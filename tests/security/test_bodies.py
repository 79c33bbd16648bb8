"""T27-T30 and T33: bodies that are too large, packed, too deep or without end cost nothing and store no half lead."""

import gzip
import json
import threading

import yaml

from config import yaml_text
from core.reading.body import parse
from core.source import Body
from tests.security import holes
from tests.security.attack import HOOK, busy_s, cost, grown_kb, head, lead, pour, status_of, web_processes, whole

MB = 1 << 20
PIECE = b"x" * (1 << 16)
MOST_KB = 10 * 1024


def problems_of_a_gigabyte(world):
    """T27: announced, in chunks without an end, and without its length."""
    port, found = world.senders.ports[0], []
    chunk = b"%x\r\n" % len(PIECE) + PIECE + b"\r\n"
    for name, start, piece in (
        ("announced", head(HOOK, "Content-Length: 1073741824"), PIECE),
        ("in chunks", head(HOOK, "Transfer-Encoding: chunked"), chunk),
        ("announced to nobody", head("/hooks/nobody", "Content-Length: 1073741824"), PIECE),
    ):

        def attack(start=start, piece=piece, name=name):
            status, after = pour(port, start, piece, 48 * MB)
            if status not in (413, 404) or after > 4 * MB:
                found.append(f"{name}: answered {status} after {after} bytes")

        grown = grown_kb(world, attack)
        if grown > MOST_KB:
            found.append(f"{name}: {grown} kB more memory")
    return found


def test_t27_a_gigabyte_is_answered_413_and_takes_no_memory(house):
    assert problems_of_a_gigabyte(house) == []


def test_t27_a_build_without_a_limit_is_found(holed):
    with holed("no_limit") as world:
        said = problems_of_a_gigabyte(world)
    assert any("in chunks: answered 0" in line for line in said), said
    assert any("kB more memory" in line for line in said), said


def problems_of_a_packed_body(world):
    """T28: 64 MB of blanks behind a lead in 64 kB."""
    port, found = world.senders.ports[0], []
    bomb = gzip.compress(lead("packed") + b" " * (64 * MB))
    assert len(bomb) < 200_000

    def attack():
        for named in ("gzip", "deflate", "br", "gzip, gzip", "GZIP"):
            if (status := status_of(port, whole(HOOK, bomb, f"Content-Encoding: {named}"))) != 415:
                found.append(f"{named}: answered {status}")

    if (grown := grown_kb(world, attack)) > MOST_KB:
        found.append(f"{grown} kB more memory")
    return found + stored(world, "packed")


def stored(world, event):
    """A lead of this event would be a bomb that went off."""
    heard = world.senders.post("79990000777", event=event)
    return [] if heard.leads and not heard.leads[0]["duplicate"] else [f"{event} was stored"]


def test_t28_a_packed_body_is_answered_415_and_never_unpacked(house):
    assert problems_of_a_packed_body(house) == []


def test_t28_a_build_that_unpacks_is_found(holed):
    with holed("inflates") as world:
        said = problems_of_a_packed_body(world)
    assert any(line.startswith("gzip: answered 413") for line in said), said
    assert any("kB more memory" in line for line in said), said


DEEP = 100_000
HARD_JSON = {
    "objects in objects": b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    "lists in lists": b"[" * DEEP + b"]" * DEEP,
    "lists without an end": b"[" * DEEP,
    "a number of 5,000 digits": b'{"id": ' + b"9" * 5_000 + b', "phone": "1"}',
    "no number at all": b'{"id": NaN, "phone": Infinity}',
    "half a sign": b'{"id": "h1", "phone": "\\ud800", "\\udfff": 1}',
    "a sign that no database takes": b'{"id": "h2\\u0000", "phone": "\\u0000"}',
    "the same key twice": b'{"id": "h3", "phone": "+79990000001", "phone": "+79990000002"}',
    "bytes that are no text": b'{"id": "h4", "phone": "\xff\xfe\x00\xd8"}',
    "an exponent": b'{"id": 1e999999999, "phone": -1e-999999999}',
    "a text": b'"phone"',
    "a key of 200 kB": b'{"' + b"k" * 200_000 + b'": 1}',
}


def problems_of_hard_json(world):
    """T29: whatever is written, the answer is no 500 and the processes are the same."""
    port, pids, found = world.senders.ports[0], web_processes(world), []
    for name, body in HARD_JSON.items():
        if (status := status_of(port, whole(HOOK, body, "Content-Type: application/json"))) not in (200, 400):
            found.append(f"{name}: answered {status}")
    return found + (["a process died"] if web_processes(world) != pids else [])


def test_t29_no_json_breaks_the_door(house):
    assert problems_of_hard_json(house) == []


def test_t29_a_build_that_reads_json_plainly_is_found(holed):
    with holed("plain_json") as world:
        said = problems_of_hard_json(world)
    assert "lists in lists: answered 500" in said, said


PARTS = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
MULTIPART = "Content-Type: multipart/form-data; boundary=b"
FORM = "Content-Type: application/x-www-form-urlencoded"
MANY_KEYS = {
    "100,000 keys, 889 kB": (b"&".join(b"key%05d" % n for n in range(100_000)), FORM),
    "60,000 keys in 240 kB": (b"&".join(b"a=%d" % (n % 10) for n in range(60_000)), FORM),
    "keys in keys": (b"&".join(b"a[b][c][d][e][f][g][%d]=1" % n for n in range(8_000)), FORM),
    "100,000 parts": (PARTS * 100_000 + b"--b--", MULTIPART),
    "4,500 parts in 250 kB": (PARTS * 4_500 + b"--b--", MULTIPART),
}
TIMES, MOST_MS = 10, 20.0
QUICK_MS = MOST_MS / 3  # what counts no keys is slower than that on a machine that is three times as quick, too


def problems_of_many_keys(world, most_ms=MOST_MS):
    """T30: by the processor's time of all web processes, for each request: it is told in steps of 10 ms, so several
    are asked."""
    port, pids, found = world.senders.ports[0], web_processes(world), []
    for name, (body, kind) in MANY_KEYS.items():
        before = busy_s(pids)
        for _ in range(TIMES):
            if (status := status_of(port, whole(HOOK, body, kind))) not in (200, 400, 413):
                found.append(f"{name}: answered {status}")
        if (each_ms := (busy_s(pids) - before) / TIMES * 1000) > most_ms:
            found.append(f"{name}: {each_ms:.0f} ms of the processor")
    return found


def test_t30_keys_without_end_cost_no_time(house):
    assert problems_of_many_keys(house) == []


def test_t30_a_build_that_counts_no_keys_is_found(holed):
    with holed("keys_without_end") as world:
        said = problems_of_many_keys(world, QUICK_MS)
    assert any("60,000 keys" in line for line in said), said
    assert any("4,500 parts" in line for line in said), said


# T33

LAUGHS = b'<!DOCTYPE a [<!ENTITY a "' + b"ha" * 60_000 + b'">]><a>' + b"&a;" * 40_000 + b"</a>"
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'
XML_BOMBS = [LAUGHS, OUTSIDE, b"<a>" * 80_000, b"<r>" + b"<a/>" * 60_000 + b"</r>", b"<a " + b'b="" ' * 50_000 + b"/>"]
ALIASES = f"a: &a [{','.join(['x' * 30] * 9)}]\n" + "".join(
    f"{chr(n + 1)}: &{chr(n + 1)} [{','.join(['*' + chr(n)] * 9)}]\n" for n in range(97, 102)
)


def problems_of_xml():
    found = []
    for bomb in XML_BOMBS:
        took_ms, held_kb = cost(lambda bomb=bomb: parse(bomb, "text/xml", "", Body(format="xml")))
        if took_ms > 100 or held_kb > MOST_KB:
            found.append(f"{bomb[:40]!r}: {took_ms:.0f} ms, {held_kb} kB")
    return found


def test_t33_xml_that_grows_is_never_unfolded():
    assert problems_of_xml() == []
    assert parse(LAUGHS, "text/xml", "", Body(format="xml")).problem == "body_not_xml"
    assert parse(OUTSIDE, "text/xml", "", Body(format="xml")).problem == "body_not_xml"


def test_t33_a_build_that_knows_entities_is_found():
    with holes.opened("entities"):
        assert any("ENTITY a" in line for line in problems_of_xml())


def problems_of_yaml(read):
    took_ms, held_kb = cost(lambda: json.dumps(read(ALIASES)))
    return [] if took_ms < 100 and held_kb < MOST_KB else [f"{took_ms:.0f} ms, {held_kb} kB"]


def test_t33_yaml_of_an_owner_has_no_aliases_that_grow():
    assert isinstance(yaml_text.parse(ALIASES.encode(), "a.yaml"), yaml_text.Problems)
    assert problems_of_yaml(lambda text: str(yaml_text.parse(text.encode(), "a.yaml"))) == []


def test_t33_a_reader_that_follows_aliases_is_found():
    assert problems_of_yaml(yaml.safe_load) != []


def test_t27_to_t30_cost_those_who_behave_nothing(house):
    """Good leads beside all of it are answered at once."""
    over, heard = threading.Event(), []

    def well_behaved():
        while not over.is_set():
            heard.append(house.senders.post(house.senders.number(), timeout=5).status)

    sender = threading.Thread(target=well_behaved)
    sender.start()
    try:
        for body, kind in MANY_KEYS.values():
            status_of(house.senders.ports[0], whole(HOOK, body, kind))
        problems_of_hard_json(house)
    finally:
        over.set()
        sender.join(30)
    assert len(heard) > 5
    assert set(heard) == {200}
