"""The checker sees what it is there to see."""

import json

from tests.faults.checker import check

OF_A, OF_B = "79000000001", "79000000002"


def log(folder, *acks):
    path = folder / "senders.jsonl"
    path.write_text("".join(json.dumps({"number": number, "leads": [lead]}) + "\n" for number, lead in acks))
    return path


def test_a_clean_house_has_no_problems(tmp_path):
    seen = check(log(tmp_path, (OF_A, "a"), (OF_B, "b")), {OF_A: 1}, [("a", "accepted"), ("b", "held")])

    assert seen.problems() == []
    assert (seen.acks, seen.leads, seen.calls) == (2, 2, 1)


def test_a_repeat_is_another_ack_of_the_same_lead(tmp_path):
    seen = check(log(tmp_path, (OF_A, "a"), (OF_A, "a")), {OF_A: 1}, [("a", "accepted")])

    assert (seen.acks, seen.leads) == (2, 1)


def test_an_acknowledged_lead_that_is_not_there_is_lost(tmp_path):
    seen = check(log(tmp_path, (OF_A, "a")), {}, [])

    assert seen.problems() == ["1 acknowledged and not stored"]


def test_a_lead_in_two_states_is_as_bad_as_a_lost_one(tmp_path):
    seen = check(log(tmp_path, (OF_A, "a")), {OF_A: 1}, [("a", "accepted"), ("a", "unknown")])

    assert seen.losses == 1


def test_every_post_beyond_the_first_is_a_double(tmp_path):
    seen = check(log(tmp_path, (OF_A, "a")), {OF_A: 3}, [("a", "accepted")])

    assert seen.problems() == ["2 rung more often than allowed"]


def test_a_double_counts_also_where_no_ack_was_heard(tmp_path):
    seen = check(log(tmp_path), {OF_A: 2}, [("a", "accepted")])

    assert seen.doubles == 1


def test_an_operators_rearm_allows_one_more(tmp_path):
    seen = check(log(tmp_path, (OF_A, "a")), {OF_A: 2}, [("a", "accepted")], rearms={OF_A: 1})

    assert seen.problems() == []


def test_accepted_without_a_post_is_a_lie(tmp_path):
    seen = check(log(tmp_path, (OF_A, "a")), {}, [("a", "accepted")])

    assert seen.problems() == ["1 accepted or refused without a POST"]


def test_a_stranger_that_rings_is_seen(tmp_path):
    seen = check(log(tmp_path), {OF_A: 1}, [], unsigned=[OF_A])

    assert seen.problems() == ["1 rung without a proof"]


def test_what_stays_in_calling_or_waits_is_seen(tmp_path):
    acks = log(tmp_path, (OF_A, "a"), (OF_B, "b"))

    seen = check(acks, {}, [("a", "calling"), ("b", "ready")])

    assert seen.problems() == ["1 in calling beyond the deadline", "1 waiting for ever"]
    assert seen.problems(waiting=True) == ["1 in calling beyond the deadline"]


def test_the_price_is_what_is_unknown_though_never_sent(tmp_path):
    acks = log(tmp_path, (OF_A, "a"), (OF_B, "b"))

    seen = check(acks, {OF_A: 1}, [("a", "unknown"), ("b", "unknown")])

    assert (seen.unknown, seen.price) == (2, 1)
