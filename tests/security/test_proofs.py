"""T23-T25: sent again, without its proof, and how long the answer takes."""

import hashlib
import hmac
import random
import time
from itertools import combinations
from statistics import median

import pytest

from core.proofs import authentic, proof
from core.reading.delivery import Delivery
from core.source import Auth, Source
from tests.faults import repeating
from tests.faults.database import SQLITE
from tests.security import holes
from tests.security.conftest import build

KEY, BODY, NOW = "a-secret-of-the-row-T25", b'{"id":"1","phone":"+79990000001"}', 1_785_590_400_000


def test_t23_a_request_that_is_sent_again_never_rings_again(tmp_path):
    assert repeating.replays(SQLITE, tmp_path).problems == []


def test_t23_a_build_that_takes_each_for_new_and_at_any_time_is_found(tmp_path):
    said = repeating.replays(SQLITE, tmp_path, **build("late_is_new", "each_is_new")).problems
    assert any("not the first lead's repeat" in line for line in said), said
    assert any("late first delivery" in line for line in said), said
    assert any("rung 6 times" in line for line in said), said


def test_t24_every_forgery_is_answered_401_stored_nowhere_and_rings_nobody(tmp_path):
    assert len(repeating._forged(BODY)) >= 40
    assert repeating.strangers(SQLITE, tmp_path).problems == []


def test_t24_a_build_without_a_door_is_found(tmp_path):
    said = repeating.strangers(SQLITE, tmp_path, **build("no_proof")).problems
    assert any("leads of strangers were stored" in line for line in said), said
    assert any("rung without a proof" in line for line in said), said


def test_t24_a_build_that_breaks_over_a_letter_is_found(tmp_path):
    said = repeating.strangers(SQLITE, tmp_path, **build("texts_compared")).problems
    assert any("answered 500" in line for line in said), said


# T25. Nobody can measure a microsecond over a network here, so what is asked is the cause of a difference: whether
# one wrong request makes the gateway do other work than another; and, in the process itself, how long it takes.


def causes(scheme):
    """One request for each way of proving nothing, and the secret that the owner has set."""
    right = hmac.new(KEY.encode(), BODY, hashlib.sha256).hexdigest()
    texts = {"nothing": "", "first": "x" + KEY[1:], "last": KEY[:-1] + "x", "longer": KEY * 9}
    if scheme == "hmac":
        texts = {"nothing": "", "no hex": "zz", "first": "0" + right[1:], "last": right[:-1] + "0", "cut": right[:10]}
    for name, text in texts.items():
        headers = (("x-proof", text),) if text else ()
        for told in (KEY, None):
            yield name, Delivery("POST", headers, "", "", BODY, "https://g/hooks/s"), {"env:A": told}.get


def work_for(scheme):
    """How many digests are made and compared, for each cause."""
    auth = Auth(scheme=scheme, secrets=("env:A",), place="header", name="X-Proof", header="X-Proof")
    found = {}
    for name, request, secrets in causes(scheme):
        count = {"digests": 0, "comparisons": 0}
        with pytest.MonkeyPatch.context() as patch:
            for place, what, kind in ((hmac, "compare_digest", "comparisons"), (hmac, "new", "digests")):
                patch.setattr(place, what, counting(getattr(place, what), count, kind))
            patch.setattr(proof.hashlib, "sha256", counting(hashlib.sha256, count, "digests"))
            given = authentic.check(request, Source(name="s", auth=auth), secrets, NOW)
        assert not given.ok
        found[name, secrets("env:A") is None] = tuple(count.values())
    return found


def counting(function, count, kind):
    def counted(*given, **more):
        count[kind] += 1
        return function(*given, **more)

    return counted


@pytest.mark.parametrize("scheme", ["token", "hmac"])
def test_t25_every_wrong_proof_is_the_same_work(scheme):
    work = work_for(scheme)
    assert len(work) >= 8
    assert len(set(work.values())) == 1, work
    assert next(iter(work.values()))[1] > 0


@pytest.mark.parametrize("scheme", ["token", "hmac"])
def test_t25_a_door_that_gives_up_early_is_found(scheme):
    with holes.opened("gives_up_early"):
        assert len(set(work_for(scheme).values())) > 1


LEAST_US = 1.0  # a difference that nobody could hear over a network
ROUNDS, EACH = 200, 20


def microseconds(scheme):
    """(cause, whether the owner has set no secret) -> the processor's microseconds of a check, in turn with the others
    in an order that changes; `again` is the first of them once more: what differs there is noise."""
    auth = Auth(scheme=scheme, secrets=("env:A",), place="header", name="X-Proof", header="X-Proof")
    source, dice = Source(name="s", auth=auth), random.Random(25)
    asked = {(name, secrets("env:A") is None): (request, secrets) for name, request, secrets in causes(scheme)}
    asked["again", False] = asked["first", False]
    found = {key: [] for key in asked}
    for _ in range(ROUNDS):
        for key in dice.sample(list(asked), len(asked)):
            request, secrets = asked[key]
            began = time.thread_time_ns()
            for _ in range(EACH):
                authentic.check(request, source, secrets, NOW)
            found[key].append((time.thread_time_ns() - began) / EACH / 1000)
    return found


def told_apart(scheme):
    """The pairs that a stranger must not tell apart and could: 99 of 100 differences of medians, drawn anew from what
    was measured (bootstrap), are more than a microsecond, and more than those of the same request twice."""
    found, dice = microseconds(scheme), random.Random(25)

    def difference(one, other):
        drawn = (
            median(dice.choices(found[one], k=ROUNDS)) - median(dice.choices(found[other], k=ROUNDS)) for _ in range(99)
        )
        return sorted(map(abs, drawn))[1]

    noise = difference(("first", False), ("again", False))
    guesses = [name for name in {name for name, _ in found} if name not in ("nothing", "again")]
    pairs = [((a, False), (b, False)) for a, b in combinations(sorted(guesses), 2)]
    pairs += [((name, False), (name, True)) for name in sorted({"nothing", *guesses})]
    return {pair: took for pair in pairs if (took := difference(*pair)) > max(LEAST_US, 2 * noise)}


def always_told_apart(scheme):
    """What stays over several measurements: this machine does other work, too."""
    found = told_apart(scheme)
    for _ in range(2):
        if found:
            found = {pair: took for pair, took in told_apart(scheme).items() if pair in found}
    return found


@pytest.mark.parametrize("scheme", ["token", "hmac"])
def test_t25_no_wrong_proof_takes_longer_than_another(scheme):
    assert always_told_apart(scheme) == {}


def test_t25_comparing_until_two_signs_differ_is_found():
    with holes.opened("letter_by_letter"):
        assert (("first", False), ("last", False)) in always_told_apart("hmac")


@pytest.mark.parametrize("scheme", ["token", "hmac"])
def test_t25_giving_up_early_is_found_by_its_time(scheme):
    with holes.opened("gives_up_early"):
        assert (("first", False), ("first", True)) in always_told_apart(scheme)
