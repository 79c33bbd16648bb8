"""Forms that come twice, late, from another tab or out of the browser's history: nobody is rung by one, nobody waits
unseen, and whoever pressed is told."""

import re
from html import unescape

import pytest

from tests.fakes import LOST, NO, SHOP, YES
from tests.handlers.console.test_act import SETTLED_S

FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
FIELD = re.compile(r"<(?:input|button)\b([^>]*)>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
# Where an operator looks: every form that acts stands on one of these.
PAGES = ("/console/decide", "/console/leads/{lead}", "/console/policy", "/console/do-not-call", "/console/alarms")
NOT_ACTING = (
    "/console/logout",
    "/console/do-not-call/import",
    "/console/alarms/test",
    "/console/choose",
    "/console/leads/find",
)


def forms(page):
    """(where it is sent, its fields) of each button of each form: what a press on it would send."""
    for opening, inside in FORM.findall(page):
        where = dict(ATTRIBUTE.findall(opening))
        if where.get("method") != "post" or where["action"] in NOT_ACTING:
            continue
        fields, buttons = {}, []
        for one in FIELD.findall(inside):
            said = {name: unescape(value) for name, value in ATTRIBUTE.findall(one)}
            kind = said.get("type", "")
            chosen = kind not in ("radio", "checkbox") or re.search(r"\bchecked\b", one)
            if re.search(r"\bdisabled\b", one) or not chosen:
                continue
            if "<button" in f"<{one}" or f"<button{one}>" in inside:
                buttons.append((said.get("formaction", where["action"]), said))
            elif "name" in said:
                fields.setdefault(said["name"], []).append(said.get("value", ""))
        for action, said in buttons:
            pressed = {said["name"]: [said.get("value", "")]} if "name" in said else {}
            yield unescape(action), {**fields, **pressed}


@pytest.fixture
def scene(gateway, clock):
    """A call of unknown fate, one refused, one held and one that waits; the first may be rung again. Their ids."""
    gateway.alive()
    ids = []
    for n, outcome in enumerate((LOST, NO)):
        gateway.voice.outcomes = [outcome]
        ids.append(gateway.take({"id": str(n), "name": f"Person {n}", "phone": f"7999000000{n}"}))
        gateway.work()
    ids.append(gateway.take({"id": "held", "name": "Held", "phone": "none"}))
    gateway.work()
    clock.forward(SETTLED_S)
    gateway.alive()
    gateway.voice.otherwise = YES
    gateway.voice.asked.clear()
    return ids


def rings(gateway):
    gateway.work()
    return [call.number for call in gateway.voice.asked]


def pressed_of(reader, gateway, scene):
    """Each press that the pages offer, as (page, action, fields), as they stand now."""
    paths = [path for path in PAGES if "{lead}" not in path]
    paths += [f"/console/leads/{gateway.lead(one).no}" for one in scene]
    paths += [f"/console/decide?state={state}" for state in ("unknown", "refused", "held")]
    return [(path, *form) for path in paths for form in forms(reader.get(path))]


def test_each_press_sent_twice_and_again_from_the_history_rings_nobody_twice(as_, gateway, scene, clock):
    """All that two operators see is pressed by both, twice, and once more out of the history when it has long been
    decided; in each of the two languages."""
    one, other = as_("operator", "Olga"), as_("operator", "Ivan")
    seen = pressed_of(one, gateway, scene)
    assert len({action for _page, action, _fields in seen}) >= 6
    assert {"rearm", "resolve", "cancel", "remap"} <= {do for *_, fields in seen for do in fields.get("do", ())}
    for round_ in range(3):
        for _page, action, fields in seen:
            for reader in (one, other):
                for _ in range(2):
                    answer = reader.send(action, **{**fields, "csrf_token": reader.csrf})
                    assert answer.status_code in (200, 303, 404, 409), (action, fields, answer.status_code)
            one.send("/console/choose", language=("ru", "en")[round_ % 2], next="/console/decide")
        rung = rings(gateway)
        assert len(rung) == len(set(rung)), rung
        clock.forward(SETTLED_S)
        gateway.alive()
    assert len(rings(gateway)) <= 2


def test_a_pause_that_was_made_since_is_not_ended_by_a_form_that_saw_another(as_, gateway):
    """Double press, second tab and history: each would have opened the tap that somebody else has closed since."""
    gateway.alive()
    one, other = as_("operator", "Olga"), as_("operator", "Ivan")
    one.get("/console/policy")
    one.post("/console/pause", account="main", why="topping up")
    stale = one.seen
    assert len(stale) >= 1
    assert "Calls are on again" in one.post("/console/resume", account="main", seen=stale)
    gateway.clock.forward(5)
    other.get("/console/policy")
    other.post("/console/pause", why="a wrong script")
    gateway.take({"id": "1", "phone": "79990000001"})
    for fields in ({"account": "main"}, {}, {"account": "main", "next": "/console/decide"}):
        page = one.post("/console/resume", why="mended", seen=stale, **fields)
        assert re.search(r"main was stopped at \S+ by Ivan, after you looked", unescape(page))
        assert "Calls are on again" not in page
    assert rings(gateway) == []
    assert one.send("/console/resume", account="main", why="no pause named").status_code == 303
    assert rings(gateway) == []
    one.get("/console/policy")
    assert "Calls are on again" in one.post("/console/resume", account="main", why="agreed", seen=one.seen)
    assert rings(gateway) == ["79990000001"]


def test_a_press_after_the_session_ended_does_nothing_and_leads_to_the_sign_in(operator, gateway, scene):
    from flow import people

    seen = pressed_of(operator, gateway, scene)
    people.end_sessions(gateway.parts, operator.user, "test")
    before = {one: gateway.lead(one).history_n for one in scene}
    for _page, action, fields in seen:
        answer = operator.send(action, **{**fields, "csrf_token": operator.csrf})
        assert answer.status_code in (303, 400), (action, answer.status_code)
        if answer.status_code == 303:
            assert "/console/login" in answer.headers["Location"], action
    assert {one: gateway.lead(one).history_n for one in scene} == before
    assert rings(gateway) == []


def test_a_held_lead_that_was_recomputed_by_another_is_not_cancelled_by_who_still_sees_it_held(as_, gateway, scene):
    one, other = as_("operator", "Olga"), as_("operator", "Ivan")
    presses = [(action, fields) for _page, action, fields in pressed_of(one, gateway, scene[2:])]
    cancels = [(a, f) for a, f in presses if f.get("do") == ["cancel"] and any(scene[2] in x for x in f["lead"])]
    assert cancels
    gateway.put("shop", SHOP.replace("field: phone", "field: [mobile, phone]"))
    remap = next((a, f) for a, f in presses if f.get("do") == ["remap"] and any(scene[2] in x for x in f["lead"]))
    other.get("/console/decide")
    other.send(remap[0], **{**remap[1], "csrf_token": other.csrf})
    for action, fields in cancels:
        one.send(action, **{**fields, "csrf_token": one.csrf})
    assert gateway.lead(scene[2]).state != "cancelled"
    assert "was left as it is" in one.get("/console/decide")
