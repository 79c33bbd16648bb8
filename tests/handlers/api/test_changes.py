"""A person's changes through the API: cancel, remap, rearm, resolve, and many at once."""

import pytest

from flow import bulk
from store.queries import Wanted
from tests.fakes import LOST, NO, SHOP
from tests.handlers.problems import problem_of
from tests.store.leads_in import lead_in


def take(gateway, n=1, phone=None, **more):
    return gateway.take({"id": str(n), "phone": phone or f"7999000{n:04}"}, **more)


def test_cancel_ends_a_lead_in_the_operators_name(api, gateway):
    lead_id = take(gateway)
    lead = api.post(f"/api/leads/{lead_id}/cancel", {"why": "a joke"}, **{"X-Operator": "Anna"}).json
    assert (lead["id"], lead["state"]) == (lead_id, "cancelled")
    last = lead["history"][-1]
    assert (last["transition"], last["who"], last["why"]) == ("cancel", "Anna", "a joke")
    assert lead == api.read(f"/api/leads/{lead_id}")


@pytest.mark.parametrize(
    ("header", "who"),
    [
        ({}, "api"),
        ({"X-Operator": " "}, "api"),
        ({"X-Operator": "Анна".encode().decode("latin-1")}, "Анна"),
        ({"X-Operator": "a\tb"}, "a b"),
        ({"X-Operator": "x" * 300}, "x" * 100),
    ],
)
def test_who_changed_it_is_kept(api, gateway, header, who):
    lead_id = take(gateway)
    lead = api.post(f"/api/leads/{lead_id}/cancel", {"why": "a joke"}, **header).json
    assert lead["history"][-1]["who"] == who


def test_a_change_takes_the_short_number_too(api, gateway):
    lead_id = take(gateway)
    no = api.read(f"/api/leads/{lead_id}")["no"]
    assert api.post(f"/api/leads/{no}/cancel", {"why": "a joke"}).json["id"] == lead_id


def test_remap_maps_a_held_lead_again(api, gateway):
    lead_id = gateway.take({"id": "1", "tel": "79990000001"})
    gateway.work()
    gateway.put("shop", SHOP.replace("field: phone", "field: tel"))
    assert api.post(f"/api/leads/{lead_id}/remap", {"why": "the field is tel"}).json["state"] == "received"
    gateway.work()
    assert api.read(f"/api/leads/{lead_id}")["state"] == "accepted"


def test_rearm_rings_again_in_a_new_round(api, gateway):
    gateway.voice.outcomes = [NO]
    lead_id = take(gateway)
    gateway.work()
    lead = api.post(f"/api/leads/{lead_id}/rearm", {"why": "the script is there now", "despite": ["hours"]}).json
    assert lead["state"] == "ready"
    assert lead["history"][-1]["trace"] == {"despite": ["hours"]}
    gateway.work()
    lead = api.read(f"/api/leads/{lead_id}")
    assert lead["state"] == "accepted"
    assert [attempt["round"] for attempt in lead["attempts"]] == [1, 2]


def test_resolve_keeps_what_the_providers_panel_said(api, gateway):
    gateway.voice.outcomes = [LOST]
    lead_id = take(gateway)
    gateway.work()
    lead = api.post(f"/api/leads/{lead_id}/resolve", {"why": "it is in the panel", "provider_id": "4711"}).json
    assert lead["state"] == "accepted"
    assert lead["attempts"][0]["provider_id"] == "4711"


@pytest.mark.parametrize("change", ["remap", "resolve"])
def test_what_the_state_forbids_is_409_with_the_reason(api, gateway, change):
    lead_id = take(gateway)
    gateway.work()
    problem_of(api.post(f"/api/leads/{lead_id}/{change}", {"why": "x"}), 409)
    assert gateway.lead(lead_id).state == "accepted"


def test_a_call_that_may_still_come_to_light_is_not_rung_again(api, gateway):
    gateway.voice.outcomes = [LOST]
    lead_id = take(gateway)
    gateway.work()
    said = problem_of(api.post(f"/api/leads/{lead_id}/rearm", {"why": "again"}), 409)
    assert "min" in said["title"]


def test_what_has_changed_since_it_was_seen_is_left_alone(api, gateway):
    lead_id = take(gateway)
    seen = api.read(f"/api/leads/{lead_id}")["history"][-1]["n"]
    gateway.voice.outcomes = [NO]
    gateway.work()
    problem_of(api.post(f"/api/leads/{lead_id}/cancel", {"why": "x", "seen": seen}), 409)
    seen = api.read(f"/api/leads/{lead_id}")["history"][-1]["n"]
    assert api.post(f"/api/leads/{lead_id}/cancel", {"why": "x", "seen": seen}).json["state"] == "cancelled"


@pytest.mark.parametrize(
    ("change", "body", "wrong"),
    [
        ("cancel", {}, "why"),
        ("cancel", {"why": ""}, "why"),
        ("cancel", {"why": "x", "provider_id": "1"}, "provider_id"),
        ("remap", {"why": "x", "seen": "1"}, "seen"),
        ("rearm", {"why": "x", "despite": ["do_not_call"]}, "despite"),
        ("rearm", {"why": "x", "despite": "hours"}, "despite"),
        ("rearm", {"why": "x", "again": True}, "seen"),
        ("resolve", {"why": "x", "provider_id": 5}, "provider_id"),
    ],
)
def test_a_wrong_wish_is_refused_before_the_lead_is_looked_at(api, gateway, change, body, wrong):
    lead_id = take(gateway)
    assert wrong in problem_of(api.post(f"/api/leads/{lead_id}/{change}", body), 422)["errors"]
    assert gateway.lead(lead_id).history_n == 1


def test_a_wish_to_ring_once_more_that_its_program_repeats_rings_once(api, gateway):
    lead_id = take(gateway)
    gateway.work()
    wish = {"why": "asked by phone", "again": True, "seen": gateway.lead(lead_id).history_n}
    assert api.post(f"/api/leads/{lead_id}/rearm", wish).json["state"] == "ready"
    gateway.work()
    problem_of(api.post(f"/api/leads/{lead_id}/rearm", wish), 409)
    gateway.work()
    assert len(gateway.voice.asked) == 2


@pytest.mark.parametrize("change", ["cancel", "remap", "rearm", "resolve"])
def test_a_lead_that_is_not_there_is_404(api, change):
    problem_of(api.post(f"/api/leads/999999/{change}", {"why": "x"}), 404)


def lost(gateway, *numbers):
    gateway.voice.outcomes = [LOST] * len(numbers)
    ids = [take(gateway, n) for n in numbers]
    gateway.work()
    return ids


def test_many_at_once_are_first_only_counted(api, gateway):
    ids = lost(gateway, 1, 2, 3)
    answer = api.post("/api/leads/bulk", {"filter": {"state": "unknown"}, "do": "cancel", "why": "too late"}).json
    assert answer == {
        "dry_run": True,
        "count": 3,
        "sources": {"shop": 3},
        "kinds": {"no_answer": 3},
        "done": 0,
        "refused": [],
        "next": None,
    }
    assert {gateway.lead(one).state for one in ids} == {"unknown"}


def test_many_at_once_get_one_history_row_each(api, gateway):
    ids = lost(gateway, 1, 2, 3)
    gateway.clock.forward(3600)
    wish = {"filter": {"state": "unknown", "how": "no_answer"}, "do": "rearm", "why": "the panel shows none"}
    answer = api.post(
        "/api/leads/bulk", {**wish, "despite": ["hours"], "dry_run": False}, **{"X-Operator": "Anna"}
    ).json
    assert (answer["dry_run"], answer["count"], answer["done"], answer["refused"]) == (False, 3, 3, [])
    for one in ids:
        lead = api.read(f"/api/leads/{one}")
        assert lead["state"] == "ready"
        assert [(h["transition"], h["who"], h["why"]) for h in lead["history"]][-1] == (
            "rearm", "Anna", "the panel shows none",
        )  # fmt: skip


def test_what_may_not_be_changed_among_many_is_told_and_left(api, gateway):
    (young,) = lost(gateway, 1)
    gateway.clock.forward(3600)
    fresh = lost(gateway, 2)[0]
    wish = {"filter": {"state": "unknown"}, "do": "rearm", "why": "again", "dry_run": False}
    answer = api.post("/api/leads/bulk", wish).json
    assert (answer["count"], answer["done"]) == (2, 1)
    (refused,) = answer["refused"]
    assert refused["id"] == fresh
    assert "min" in refused["text"]
    assert (gateway.lead(young).state, gateway.lead(fresh).state) == ("ready", "unknown")


def test_a_filter_bounds_what_many_means(api, gateway):
    old = take(gateway, 1)
    gateway.clock.forward(7200)
    new = take(gateway, 2)
    wish = {
        "filter": {"state": "received", "since": "2026-11-25T10:00:00Z"},
        "do": "cancel",
        "why": "x",
        "dry_run": False,
    }
    assert api.post("/api/leads/bulk", wish).json["done"] == 1
    assert (gateway.lead(old).state, gateway.lead(new).state) == ("received", "cancelled")
    elsewhere = {"filter": {"state": "received", "source": "other"}, "do": "cancel", "why": "x", "dry_run": False}
    assert api.post("/api/leads/bulk", elsewhere).json["count"] == 0


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"filter": {}, "do": "cancel", "why": "x"}, 422),
        ({"filter": {"state": "unknown"}, "do": "resolve", "why": "x"}, 422),
        ({"filter": {"state": "unknown"}, "do": "cancel"}, 422),
        ({"filter": {"state": "unknown"}, "do": "cancel", "why": "x", "dry_run": "no"}, 422),
        ({"filter": {"state": "unknown", "sources": "shop"}, "do": "cancel", "why": "x"}, 422),
        ({"filter": {"state": "calling"}, "do": "cancel", "why": "x"}, 409),
        ({"filter": {"state": "held"}, "do": "cancel", "why": "x", "despite": ["hours"], "dry_run": False}, 409),
    ],
)
def test_a_wrong_wish_for_many_is_refused(api, wish, status):
    problem_of(api.post("/api/leads/bulk", wish), status)


def test_a_go_takes_at_most_500_and_says_where_to_go_on(api, gateway):
    with gateway.store.write() as tx:
        for _ in range(502):
            lead_in(tx)
    wish = {"do": "cancel", "why": "the form was a test"}
    first = api.post("/api/leads/bulk", {**wish, "filter": {"state": "received"}}).json
    rest = api.post("/api/leads/bulk", {**wish, "filter": {"state": "received", "cursor": first["next"]}}).json
    assert (first["count"], rest["count"], rest["next"]) == (500, 2, None)


def test_goes_follow_one_another(gateway):
    ids = [take(gateway, n) for n in range(5)]
    wanted, place, changed = Wanted(state="received"), None, []
    while True:
        planned = bulk.plan(gateway.parts, wanted, "cancel", place, at_most=2)
        changed.append(bulk.carry_out(gateway.parts, planned, "cancel", "Anna", "the form was a test").changed)
        place = planned.next
        if place is None:
            break
    assert changed == [2, 2, 1]
    assert {gateway.lead(one).state for one in ids} == {"cancelled"}
