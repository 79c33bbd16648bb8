"""A morning: 217 leads of 8 sources lie there from the night; what needs a person is decided by the console alone."""

import random
import time

from core.states import NEEDS_A_PERSON
from store import inbox
from store.engine import Store
from tests import databases
from tests.browser.scene import LOST, MAIN, POOR, QUIZ, YES, Served
from tests.fakes import Clock, Stage

LEADS, SOURCES = 217, 8
UNKNOWN, REFUSED, HELD = 8, 12, 26  # 46 that need a person


def night(folder):
    """The stage after the night; which lead fares how is drawn by lot, the same each time."""
    clock = Clock()
    stage = Stage(Store(databases.new_file(folder), clock=clock), clock, folder / "run")
    for n in range(SOURCES):
        text = (MAIN, QUIZ)[n % 2].replace("\ntitle: ", f"\ntitle: {n} ")
        stage.put(f"form-{n}", text + 'policy: {hours: "00:00-24:00"}\n')
    fates = ["unknown"] * UNKNOWN + ["refused"] * REFUSED + ["held"] * HELD
    fates += ["called"] * (LEADS - len(fates))
    random.Random(18).shuffle(fates)
    stage.alive()
    for n, fate in enumerate(fates):
        clock.forward(150)
        source = n % SOURCES
        phone, name = ("Phone", "Name") if source % 2 == 0 else ("phone", "name")
        body = {"id": str(n), name: f"Человек {n}", phone: "" if fate == "held" else f"+7 916 {500 + n} 10 10"}
        stage.voice.outcomes = {"unknown": [LOST], "refused": [POOR]}.get(fate, [])
        stage.voice.otherwise = YES
        stage.take(body, source=f"form-{source}")
        stage.work()
    return stage


def test_everything_that_needs_a_person_is_decided_in_a_few_clicks(tmp_path, sign_in):
    stage = night(tmp_path)
    served = Served(stage, tmp_path / "sources")
    with stage.store.read() as tx:
        waiting = [stage.lead(row["id"]) for row in inbox.pending(tx)]
    assert len(waiting) == UNKNOWN + REFUSED + HELD
    clicks, began = 0, time.monotonic()
    with sign_in(served, "operator", language="ru") as page:
        with page.expect_navigation():
            page.click("nav[aria-label=Страницы] >> text=Решить")
        clicks += 1
        while page.locator("#open").count():
            state = page.inner_text("#open .chip").strip()
            if state == "Исход неясен":
                with page.expect_navigation():  # until it is read whole: half a page has no case that lies open
                    page.click("text=Звонок был: закрыть")
                clicks += 1
            else:
                page.click("#open summary:has-text('Не звонить')")
                with page.expect_navigation():
                    page.click("#open .panel[open] button:has-text('Не звонить')")
                clicks += 2
        assert "Решать нечего" in page.inner_text("main")
    seconds = time.monotonic() - began
    served.close()
    assert not [one for one in waiting if stage.lead(one.id).state in NEEDS_A_PERSON]
    print(f"{len(waiting)} leads decided in {clicks} clicks and {seconds:.1f} s")  # noqa: T201
    assert clicks <= len(waiting) / 2
