"""Deciding: what a form carries is what its reader saw, and nobody is rung by a slip of the hand."""

import re

import pytest

from tests.fakes import LOST, NO

SETTLED_S = 20 + 10 * 60 + 1  # the deadline of a call, and ten minutes


def seen(gateway, *ids):
    return [f"{one}:{gateway.lead(one).history_n}" for one in ids]


@pytest.fixture
def lost(gateway):
    """Four calls of unknown fate."""
    gateway.alive()
    gateway.voice.otherwise = LOST
    ids = []
    for n in range(4):
        ids.append(gateway.take({"id": str(n), "name": f"Person {n}", "phone": f"7999000000{n}"}))
        gateway.work()
    gateway.voice.asked.clear()
    return ids


def test_four_unknowns_are_closed_by_one_press_on_the_page_that_lies_open(operator, gateway, lost):
    page = operator.get("/console/decide")
    leads = re.findall(r'name="lead" value="([^"]+)" checked', page)
    assert len(leads) == 4
    assert "It rang: close" in page
    after = operator.post("/console/act", do="resolve", lead=leads, next="/console/decide")
    assert "4 leads are decided" in after
    assert {gateway.lead(one).state for one in lost} == {"accepted"}
    assert gateway.story(lost[0])["history"][-1]["who"] == "the operator"


def test_of_a_large_case_the_oldest_are_shown_and_no_other_is_decided(operator, gateway, lost, monkeypatch):
    monkeypatch.setattr("handlers.console.decide.A_CASE", 3)
    page = operator.get("/console/decide")
    leads = re.findall(r'name="lead" value="([^:]+):\d+" checked', page)
    assert leads == lost[:3]
    assert "The oldest 3 of 4." in page
    assert "4 leads" in page


def test_what_changed_since_is_left_alone_and_named(operator, as_, gateway, lost):
    operator.get("/console/decide")
    stale = seen(gateway, *lost)
    other = as_("operator", "Olga")
    other.get("/console/decide")
    other.post("/console/act", do="cancel", lead=stale[:1], next="/console/decide")
    page = operator.post("/console/act", do="resolve", lead=stale, next="/console/decide")
    assert "3 leads are decided" in page
    assert "1 lead was left as it is" in page
    assert "Olga" in page
    assert gateway.lead(lost[0]).state == "cancelled"
    assert "was left" not in operator.get("/console/decide")  # told once


def test_a_stale_page_rings_nobody_a_third_time(operator, gateway, lost, clock):
    """unknown -> rearmed -> unknown again looks the same to a page that was open all the time."""
    clock.forward(SETTLED_S)
    operator.get("/console/decide")
    stale = seen(gateway, lost[0])
    operator.post("/console/act", do="rearm", lead=stale, next="/console/decide")
    gateway.work()
    assert gateway.lead(lost[0]).state == "unknown"
    clock.forward(SETTLED_S)
    assert len(gateway.voice.asked) == 1
    operator.post("/console/act", do="rearm", lead=stale, next="/console/decide")
    gateway.work()
    assert len(gateway.voice.asked) == 1


def test_a_double_press_rings_once(operator, gateway, lost, clock):
    clock.forward(SETTLED_S)
    operator.get("/console/decide")
    form = seen(gateway, lost[0])
    for _ in range(2):
        operator.post("/console/act", do="rearm", lead=form, next="/console/decide")
    gateway.work()
    assert len(gateway.voice.asked) == 1


def test_before_the_last_call_can_have_come_to_light_ringing_is_neither_offered_nor_done(operator, gateway, lost):
    page = operator.get("/console/decide")
    assert re.search(r"<button[^>]*disabled[^>]*>It did not ring: call: possible from", page)
    page = operator.post("/console/act", do="rearm", lead=seen(gateway, lost[0]), next="/console/decide")
    assert "may still come to light" in page
    assert gateway.lead(lost[0]).state == "unknown"


def test_the_panel_says_how_many_are_called_and_what_it_costs_at_most(operator, gateway, lost, clock):
    clock.forward(SETTLED_S)
    page = operator.get("/console/decide")
    assert "We will call 4 people now" in page
    assert re.search(r"At most 40.₽", page)
    assert "hears it twice" in page


def test_the_panel_names_who_would_not_be_called(operator, gateway, lost, clock):
    from flow import do_not_call

    do_not_call.add(gateway.parts, {"79990000001": "asked"}, "test")
    clock.forward(SETTLED_S)
    page = operator.get("/console/decide")
    assert "We will call 3 people now" in page
    assert "will not be called: The number is on the do-not-call list" in page


def test_a_refused_call_is_rung_again_with_a_reason(operator, gateway):
    gateway.alive()
    gateway.voice.outcomes = [NO]
    lead_id = gateway.take({"id": "1", "phone": "79990000001"})
    gateway.work()
    operator.get(f"/console/leads/{lead_id}")
    form = {"do": "rearm", "lead": seen(gateway, lead_id), "why-rearm": "topped up", "next": "/console/decide"}
    assert "1 lead will be called" in operator.post("/console/act", **form)
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"
    row = next(one for one in gateway.story(lead_id)["history"] if one["transition"] == "rearm")
    assert (row["who"], row["why"]) == ("the operator", "topped up")


def test_a_held_lead_is_mapped_again_after_its_source_was_mended(operator, gateway):
    gateway.alive()
    lead_id = gateway.take({"id": "1", "tel": "79990000001"})
    gateway.work()
    page = operator.get("/console/decide")
    assert "Recompute" in page
    from tests.fakes import SHOP

    gateway.put("shop", SHOP.replace("field: phone", "field: [phone, tel]"))
    operator.post("/console/act", do="remap", lead=seen(gateway, lead_id), next="/console/decide")
    gateway.work()
    assert gateway.lead(lead_id).state == "accepted"


def test_too_many_calls_a_minute_are_left(operator, gateway, lost, clock):
    from flow import people

    clock.forward(SETTLED_S)
    for _ in range(people.REARMS_A_MINUTE - 1):
        people.note(gateway.parts, "the operator", "rearm")
    operator.get("/console/decide")
    page = operator.post("/console/act", do="rearm", lead=seen(gateway, *lost), next="/console/decide")
    assert "1 lead will be called" in page
    assert page.count("at most 60 calls a minute") == 3


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"do": "rearm"},
        {"do": "erase", "lead": "x:1"},
        {"do": "cancel", "lead": "x"},
        {"do": "cancel", "lead": "x:y"},
        {"do": "cancel", "lead": [f"x{n}:1" for n in range(101)]},
    ],
)
def test_a_form_that_no_page_made_is_refused(operator, form):
    operator.get("/console/")
    assert operator.send("/console/act", **form).status_code == 400


def test_a_viewer_sees_no_button_and_changes_nothing(viewer, gateway, lost):
    page = viewer.get("/console/decide")
    assert "It rang: close" not in page
    assert viewer.send("/console/act", do="cancel", lead=seen(gateway, lost[0])).status_code == 403
    assert gateway.lead(lost[0]).state == "unknown"


def test_enter_in_a_field_presses_no_button(operator, lost):
    """The first button of the case's form is what a browser presses for Enter: it is one that cannot be pressed."""
    page = operator.get("/console/decide")
    form = page[page.index('action="/console/act"') :]
    assert form.index("<button disabled hidden>") < form.index('name="do"')


def test_a_pause_stops_ringing_and_is_on_every_page(operator, gateway, lost, clock):
    operator.get("/console/")
    page = operator.post("/console/pause", chip="something looks wrong")
    assert "Calls were stopped by the operator" in page
    assert "something looks wrong" in operator.get("/console/leads")
    gateway.take({"id": "new", "phone": "79990000009"})
    gateway.work()
    assert gateway.voice.asked == []
    assert "1 lead waits" in operator.get("/console/")
    operator.post("/console/resume", why="mended", seen=operator.seen)
    gateway.work()
    assert len(gateway.voice.asked) == 1


def test_the_pulse_says_what_is_new_and_nothing_while_all_is_as_it_was(operator, gateway, lost):
    first = operator.http.get("/console/pulse")
    assert first.json == {"inbox": 4, "newest": 4, "paused": False}
    again = operator.http.get("/console/pulse", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    gateway.take({"id": "new"})
    gateway.work()
    changed = operator.http.get("/console/pulse", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.json["inbox"] == 5
