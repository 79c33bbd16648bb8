"""Takes the README's pictures of the console, of a day in one process: nobody is rung.

python -m docs.pictures           writes them into docs/pictures/
"""

import logging
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from store.engine import Store
from tests import databases
from tests.browser.conftest import CHROMIUM, opened
from tests.browser.scene import Served, fill
from tests.fakes import Clock, Stage

FOLDER = Path(__file__).parent / "pictures"
A_DAY = 190  # leads


def overview(page: Page, base: str) -> None:
    page.goto(f"{base}/console/")


def decide(page: Page, base: str) -> None:
    page.goto(f"{base}/console/decide")
    page.click("summary.rings")


def lab(page: Page, base: str) -> None:
    page.goto(f"{base}/console/decide?state=held")
    page.click(".case-link:has-text('Сайт, главная форма')")
    page.click("a.button.main-one >> nth=0")
    page.click("[data-leaf]:has-text('Ваш_номер')")
    page.click("[data-do=also]")
    page.wait_for_selector("[data-preview=call] .call")
    page.evaluate("document.activeElement.blur()")


def lead(page: Page, base: str) -> None:
    page.goto(f"{base}/console/decide")
    page.click(".picks .who a")


# name -> what is shown, by whom, language, size, theme
PICTURES = {
    "overview-ru": (overview, "Ирина", "ru", "desktop", "light"),
    "decide-en": (decide, "Olga", "en", "desktop", "light"),
    "lab-ru": (lab, "Анна", "ru", "desktop", "light"),
    "lead-ru-phone": (lead, "Юлия", "ru", "phone", "dark"),
}


def take(folder: Path) -> list[Path]:
    """Every picture, anew, with a browser of its own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        files = take_with(browser, folder)
        browser.close()
    return files


def take_with(browser: Browser, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as here:
        clock = Clock()
        store = Store(databases.new_file(Path(here)), clock=clock)
        stage = Stage(store, clock, Path(here) / "run")
        fill(stage, A_DAY)
        served = Served(stage, Path(here) / "sources")
        files = []
        for name, (show, who, language, size, theme) in PICTURES.items():
            with opened(browser, served, who, "owner", size=size, language=language, theme=theme) as page:
                show(page, served.base)
                files.append(folder / f"{name}.png")
                page.screenshot(path=str(files[-1]))
        served.close()
        store.dispose()
    return files


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    for file in take(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(file)  # noqa: T201
