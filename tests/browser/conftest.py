"""A real browser over the whole application: Debian's chromium, one for all tests of a process."""

import os
import shutil
from contextlib import contextmanager

import pytest

from store.engine import Store
from tests import databases
from tests.browser.scene import Served, fill
from tests.fakes import Clock, Stage

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SIZES = {"desktop": (1440, 900), "phone": (390, 844), "narrow": (320, 800)}


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        if os.environ.get("CI"):
            raise pytest.UsageError("CI must not skip the browser's part: apt-get install chromium fonts-dejavu-core")
        pytest.skip("no chromium: apt-get install -y --no-install-recommends chromium fonts-dejavu-core")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM)
        yield opened
        opened.close()


def a_morning(folder, many):
    clock = Clock()
    store = Store(databases.new_file(folder), clock=clock)
    stage = Stage(store, clock, folder / "run")
    fill(stage, many)
    return Served(stage, folder / "sources", VOICE_PANEL_URL="https://panel.example/")


@pytest.fixture(scope="session")
def morning(tmp_path_factory):
    """A morning that tests only look at."""
    served = a_morning(tmp_path_factory.mktemp("morning"), 40)
    yield served
    served.close()


@pytest.fixture
def served(tmp_path):
    """A morning of the test's own."""
    opened = a_morning(tmp_path, 26)
    yield opened
    opened.close()


class Seen:
    """What a page did that it should not: errors on its console, and what its policy forbade."""

    def __init__(self, page) -> None:
        self.page = page
        self.errors = []
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.add_init_script(
            "window.forbidden = [];"
            "addEventListener('securitypolicyviolation',"
            " e => window.forbidden.push(e.violatedDirective + ' ' + e.sample));"
        )

    def forbidden(self):
        return self.page.evaluate("window.forbidden")

    def too_wide(self, width):
        """By the width that was asked for: a phone's window widens with a page that is too wide."""
        return max(0, self.page.evaluate("document.documentElement.scrollWidth") - width)


def until_read(page, click):
    """The click, and the wait for the page that it leads to: half of one holds not yet what a test looks for."""

    def clicked(*where, **more):
        click(*where, **more)
        page.wait_for_load_state()

    return clicked


@contextmanager
def opened(browser, served, name, role, *, size="desktop", language="en", theme="light", scripts=True):
    """A page of somebody of this role who is in."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        locale={"ru": "ru-RU", "en": "en-GB"}[language],
        color_scheme=theme,
        java_script_enabled=scripts,
        is_mobile=size != "desktop",
        has_touch=size != "desktop",
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    page.click = until_read(page, page.click)
    page.goto(served.link(name, role))
    page.click("main form button.main-one")
    page.wait_for_load_state()
    page.goto(f"{served.base}/console/")
    try:
        yield page
    finally:
        context.close()


@pytest.fixture
def sign_in(browser, request):
    """`with sign_in(served, "operator") as page:`."""
    count = iter(range(1000))

    def enter(served, role, **more):
        name = f"{role} {request.node.name[:18]} {next(count)}".replace("[", " ").replace("]", " ")
        return opened(browser, served, name[:40].strip(), role, **more)

    return enter
