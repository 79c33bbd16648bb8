"""Every page, over roles, languages, themes and sizes: nothing is in anybody's way, nothing runs that should not."""

import itertools

import pytest
from axe_playwright_python.sync_playwright import Axe

from core.people import ROLES, may
from tests.browser.conftest import SIZES, Seen, opened
from tests.browser.scene import NAMES

PAGES = {
    "": "viewer",
    "?chart=month": "viewer",
    "decide": "viewer",
    "decide?state=refused": "operator",
    "leads": "viewer",
    "leads?state=held&period=24h": "viewer",
    "leads/{unknown}?of=decide": "operator",
    "leads/{suppressed}": "viewer",
    "leads/{held}": "operator",
    "leads/{accepted}": "operator",
    "sources": "viewer",
    "sources/new": "owner",
    "sources/tilda-main": "viewer",
    "sources/tilda-main/lab": "operator",
    "do-not-call": "operator",
    "policy": "viewer",
    "alarms": "viewer",
    "deliveries": "operator",
    "users": "owner",
    "tokens": "owner",
    "audit": "owner",
    "me": "viewer",
    "nothing": "viewer",
}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS = list(itertools.product(("ru", "en"), ("light", "dark")))


def axe(page):
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}}).response["violations"]
    return [f"{one['id']}: {node['html'][:160]}" for one in found for node in one["nodes"]]


def address(served, path):
    """The path with a lead of each state in it."""
    leads = [served.stage.lead(one) for one in served.stage.lead_ids()]
    return path.format(**{lead.state: lead.no for lead in leads})


@pytest.fixture(scope="session")
def insides(browser, morning):
    """A page of each role, size, language and theme, opened when it is first asked for."""
    known, managers = {}, []

    def page_of(role, size, language, theme):
        key = (role, size, language, theme)
        if key not in known:
            name = f"{role} {size} {language} {theme}"
            manager = opened(browser, morning, name, role, size=size, language=language, theme=theme)
            managers.append(manager)
            page = manager.__enter__()
            known[key] = page, Seen(page)
        return known[key]

    yield page_of
    for manager in managers:
        manager.__exit__(None, None, None)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", SIZES)
def test_a_page_is_open_to_everybody_and_does_nothing_else(insides, morning, path, size):
    nth = list(PAGES).index(path)
    roles = [role for role in ROLES if may(role, PAGES[path])]
    role = roles[(nth + list(SIZES).index(size)) % len(roles)]
    language, theme = LOOKS[(nth * 3 + list(SIZES).index(size)) % len(LOOKS)]
    page, seen = insides(role, size, language, theme)
    seen.errors.clear()
    page.goto(f"{morning.base}/console/{address(morning, path)}")
    if size != "narrow":
        assert axe(page) == []
    expected = ["404"] if path == "nothing" else []
    assert [error for error in seen.errors if not any(code in error for code in expected)] == []
    assert seen.forbidden() == []
    assert seen.too_wide(SIZES[size][0]) == 0
    assert page.evaluate("document.querySelectorAll('*').length") <= 1500


def test_the_checks_see_a_page_that_is_wrong_in_every_way(insides, morning):
    """The control: an inline script, a picture without a text, a box that is too wide."""
    page, seen = insides("viewer", "phone", "en", "light")
    seen.errors.clear()
    real = page.request.get(f"{morning.base}/console/")
    body = (
        '<!doctype html><html lang="en"><head><title>x</title><meta name="viewport" content="width=device-width">'
        '</head><body><script>window.ran = 1</script><img src="/console/assets/favicon.svg">'
        '<table width="900"><tr><td>wide</td></tr></table></body></html>'
    )
    page.route("**/console/control", lambda route: route.fulfill(body=body, headers=real.headers))
    page.goto(f"{morning.base}/console/control")
    assert any("image-alt" in one for one in axe(page))
    assert seen.errors
    assert seen.forbidden()
    assert seen.too_wide(390) > 0
    assert page.evaluate("window.ran") is None
    page.unroute("**/console/control")


def test_at_twice_the_size_nothing_scrolls_sideways(insides, morning):
    page, seen = insides("owner", "desktop", "ru", "light")
    page.set_viewport_size({"width": 720, "height": 450})
    for path in ("", "decide", "leads", "leads/{unknown}", "sources/tilda-main/lab", "policy"):
        page.goto(f"{morning.base}/console/{address(morning, path)}")
        assert seen.too_wide(720) == 0, path
    page.set_viewport_size({"width": 1440, "height": 900})


def test_pages_stay_within_their_budgets(insides, morning):
    page, _seen = insides("owner", "desktop", "ru", "light")
    for path in PAGES:
        where = f"{morning.base}/console/{address(morning, path)}"
        limit = 60_000 if path.startswith(("leads", "decide", "deliveries", "users", "audit")) else 35_000
        size = len(page.request.get(where).body())
        assert size <= limit, (path, size)
    first = page.context.browser.new_context()
    fresh = first.new_page()
    asked = []
    fresh.on("request", lambda request: asked.append(request.url))
    fresh.goto(f"{morning.base}/console/login")
    first.close()
    assert len(asked) <= 6, asked


def test_long_names_are_whole_on_a_phone(insides, morning):
    page, _seen = insides("operator", "phone", "ru", "light")
    page.goto(f"{morning.base}/console/leads")
    assert NAMES.split(",")[10] in page.inner_text("main")


@pytest.mark.parametrize(("size", "language"), [("desktop", "en"), ("phone", "ru")])
def test_a_source_is_made_and_its_address_is_shown_once(served, sign_in, size, language):
    with sign_in(served, "owner", size=size, language=language) as page:
        seen = Seen(page)
        page.goto(f"{served.base}/console/sources")
        page.click("main a[href$='/sources/new']")
        page.select_option("[name=preset]", "tilda")
        page.fill("[name=name]", "spring-sale")
        page.click("main form button.main-one")
        page.wait_for_selector("main .strip.green code")
        address = page.inner_text("main .strip.green code")
        assert "/hooks/spring-sale" in address
        assert axe(page) == []
        assert (seen.errors, seen.forbidden(), seen.too_wide(SIZES[size][0])) == ([], [], 0)
        page.click("main a.button.main-one")
        assert "spring-sale.yaml" in page.inner_text("main")
        assert address.rsplit("token=")[-1] not in page.content()
