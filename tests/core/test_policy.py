"""Whom we ring and when: each rule alone, all of them together, and never outside the window."""

import json
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import hours
from core.expressions.expression import Condition
from core.policy import DESPITE, RULES, Facts, Ring, callee_zone, check, longest_wait, never_rings
from core.ports import Call
from core.reason import WORDS
from core.source import Hours, Policy

MOSCOW = ZoneInfo("Europe/Moscow")
MOBILE = Call("79990000001", "Заявка")
VLADIVOSTOK = Call("74232000001", "Заявка")  # a fixed line: its zone is known
HOUR = 3_600_000
DAYTIME = Policy()


def at(text, zone=MOSCOW):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


NOON = at("2026-08-03 12:00")


def asked(call=MOBILE, policy=DAYTIME, now_ms=NOON, despite=(), dry_run=False, **facts):
    facts.setdefault("received_at_ms", now_ms - 60_000)
    return check(call, Facts(**facts, despite=frozenset(despite)), policy, now_ms, dry_run=dry_run)


def ring(at_ms, script, lead, no=0):
    return Ring(at_ms, script, lead, no)


def said(verdict):
    return verdict.kind, verdict.reason.code if verdict.reason else None


def test_a_fresh_lead_at_noon_is_rung():
    assert said(asked()) == ("allow", None)


# --- each rule


def test_a_test_of_the_form_is_suppressed():
    policy = Policy(test_when=Condition.compile("Email == 'test@example.com'"))
    assert said(asked(policy=policy, payload={"Email": "test@example.com"})) == ("suppress", "test")
    assert said(asked(policy=policy, payload={"Email": "ivan@example.com"})) == ("allow", None)


def test_a_test_condition_that_fails_is_no_and_says_so():
    policy = Policy(test_when=Condition.compile("starts_with(Email, 'test')"))
    verdict = asked(policy=policy, payload={"Email": ["test"]})
    assert verdict.kind == "allow"
    assert "failed" in verdict.rules[0]


def test_who_does_not_want_calls_gets_none():
    assert said(asked(do_not_call=True)) == ("suppress", "do_not_call")


@pytest.mark.parametrize(
    ("number", "rule", "found"),
    [
        ("12025550143", "countries", "US"),
        ("77010000001", "countries", "KZ"),
        ("78002000600", "number_types", "toll_free"),
    ],
)
def test_other_countries_and_types_are_suppressed_by_rule(number, rule, found):
    verdict = asked(Call(number, "s"))
    assert said(verdict) == ("suppress", "rule")
    assert verdict.reason.params["rule"] == rule
    assert found in verdict.reason.params["found"]


def test_a_number_that_may_be_either_counts_as_both():
    for kind in ("mobile", "fixed"):
        policy = Policy(countries=("US",), number_types=(kind,), hours=Hours(0, 1440))
        assert asked(Call("12025550143", "s"), policy).kind == "allow"


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("78402260000", "+7840 (Abkhazia, fixed)"),
        ("79407110000", "+7940 (Abkhazia, mobile)"),
        ("79298030000", "+792980 (South Ossetia, mobile)"),
        ("79298120000", "+792981 (South Ossetia, mobile)"),
        ("79981234567", "+7998 (South Ossetia, mobile)"),
        ("79541012345", "+795410 (satellite)"),
        ("79974450000", "+7997445 (a range that carriers sell dearly)"),
    ],
)
def test_ranges_that_only_look_russian_are_suppressed_and_named(number, found):
    verdict = asked(Call(number, "s"))
    assert said(verdict) == ("suppress", "never_prefix")
    assert verdict.reason.params["found"] == found
    assert asked(Call(number, "s"), replace(DAYTIME, never_prefixes=())).kind == "allow"


def test_no_rearm_sets_a_range_aside():
    assert said(asked(Call("79407110000", "s"), despite=frozenset(DESPITE))) == ("suppress", "never_prefix")


def test_a_lead_that_waited_too_long_by_the_clock_is_held():
    policy = Policy(max_age_ms=0)
    assert asked(policy=policy, received_at_ms=NOON - 96 * HOUR).kind == "allow"
    verdict = asked(policy=policy, received_at_ms=NOON - 96 * HOUR - 1)
    assert said(verdict) == ("hold", "too_old")
    assert verdict.reason.params == {"rule": "max_wait", "limit": "96h"}


def test_the_night_does_not_make_a_lead_older():
    assert asked(received_at_ms=at("2026-08-02 20:00"), now_ms=at("2026-08-03 19:59")).kind == "allow"
    verdict = asked(received_at_ms=at("2026-08-02 18:00"), now_ms=at("2026-08-03 19:30"))
    assert said(verdict) == ("hold", "too_old")
    assert verdict.reason.params == {"rule": "max_age", "limit": "12h"}


def test_age_counts_from_when_the_person_asked_if_that_is_earlier():
    early, late = NOON - 200 * HOUR, NOON + 5 * HOUR
    assert said(asked(asked_at_ms=early)) == ("hold", "too_old")
    assert asked(asked_at_ms=late).kind == "allow"
    assert said(asked(asked_at_ms=late, received_at_ms=early)) == ("hold", "too_old")
    assert said(asked(asked_at_ms=-(10**21))) == ("hold", "too_old")


@pytest.mark.parametrize("since", [0, NOON - 10_000 * HOUR])
def test_off_is_off(since):
    policy = Policy(max_age_ms=0, max_wait_ms=0, once_per_number_ms=0)
    assert asked(policy=policy, received_at_ms=since, rings=(ring(NOON - 1_000, "Заявка", "lead-1"),)).kind == "allow"


def test_who_was_rung_for_another_lead_is_not_rung_again_within_the_window():
    verdict = asked(rings=(ring(NOON - 23 * HOUR, "Другой", "lead-1", 17),))
    assert said(verdict) == ("suppress", "called_recently")
    assert verdict.reason.params["lead"] == "lead-1"
    assert verdict.reason.params["no"] == 17
    assert asked(rings=(ring(NOON - 24 * HOUR, "Другой", "lead-1"),)).kind == "allow"


def test_the_newest_ring_counts_whatever_their_order():
    rings = (ring(NOON - 30 * HOUR, "s", "old"), ring(NOON - HOUR, "s", "new"), ring(NOON - 20 * HOUR, "s", "older"))
    assert asked(rings=rings).reason.params["lead"] == "new"


def test_another_script_may_ring_where_the_policy_says_per_script():
    policy = Policy(once_per_script=True)
    other, same = ring(NOON - HOUR, "Другой", "lead-1"), ring(NOON - 2 * HOUR, "Заявка", "lead-2")
    assert asked(policy=policy, rings=(other,)).kind == "allow"
    assert asked(policy=policy, rings=(other, same)).reason.params["lead"] == "lead-2"


def test_outside_the_hours_a_lead_waits_for_their_beginning():
    verdict = asked(now_ms=at("2026-08-03 21:15:20"))
    assert said(verdict) == ("defer", "quiet_hours")
    assert verdict.until_ms == at("2026-08-04 09:00")
    assert verdict.reason.params == {"opens": "2026-08-04T09:00+03:00", "zone": "Europe/Moscow"}


def test_the_callees_own_clock_counts_where_the_number_tells_it():
    vladivostok = ZoneInfo("Asia/Vladivostok")
    evening = at("2026-08-03 20:30", vladivostok)  # 13:30 in Moscow
    verdict = asked(VLADIVOSTOK, now_ms=evening)
    assert verdict.until_ms == at("2026-08-04 09:00", vladivostok)
    assert asked(VLADIVOSTOK, now_ms=at("2026-08-04 09:00", vladivostok)).kind == "allow"
    assert callee_zone(MOBILE.number, DAYTIME) == MOSCOW


def test_two_calls_to_one_number_are_never_in_flight_at_once():
    verdict = asked(policy=Policy(once_per_number_ms=0), number_busy=True)
    assert said(verdict) == ("defer", "number_busy")
    assert NOON < verdict.until_ms <= NOON + 10_000


def test_a_number_that_was_called_often_enough_waits_until_there_is_room():
    verdict = asked(number_cap=3, number_room_ms=NOON + HOUR)
    assert (said(verdict), verdict.until_ms) == (("defer", "number_cap"), NOON + HOUR)
    assert asked(number_cap=3, number_room_ms=NOON).kind == "allow"


# --- all together

EVERYTHING = {
    "policy": Policy(test_when=Condition.compile("a")),
    "call": Call("12025550143", "s"),
    "now_ms": at("2026-08-03 05:00"),  # the evening before in Washington
    "payload": {"a": "1"},
    "do_not_call": True,
    "forgotten": True,
    "received_at_ms": 0,
    "rings": (ring(at("2026-08-03 04:00"), "s", "lead-1"),),
    "number_busy": True,
    "number_cap": 3,
    "number_room_ms": at("2026-08-04 04:00"),
    "dry_run": True,
}


def test_every_rule_gives_its_verdict_also_after_the_first_no():
    verdict = asked(
        **EVERYTHING | {"policy": replace(EVERYTHING["policy"], number_types=("premium",), never_prefixes=("1",))}
    )
    assert [row["rule"] for row in verdict.rules] == list(RULES)
    assert all(row["verdict"] != "allow" for row in verdict.rules)
    assert said(verdict) == ("suppress", "test")


def test_the_evidence_is_short_and_can_be_stored():
    assert len(json.dumps(asked(**EVERYTHING).rules, ensure_ascii=False)) < 1000


def test_a_lead_that_may_never_ring_does_not_wait_first():
    assert asked(now_ms=at("2026-08-03 23:00"), do_not_call=True).kind == "suppress"
    assert asked(now_ms=at("2026-08-03 23:00"), received_at_ms=0).kind == "hold"


@pytest.mark.parametrize(
    ("word", "facts"),
    [
        ("once_per_number", {"rings": (ring(NOON - HOUR, "s", "lead-1"),)}),
        ("max_age", {"received_at_ms": NOON - 90 * HOUR}),
        ("max_age", {"received_at_ms": 0}),
        ("hours", {"now_ms": at("2026-08-03 23:00")}),
    ],
)
def test_a_rearm_sets_aside_the_rule_it_names_and_no_other(word, facts):
    assert asked(**facts).kind != "allow"
    verdict = asked(despite=[word], **facts)
    assert verdict.kind == "allow"
    assert {row["rule"] for row in verdict.rules if row["verdict"] == "set_aside"} == DESPITE[word]
    for other in set(DESPITE) - {word}:
        assert asked(despite=[other], **facts).kind != "allow"


@pytest.mark.parametrize(
    "facts",
    [
        {"do_not_call": True},
        {"call": Call("12025550143", "s")},
        {"number_busy": True},
        {"number_cap": 3, "number_room_ms": NOON + HOUR},
    ],
)
def test_no_rearm_sets_aside_what_is_not_its_to_set_aside(facts):
    despite = [*DESPITE, *RULES, "do_not_call", "countries", "number_types", "number_busy", ""]
    assert asked(despite=despite, **facts).kind != "allow"


def test_every_reason_has_words_and_they_fit():
    for facts in (
        {"do_not_call": True},
        {"received_at_ms": 0},
        {"number_busy": True},
        {"number_cap": 3, "number_room_ms": NOON + HOUR},
        {"now_ms": at("2026-08-03 23:00")},
    ):
        reason = asked(**facts).reason
        assert "{" not in WORDS[reason.code].format(**reason.params)
    for reason in (asked(Call("12025550143", "s")).reason, asked(rings=(ring(NOON, "s", "lead-1", 17),)).reason):
        assert "{" not in WORDS[reason.code].format(**reason.params)


def test_no_reason_and_no_evidence_holds_the_number():
    verdict = asked(**EVERYTHING)
    assert EVERYTHING["call"].number not in json.dumps([verdict.rules, verdict.reason.params])


# --- what `flask sources check` asks


def test_the_longest_wait_is_the_longest_night():
    assert longest_wait(DAYTIME) == 13 * HOUR
    assert longest_wait(Policy(timezone="Europe/Berlin")) == 14 * HOUR
    assert longest_wait(Policy(hours=Hours(0, 1440))) == 0


@pytest.mark.parametrize(("wait_h", "never"), [(96, False), (13, False), (12, True), (0, False)])
def test_hours_shut_for_longer_than_a_lead_may_wait_are_found(wait_h, never):
    assert never_rings(Policy(max_wait_ms=wait_h * HOUR)) is never


# --- at any minute, in any window, in any zone

POLICIES = st.builds(
    Policy,
    hours=st.builds(Hours, st.integers(0, 1439), st.integers(0, 1440)),
    timezone=st.sampled_from(
        ["Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]
    ),
    countries=st.just(("RU", "US", "DE")),
    max_age_ms=st.sampled_from([0, HOUR, 12 * HOUR]),
    max_wait_ms=st.sampled_from([0, 15 * HOUR, 96 * HOUR]),
)
CALLS = st.sampled_from(
    [MOBILE, VLADIVOSTOK, Call("12125550143", "s"), Call("4930123456", "s"), Call("79610000001", "s")]
)
MOMENTS = st.integers(at("2025-10-20 00:00"), at("2026-11-10 00:00"))


@given(CALLS, POLICIES, MOMENTS, st.integers(0, 100 * HOUR))
def test_no_lead_is_ever_allowed_outside_the_window(call, policy, now, waited):
    verdict = asked(call, policy, now, received_at_ms=now - waited)
    inside = hours.is_open(policy.hours, callee_zone(call.number, policy), now)
    if verdict.kind == "allow":
        assert inside
    if verdict.kind == "defer":
        assert not inside


@given(CALLS, POLICIES, MOMENTS)
def test_who_is_told_to_wait_is_allowed_at_that_very_minute_and_not_before(call, policy, now):
    verdict = asked(call, policy, now, received_at_ms=now)
    if verdict.kind != "defer":
        return
    assert verdict.until_ms > now
    assert asked(call, policy, verdict.until_ms - 1, received_at_ms=now).kind != "allow"
    later = asked(call, policy, verdict.until_ms, received_at_ms=now)
    waited_out = 0 < policy.max_wait_ms < verdict.until_ms - now
    assert later.kind == ("hold" if waited_out else "allow")


@given(CALLS, POLICIES, MOMENTS)
def test_a_night_alone_makes_no_lead_too_old_for_max_age(call, policy, now):
    policy = replace(policy, max_wait_ms=0)
    verdict = asked(call, policy, now, received_at_ms=now)
    moment = verdict.until_ms if verdict.kind == "defer" else now
    assert asked(call, policy, moment, received_at_ms=now).kind == "allow"


def test_a_test_may_be_told_by_the_number_it_carries():
    panel = Policy(test_when=Condition.compile("_call.sample"))
    assert said(asked(Call("79991234567", "Заявка"), panel)) == ("suppress", "test")
    assert said(asked(MOBILE, panel)) == ("allow", None)
    own = Policy(test_when=Condition.compile("_call.number == '79990000001'"))
    assert said(asked(MOBILE, own)) == ("suppress", "test")
